using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>One product for the tensor-core kernels: shape, layout, cut and epilogue.</summary>
/// <param name="Tile">The tile of C.</param>
/// <param name="DType">Of the operands.</param>
/// <param name="Layout">NT, NN or TN.</param>
internal sealed record TensorCoreCase(TensorCoreTile Tile, DType DType, string Layout, int M, int N, int K)
{
    /// <summary>Steps of a second pair of operands.</summary>
    public int Rank { get; init; }

    public int Batch { get; init; } = 1;

    public int Splits { get; init; } = 1;

    /// <summary>Elements beyond the lines of operands, factors and C; they hold NaN, or must stay as they were.</summary>
    public int Padding { get; init; }

    public float Alpha { get; init; } = 1f;

    public Activation Activation { get; init; }

    public bool Bias { get; init; }

    public bool Accumulate { get; init; }

    public DType? Residual { get; init; }

    /// <summary>C is of the operands' type.</summary>
    public bool Stores16 { get; init; }

    public override string ToString() => $"{Tile} {DType} {Layout} {M}x{N}x{K}" + (Rank > 0 ? $"+{Rank}" : "") + (Batch > 1 ? $" batch {Batch}" : "")
        + (Splits > 1 ? $" splits {Splits}" : "") + (Padding > 0 ? $" padded {Padding}" : "") + (Alpha != 1f ? $" alpha {Alpha}" : "") + (Bias ? " bias" : "")
        + (Accumulate ? " accumulate" : "") + (Activation != Activation.None ? $" {Activation}" : "") + (Residual is { } r ? $" residual {r}" : "")
        + (Stores16 ? " 16-bit result" : "");
}
