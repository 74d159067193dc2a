using System.Numerics;

namespace SeLoRA.Engine;

/// <summary>Products that are alike enough to be cut alike: sizes rounded up to powers of two.</summary>
/// <param name="Convolves">A is an image seen through windows.</param>
/// <param name="Log2M">Of the rows.</param>
/// <param name="Log2N">Of the columns.</param>
/// <param name="Log2K">Of what is summed over.</param>
internal readonly record struct TensorCoreShapeClass(bool Convolves, int Log2M, int Log2N, int Log2K)
{
    /// <summary>The class of a product; K of a convolution counts its taps.</summary>
    public static TensorCoreShapeClass Of(bool convolves, int m, int n, int k) => new(convolves, Log2Up(m), Log2Up(n), Log2Up(k));

    private static int Log2Up(int n) => n <= 1 ? 0 : BitOperations.Log2((uint)n - 1) + 1;
}

/// <summary>How a class was cut fastest.</summary>
internal readonly record struct TensorCoreTunedRow(TensorCoreShapeClass Class, TensorCoreTile Tile, int Splits);

/// <summary>
/// Cuts that were measured to be faster than the reckoned ones of <see cref="TensorCoreTable"/>. They hold on devices with as many
/// multiprocessors as the one that they were measured on: how many groups fill a device is what decides.
/// </summary>
internal static class TensorCoreTuned
{
    private static readonly Dictionary<TensorCoreShapeClass, TensorCoreTunedRow> ByClass = TensorCoreTunedRows.All.ToDictionary(row => row.Class);

    /// <summary>The cut of a class on a device, or null where the reckoned one stands.</summary>
    public static TensorCoreTunedRow? Find(TensorCoreShapeClass shape, int multiprocessors) =>
        multiprocessors == TensorCoreTunedRows.Multiprocessors && ByClass.TryGetValue(shape, out TensorCoreTunedRow row) ? row : null;
}
