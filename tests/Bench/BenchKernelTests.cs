extern alias bench;

using bench::SeLoRA.Bench;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The BenchmarkDotNet classes check their results before anything is timed.</summary>
[Collection("command line")]
public class BenchKernelTests
{
    [Fact]
    public void A_right_result_passes()
    {
        var benchmarks = new GroupNormBenchmarks { Shape = new GroupNormShapeCase("small", 20, 64) };
        benchmarks.Setup();
        benchmarks.Cleanup();
    }

    [Fact]
    public void A_wrong_result_is_an_error_that_names_it()
    {
        TextWriter before = Console.Error;
        using var errors = new StringWriter();
        Console.SetError(errors);
        try
        {
            string message = Assert.Throws<InvalidOperationException>(new Wrong { Shape = new GroupNormShapeCase("small", 1, 8) }.Setup).Message;
            Assert.StartsWith("GroupNorm small on cpu: y[", message);
            Assert.EndsWith("expected 100 (not timed)", message);
            Assert.Equal($"bench: {message}", errors.ToString().TrimEnd());
        }
        finally
        {
            Console.SetError(before);
        }
    }

    public sealed class Wrong : OpBenchmarks<GroupNormShapeCase>
    {
        private SeLoRA.Engine.Tensor y = null!;

        public override IEnumerable<GroupNormShapeCase> Shapes => [];

        protected override void Prepare() => y = Normal(1, Shape.C);

        protected override void Verify() => Expect("y", y, 1e-6, _ => 100);
    }
}
