using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>One convolution for the tensor-core kernels, or the gradient of its input.</summary>
/// <param name="Tile">The tile of C.</param>
/// <param name="DType">Of the operands.</param>
/// <param name="Backward">The gradient of the input.</param>
internal sealed record TensorCoreConvCase(TensorCoreTile Tile, DType DType, bool Backward, int N, int H, int W, int C, int O, int KH, int KW)
{
    public int Stride { get; init; } = 1;

    public Padding Padding { get; init; }

    public int Splits { get; init; } = 1;

    public bool Bias { get; init; }

    public DType? Residual { get; init; }

    /// <summary>The result is of the operands' type.</summary>
    public bool Stores16 { get; init; }

    public TensorCoreConv2d Conv => new(new Conv2dShape(N, H, W, C, O, KH, KW, Stride, Padding.Top, Padding.Left,
        (H + Padding.Top + Padding.Bottom - KH) / Stride + 1, (W + Padding.Left + Padding.Right - KW) / Stride + 1), Backward);

    public override string ToString() => $"{Tile} {DType} {(Backward ? "backward" : "forward")} {N}x{H}x{W}x{C} to {O}, {KH}x{KW} stride {Stride} {Padding}"
        + (Splits > 1 ? $" splits {Splits}" : "") + (Bias ? " bias" : "") + (Residual is { } r ? $" residual {r}" : "") + (Stores16 ? " 16-bit result" : "");

    /// <summary>Names of the kernels: tile, type and direction.</summary>
    public static IEnumerable<string> Kernels =>
        from row in TensorCoreTable.Rows
        from dtype in new[] { DType.BF16, DType.F16, DType.F32 }
        from direction in new[] { "forward", "backward" }
        select $"{row.Tile} {dtype} {direction}";

    /// <summary>Odd sizes, several images, padding that differs from side to side, pixels and channels around a tile's size.</summary>
    public static IEnumerable<TensorCoreConvCase> Of(string kernel)
    {
        string[] words = kernel.Split(' ');
        (TensorCoreTile tile, DType dtype) = (Enum.Parse<TensorCoreTile>(words[0]), Enum.Parse<DType>(words[1]));
        (int rows, int columns) = (TensorCoreTable.Of(tile).Rows, TensorCoreTable.Of(tile).Columns);
        return words[2] == "forward" ? Forward() : Gradient();

        IEnumerable<TensorCoreConvCase> Forward()
        {
            // Of all taps but one nothing is seen.
            yield return new(tile, dtype, false, 1, 1, 1, 8, 1, 3, 3) { Padding = Padding.All(1) };
            // Rows and columns are whole tiles, and a tap's channels whole slices.
            yield return new(tile, dtype, false, 1, rows / 8, 8, 64, columns, 3, 3) { Padding = Padding.All(1), Bias = true, Splits = 2 };
            yield return new(tile, dtype, false, 2, 7, 9, 40, columns + 5, 3, 3)
            {
                Padding = Padding.All(1), Bias = true, Residual = dtype, Stores16 = true,
            };
            // As the VAE's downsampling.
            yield return new(tile, dtype, false, 3, 10, 9, 24, columns - 4, 3, 3) { Stride = 2, Padding = new(0, 1, 0, 1), Bias = true, Splits = 3 };
            yield return new(tile, dtype, false, 1, 13, 11, 32, 16, 3, 3) { Stride = 2, Padding = Padding.All(1), Residual = DType.F32, Stores16 = true };
            yield return new(tile, dtype, false, 2, 6, 5, 16, 12, 5, 4) { Padding = new(1, 2, 0, 3), Residual = dtype };
            yield return new(tile, dtype, false, 2, 3, 20, 8, 8, 1, TensorCoreWindows.MaxTaps) { Padding = new(0, 0, 7, 9) };
            yield return new(tile, dtype, false, 1, 9, 7, 48, 20, 1, 1) { Stride = 2 };
        }

        IEnumerable<TensorCoreConvCase> Gradient()
        {
            yield return new(tile, dtype, true, 1, 1, 1, 8, 8, 3, 3) { Padding = Padding.All(1) };
            yield return new(tile, dtype, true, 1, rows / 8, 8, columns, 64, 3, 3) { Padding = Padding.All(1), Splits = 2 };
            yield return new(tile, dtype, true, 2, 7, 9, columns + 8, 40, 3, 3) { Padding = Padding.All(1), Stores16 = true };
            // Without padding most border pixels have few taps; with more than the kernel needs, dy is larger than dx.
            yield return new(tile, dtype, true, 3, 6, 11, 16, 24, 3, 3) { Splits = 3 };
            yield return new(tile, dtype, true, 2, 5, 4, 24, 32, 2, 3) { Padding = new(0, 1, 4, 3), Stores16 = true };
            yield return new(tile, dtype, true, 1, TensorCoreWindows.MaxTaps + 1, 3, 8, 16, TensorCoreWindows.MaxTaps, 1) { Padding = new(7, 2, 0, 0) };
        }
    }
}
