using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Attention's kernels on the first OpenCL device, forward and all three gradients, against the host backend.</summary>
public class GpuAttentionTests
{
    /// <summary>n, lq, lk, heads, d, causal.</summary>
    public static TheoryData<int, int, int, int, int, bool> Shapes() => new()
    {
        { 1, 1, 1, 1, 1, false },
        { 2, 65, 3, 3, 5, false },
        { 2, 70, 70, 3, 16, false },
        { 1, 130, 77, 2, 40, false },
        { 1, 67, 67, 2, 80, true },
        { 1, 61, 77, 2, 160, false },
        { 1, 131, 131, 1, 160, true },
        { 1, 129, 129, 1, 24, true },
        { 1, 37, 37, 1, 512, false },
        { 2, 77, 77, 3, 64, true },
        { 1, 600, 77, 2, 8, false },
        { 1, 1030, 128, 1, 8, false },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attention_on_OpenCl_equals_host(int n, int lq, int lk, int heads, int d, bool causal)
    {
        Device device = OpenCl();
        var shape = new AttentionShape(n, lq, lk, heads, d, 1.3f / MathF.Sqrt(d), causal);
        Agree(device, shape, 1f);
    }

    /// <summary>Large scores: without the running maximum these exponentials overflow.</summary>
    [Theory]
    [InlineData(1f)]
    [InlineData(-1f)]
    public void Attention_on_OpenCl_stays_finite_with_large_scores(float sign) =>
        Agree(OpenCl(), new AttentionShape(1, 70, 200, 2, 20, sign * 4f, false), 6f);

    [Fact]
    public void AttentionBackward_on_OpenCl_gives_the_same_bits_again()
    {
        Device device = OpenCl();
        var shape = new AttentionShape(1, 600, 77, 2, 40, 0.16f, false);
        Assert.Equal(Run(device, shape, 1f).SelectMany(x => x), Run(device, shape, 1f).SelectMany(x => x));
    }

    private static Device OpenCl()
    {
        DeviceList list = DeviceDiscovery.List();
        foreach (FoundDevice found in list.Devices)
            if (found.Device.Kind == DeviceKind.OpenCl) return found.Device;
        string why = "no OpenCL device: " + string.Join("; ", list.Problems);
        Assert.True(Environment.GetEnvironmentVariable("SELORA_REQUIRE_OPENCL") != "1", why);
        Assert.Skip(why);
        return default;
    }

    private static void Agree(Device device, in AttentionShape s, float spread)
    {
        float[][] expected = Run(Device.Cpu, s, spread), got = Run(device, s, spread);
        // A score's error is relative to its terms' size; the exponential turns it into a relative error of P.
        double score = 1.2e-7 * (2 + Math.Sqrt(s.D)) * (1 + Math.Abs(s.Scale) * s.D * spread * spread);
        string[] names = ["y", "lse", "dq", "dk", "dv"];
        for (int t = 0; t < names.Length; t++)
        {
            double tolerance = (t < 2 ? 2 : 6) * score * Math.Max(0.1, expected[t].Max(MathF.Abs));
            for (int i = 0; i < got[t].Length; i++)
            {
                Assert.True(Math.Abs(got[t][i] - expected[t][i]) <= tolerance,
                    $"{names[t]}[{i}] is {got[t][i]}, the host has {expected[t][i]}, tolerance {tolerance:g3}");
            }
        }
    }

    /// <summary>y, lse, dq, dk, dv.</summary>
    private static float[][] Run(Device device, in AttentionShape s, float spread)
    {
        IBackend backend = Backend.Get(device);
        var ofQueries = new Shape(s.N, s.Lq, s.Heads * s.D);
        var ofKeys = new Shape(s.N, s.Lk, s.Heads * s.D);
        using Tensor q = Values(ofQueries, 1, spread, device), k = Values(ofKeys, 2, spread, device);
        using Tensor v = Values(ofKeys, 3, 1f, device), dy = Values(ofQueries, 4, 1f, device);
        using Tensor y = Unwritten(ofQueries, device), lse = Unwritten(new Shape(s.N, s.Heads, s.Lq), device);
        using Tensor dq = Unwritten(ofQueries, device), dk = Unwritten(ofKeys, device), dv = Unwritten(ofKeys, device);
        backend.Attention(q, k, v, y, lse, s);
        backend.AttentionBackward(q, k, v, y, lse, dy, dq, dk, dv, s);
        return [y.ToArray(), lse.ToArray(), dq.ToArray(), dk.ToArray(), dv.ToArray()];
    }

    private static Tensor Values(Shape shape, int seed, float spread, Device device) =>
        Tensor.From(Array.ConvertAll(GuardedTensor.Random((int)shape.Count, seed), x => x * spread), shape, device);

    // NaN, so that what a kernel leaves out is seen.
    private static Tensor Unwritten(Shape shape, Device device) => Tensor.Full(shape, float.NaN, device);
}
