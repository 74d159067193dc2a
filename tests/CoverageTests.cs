using System.Reflection;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>No operation without a row: a row is what checks its gradient and its agreement on every device.</summary>
public class CoverageTests
{
    [Fact]
    public void Every_public_operation_has_a_row()
    {
        var covered = OpCases.All.Select(c => c.Op).ToHashSet();
        IEnumerable<string> operations = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Where(m => m.ReturnType == typeof(Tensor) || m.ReturnType == typeof(void))
            .Select(m => m.Name)
            .Concat([nameof(Tensor.Reshape), nameof(Tensor.Narrow), nameof(Tensor.Uniform), nameof(Tensor.Normal)])
            .Distinct();
        string[] missing = [.. operations.Where(name => !covered.Contains(name))];
        Assert.True(missing.Length == 0, $"operations without a row in train/SelfTest: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Every_row_names_an_operation_and_has_a_name_of_its_own()
    {
        HashSet<string> known = [.. typeof(Ops).GetMethods().Concat(typeof(Tensor).GetMethods()).Select(m => m.Name)];
        Assert.All(OpCases.All, c => Assert.Contains(c.Op, known));
        Assert.Equal(OpCases.All.Count, OpCases.All.Select(c => c.Name).Distinct().Count());
    }

    [Fact]
    public void Rows_are_built_the_same_each_time_and_differ_between_inputs()
    {
        using var scope = new TensorScope();
        OpCase row = OpCases.Get("add");
        Tensor[] a = row.Build(Device.Cpu), b = row.Build(Device.Cpu);
        Assert.Equal(a[0].ToArray(), b[0].ToArray());
        Assert.NotEqual(a[0].ToArray(), a[1].ToArray());
    }
}
