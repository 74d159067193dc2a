using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Matrix products, convolutions, attention.</summary>
internal static class ProductCases
{
    // The window of conv cases that ask for it: one pixel more at the bottom and right, as the VAE's downsampling pads.
    private static readonly Padding BottomRight = new(0, 1, 0, 1);

    public static IReadOnlyList<OpCase> Rows { get; } =
    [
        new("matmul", "MatMul", i => Ops.MatMul(i[0], i[1]), [7, 13], [13, 9]),
        new("matmul.batched", "MatMul", i => Ops.MatMul(i[0], i[1], alpha: 0.7f), [3, 7, 13], [3, 13, 9]),
        new("matmul.transposed_a", "MatMul", i => Ops.MatMul(i[0], i[1], transA: true), [3, 13, 7], [3, 13, 9]),
        new("matmul.transposed_b", "MatMul", i => Ops.MatMul(i[0], i[1], transB: true), [3, 7, 13], [3, 9, 13]),
        new("matmul.transposed_both", "MatMul", i => Ops.MatMul(i[0], i[1], true, true), [3, 13, 7], [3, 9, 13]),
        new("matmul.shared_b", "MatMul", i => Ops.MatMul(i[0], i[1]), [3, 7, 13], [13, 9]),
        new("matmul.shared_b_transposed", "MatMul", i => Ops.MatMul(i[0], i[1], transB: true), [3, 7, 13], [9, 13]),
        new("matmul.transposed_a_shared_b", "MatMul", i => Ops.MatMul(i[0], i[1], transA: true), [3, 13, 7], [13, 9]),
        new("matmul.transposed_both_shared_b", "MatMul", i => Ops.MatMul(i[0], i[1], true, true), [3, 13, 7], [9, 13]),
        new("matmul.one_row", "MatMul", i => Ops.MatMul(i[0], i[1]), [1, 129], [129, 65]),
        new("matmul.one_column", "MatMul", i => Ops.MatMul(i[0], i[1]), [65, 129], [129, 1]),
        new("matmul.unet.down0", "MatMul", i => Ops.MatMul(i[0], i[1]), [1024, 320], [320, 1280]) { Realistic = true },

        new("linear", "Linear", i => Ops.Linear(i[0], i[1], i[2]), [3, 7, 37], [53, 37], [53]),
        new("linear.no_bias", "Linear", i => Ops.Linear(i[0], i[1]), [3, 7, 37], [53, 37]),
        new("linear.residual", "Linear", i => Ops.Linear(i[0], i[1], i[2], i[3]), [5, 17], [19, 17], [19], [5, 19]),
        new("linear.silu", "Linear", i => Ops.Linear(i[0], i[1], i[2], activation: Activation.Silu), [5, 17], [19, 17], [19]),
        new("linear.gelu_residual", "Linear", i => Ops.Linear(i[0], i[1], i[2], i[3], Activation.Gelu), [5, 17], [19, 17], [19], [5, 19]),
        new("linear.quick_gelu", "Linear", i => Ops.Linear(i[0], i[1], i[2], activation: Activation.QuickGelu), [5, 17], [19, 17], [19]),
        new("linear.clip.fc1", "Linear", i => Ops.Linear(i[0], i[1], i[2]), [2, 77, 768], [3072, 768], [3072]) { Realistic = true },

        new("adapted_linear", "AdaptedLinear", i => Ops.AdaptedLinear(i[0], i[1], i[2], i[3], i[4], 3, 0.5f),
            [2, 7, 23], [19, 23], [19], [3, 23], [19, 3]),
        new("adapted_linear.residual", "AdaptedLinear", i => Ops.AdaptedLinear(i[0], i[1], i[2], i[3], i[4], 4, 2f, i[5]),
            [2, 35, 70], [9, 70], [9], [4, 70], [9, 4], [2, 35, 9]),
        new("adapted_linear.no_bias", "AdaptedLinear", i => Ops.AdaptedLinear(i[0], i[1], null, i[2], i[3], 1, 1f),
            [2, 7, 23], [19, 23], [1, 23], [19, 1]),
        new("adapted_linear.rank_9_of_16", "AdaptedLinear", i => Ops.AdaptedLinear(i[0], i[1], i[2], i[3], i[4], 9, 0.5f),
            [2, 70, 24], [20, 24], [20], [16, 24], [20, 16]),
        new("adapted_linear.unet.down0", "AdaptedLinear", i => Ops.AdaptedLinear(i[0], i[1], i[2], i[3], i[4], 16, 1f),
            [2, 784, 320], [320, 320], [320], [16, 320], [320, 16]) { Realistic = true },

        new("conv2d.3x3", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2], 1, Padding.All(1)), [2, 9, 11, 5], [7, 3, 3, 5], [7]),
        new("conv2d.3x3_no_bias", "Conv2d", i => Ops.Conv2d(i[0], i[1], null, 1, Padding.All(1)), [1, 5, 4, 3], [6, 3, 3, 3]),
        new("conv2d.3x3_residual", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2], 1, Padding.All(1), i[3]),
            [2, 5, 6, 5], [7, 3, 3, 5], [7], [2, 5, 6, 7]),
        new("conv2d.3x3_stride_2", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2], 2, Padding.All(1)), [2, 9, 10, 5], [7, 3, 3, 5], [7]),
        new("conv2d.3x3_stride_2_asymmetric", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2], 2, BottomRight), [2, 8, 9, 5], [7, 3, 3, 5], [7]),
        new("conv2d.1x1", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2]), [2, 5, 6, 5], [7, 1, 1, 5], [7]),
        new("conv2d.1x1_stride_2", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2], 2), [2, 5, 6, 5], [7, 1, 1, 5], [7]),
        new("conv2d.patches", "Conv2d", i => Ops.Conv2d(i[0], i[1], null, 4), [2, 8, 12, 3], [5, 4, 4, 3]),
        new("conv2d.5x1", "Conv2d", i => Ops.Conv2d(i[0], i[1], null, 1, new Padding(2, 2, 0, 0)), [1, 7, 5, 4], [3, 5, 1, 4]),
        new("conv2d.33_channels", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2], 1, Padding.All(1)), [1, 6, 5, 33], [35, 3, 3, 33], [35]),
        new("conv2d.3x3_many_tiles", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2], 1, Padding.All(1), i[3]),
            [2, 7, 5, 17], [19, 3, 3, 17], [19], [2, 7, 5, 19]),
        new("conv2d.unet.down0.res", "Conv2d", i => Ops.Conv2d(i[0], i[1], i[2], 1, Padding.All(1)), [1, 32, 32, 320], [320, 3, 3, 320], [320])
            { Realistic = true },

        new("attention.self", "Attention", i => Ops.Attention(i[0], i[1], i[2], 3), [2, 17, 24], [2, 17, 24], [2, 17, 24]),
        new("attention.cross", "Attention", i => Ops.Attention(i[0], i[1], i[2], 2), [2, 19, 20], [2, 7, 20], [2, 7, 20]),
        new("attention.causal", "Attention", i => Ops.Attention(i[0], i[1], i[2], 2, causal: true), [2, 13, 32], [2, 13, 32], [2, 13, 32]),
        new("attention.scale", "Attention", i => Ops.Attention(i[0], i[1], i[2], 1, scale: 0.9f), [1, 5, 7], [1, 9, 7], [1, 9, 7]),
        new("attention.d160", "Attention", i => Ops.Attention(i[0], i[1], i[2], 1), [1, 6, 160], [1, 9, 160], [1, 9, 160]),
        new("attention.several_blocks", "Attention", i => Ops.Attention(i[0], i[1], i[2], 2), [1, 131, 80], [1, 141, 80], [1, 141, 80]),
        new("attention.several_blocks_causal", "Attention", i => Ops.Attention(i[0], i[1], i[2], 1, causal: true),
            [1, 133, 40], [1, 133, 40], [1, 133, 40]),
        new("attention.unet.down0.self", "Attention", i => Ops.Attention(i[0], i[1], i[2], 8), [1, 784, 320], [1, 784, 320], [1, 784, 320])
            { Realistic = true },
        new("attention.unet.down0.cross", "Attention", i => Ops.Attention(i[0], i[1], i[2], 8), [2, 784, 320], [2, 77, 320], [2, 77, 320])
            { Realistic = true },
    ];
}
