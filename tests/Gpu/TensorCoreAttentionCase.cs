using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>One attention for the tensor-core kernels.</summary>
/// <param name="Sharpness">About the standard deviation of its scores.</param>
internal sealed record TensorCoreAttentionCase(DType DType, int N, int Lq, int Lk, int Heads, int D, bool Causal = false, float Sharpness = 2f)
{
    /// <summary>Values are uniform in [-1, 1): a product of D of them has a deviation of sqrt(D) / 3.</summary>
    public AttentionShape Shape => new(N, Lq, Lk, Heads, D, 3 * Sharpness / MathF.Sqrt(D), Causal);

    public override string ToString() => $"{DType} {N}x{Heads} heads of {D}, {Lq} queries, {Lk} keys{(Causal ? ", causal" : "")}, scores of {Sharpness}";

    /// <summary>A row of the table: largest head and type.</summary>
    public static IEnumerable<string> Kernels => TensorCoreAttentionTable.Rows.Select(row => $"{row.MaxD} {row.Type}");

    /// <summary>
    /// Self attention of 7x7, 8x8 and 14x14 pixels, a text's 77 keys, causal heads; tails in queries, keys and D, several images and heads, less
    /// than a block and many blocks of either side.
    /// </summary>
    public static IEnumerable<TensorCoreAttentionCase> Of(string kernel)
    {
        string[] words = kernel.Split(' ');
        (int d, DType dtype) = (int.Parse(words[0], CultureInfo.InvariantCulture), Enum.Parse<DType>(words[1]));
        yield return new(dtype, 1, 1, 1, 1, d);
        yield return new(dtype, 2, 49, 49, 2, d);
        yield return new(dtype, 1, 64, 64, 1, d, Sharpness: 30f);
        yield return new(dtype, 1, 196, 196, 1, d);
        yield return new(dtype, 1, 36, 77, 2, d);
        // Smaller heads of the same kernels: 24, 64 (a text encoder's) and 144.
        yield return new(dtype, 1, 77, 77, 2, d - 16, Causal: true);
        yield return new(dtype, 1, 131, 3, 1, d == 40 ? 8 : d - 32);
    }
}
