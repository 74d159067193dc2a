using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Every operation with every one of its inputs disposed.</summary>
[Collection(nameof(StepMemoryTests))]
public class DisposedInputTests : IClassFixture<DisposedInputTests.Begin>
{
    public static TheoryData<string> Rows => [.. OpCases.All.Where(c => !c.Realistic).Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_operation_refuses_a_disposed_input_and_keeps_no_memory(string row)
    {
        OpCase c = OpCases.Get(row);
        long before = Backend.Get(Device.Cpu).Memory.InUse;
        for (int i = 0; i < c.Inputs.Length; i++)
        {
            using var scope = new TensorScope();
            Tensor[] inputs = c.Build(Device.Cpu);
            foreach (Tensor x in inputs) x.RequiresGrad = true;
            inputs[i].Dispose();
            Assert.Equal(DisposalTests.Used, Assert.Throws<EngineException>(() => c.Function(inputs)).Message);
        }
        c.Evaluate(Device.Cpu);
        Assert.Equal(before, Backend.Get(Device.Cpu).Memory.InUse);
    }

    /// <summary>Memory settles once for all rows, which drop nothing themselves.</summary>
    public sealed class Begin
    {
        public Begin() => SettledMemory.Of(Device.Cpu);
    }
}
