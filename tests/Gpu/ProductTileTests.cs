using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The portable kernels' tiles: which one serves must not show in a result.</summary>
public class ProductTileTests
{
    // Enough 128x128 tiles for the large kernel on a GPU of 132 multiprocessors, and an edge; no multiple of the 16 values of k between two barriers.
    private const int Side = 17 * 128 - 5, K = 70, Part = 96;

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Large_and_small_tiles_give_the_same_bits(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using var scope = new TensorScope();
        Tensor a = Tensor.Normal(new Shape(Side, K), 1, 0, device), b = Tensor.Normal(new Shape(Side, K), 2, 0, device);
        float[] whole = Product(a, b);
        foreach (int row in (int[])[0, 1000, Side - Part])
        {
            // Too few rows for a large tile.
            float[] part = Product(a.Narrow(row, Part), b);
            Assert.True(whole.AsSpan(row * Side, Part * Side).SequenceEqual(part), $"rows from {row} differ");
        }
    }

    private static float[] Product(Tensor a, Tensor b)
    {
        Tensor c = Tensor.Empty(new Shape(a.Shape[0], Side), a.Device);
        a.Backend.Gemm(a, b, c, new GemmShape(a.Shape[0], Side, K, TransB: true), new GemmEpilogue());
        return c.ToArray();
    }
}
