using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>
/// How far U-Net and text encoder of full size may lie from the float32 references while they compute in 16 bits, as relative L2 distance:
/// multiples of what the portable kernels measured on PoCL, U-Net with gradients at 28x28 latents and without at 64x64. That it was rounding
/// shows in float16's distances, which were an eighth of bfloat16's, as their roundoffs are. Twice that, because tensor-core kernels round the
/// weights of attention too and add in another order; four times where rounding cancels by chance, in sums and norms. A wrong
/// scale or a missing term moves results by tenths.
/// </summary>
internal static class NarrowTolerance
{
    /// <summary>The tolerance of a kind of value.</summary>
    public static double Of(DType type, string kind)
    {
        bool bfloat16 = type == DType.BF16;
        return kind switch
        {
            "out" => 2 * (bfloat16 ? 1.53e-2 : 1.92e-3),
            "act" => 2 * (bfloat16 ? 2.01e-2 : 2.42e-3),
            "grad" => 2 * (bfloat16 ? 3.15e-2 : 3.86e-3),
            "loss" => 4 * (bfloat16 ? 6.57e-3 : 5.85e-4),
            "stats" => 4 * (bfloat16 ? 1.5e-3 : 1.68e-4),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of value"),
        };
    }
}
