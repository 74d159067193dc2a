using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Attention's tensor-core kernels, their PTX executed on the host, against attention in double precision: every head size and type, forward and
/// backward; and the emulation against kernels broken on purpose.
/// </summary>
public class TensorCoreAttentionEmulationPtxTests
{
    /// <summary>Largest head and type.</summary>
    public static TheoryData<string> Kernels => [.. TensorCoreAttentionCase.Kernels];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Attention_agrees_with_double_precision(string kernel)
    {
        int run = 0;
        foreach (TensorCoreAttentionCase test in TensorCoreAttentionCase.Of(kernel))
        {
            using var scope = new TensorScope();
            var problem = new TensorCoreAttentionProblem(test);
            var reference = new TensorCoreAttentionReference(problem);
            var emulation = new TensorCoreAttentionEmulation(problem, new PtxOrder((run & 1) != 0, (run & 2) != 0));
            (byte[] y, byte[] lse) = emulation.Forward();
            float[] stored = TensorCoreAttentionProblem.Inner(y, test.DType);
            reference.Check(stored, TensorCoreAttentionProblem.Inner(lse, DType.F32));
            (byte[] dq, byte[] dk, byte[] dv) = emulation.Backward(y, lse);
            reference.Check(stored, TensorCoreAttentionProblem.Inner(dq, test.DType), TensorCoreAttentionProblem.Inner(dk, test.DType),
                TensorCoreAttentionProblem.Inner(dv, test.DType));
            Assert.Equal(1, emulation.WorstBankUse);
            run++;
        }
    }
}
