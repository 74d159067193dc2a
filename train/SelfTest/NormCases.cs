using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Normalisation, softmax, reductions, losses.</summary>
internal static class NormCases
{
    private static OpCase Group(string name, int groups, bool silu, params int[] dims) => new(name, "GroupNorm",
        i => Ops.GroupNorm(i[0], i[1], i[2], groups, 1e-5f, silu), [.. dims], [dims[^1]], [dims[^1]]);

    public static IReadOnlyList<OpCase> Rows { get; } =
    [
        Group("group_norm", 4, false, 2, 3, 5, 12),
        Group("group_norm.silu", 3, true, 2, 3, 5, 15),
        Group("group_norm.one_group", 1, true, 2, 9, 7),
        Group("group_norm.one_channel_each", 6, false, 2, 9, 6),
        Group("group_norm.many_pixels", 2, true, 1, 300, 10),
        Group("group_norm.wide", 32, true, 1, 6, 320),
        Group("group_norm.octets", 2, true, 2, 9, 16),
        Group("group_norm.slab_of_two", 4, false, 2, 5, 48),
        Group("group_norm.slab_of_four", 4, true, 1, 61, 40),
        Group("group_norm.unet.down0", 32, true, 2, 64, 64, 320) with { Realistic = true },

        new("layer_norm", "LayerNorm", i => Ops.LayerNorm(i[0], i[1], i[2], 1e-5f), [3, 7, 53], [53], [53]),
        new("layer_norm.two_channels", "LayerNorm", i => Ops.LayerNorm(i[0], i[1], i[2], 1f), [9, 2], [2], [2]),
        new("layer_norm.many_rows", "LayerNorm", i => Ops.LayerNorm(i[0], i[1], i[2], 1e-5f), [300, 9], [9], [9]),
        new("layer_norm.octets", "LayerNorm", i => Ops.LayerNorm(i[0], i[1], i[2], 1e-5f), [9, 264], [264], [264]),
        new("layer_norm.unet.down0", "LayerNorm", i => Ops.LayerNorm(i[0], i[1], i[2], 1e-5f), [2, 1024, 320], [320], [320]) { Realistic = true },

        new("softmax", "Softmax", i => Ops.Softmax(i[0]), [3, 5, 77]),
        new("softmax.octets", "Softmax", i => Ops.Softmax(i[0]), [9, 264]),
        new("softmax.short", "Softmax", i => Ops.Softmax(i[0]), [9, 3]),
        new("softmax.long", "Softmax", i => Ops.Softmax(i[0]), [2, 1031]),

        new("sum", "Sum", i => Ops.Sum(i[0]), [7, 11, 13]),
        new("sum.first_axis", "Sum", i => Ops.Sum(i[0], 0), [7, 11, 13]),
        new("sum.middle_axis", "Sum", i => Ops.Sum(i[0], 1), [7, 11, 13]),
        new("sum.last_axis", "Sum", i => Ops.Sum(i[0], -1), [7, 11, 13]),
        new("mean", "Mean", i => Ops.Mean(i[0]), [7, 11, 13]),
        new("mean.middle_axis", "Mean", i => Ops.Mean(i[0], 1), [7, 11, 13]),
        new("mean.last_axis", "Mean", i => Ops.Mean(i[0], -1), [7, 131]),
        new("mean.octets", "Mean", i => Ops.Mean(i[0], -1), [9, 264]),
        new("sum_squares", "SumSquares", i => Ops.SumSquares(i[0]), [7, 11, 13]),
        new("sum.long", "Sum", i => Ops.Sum(i[0]), new CaseInput(new Shape(1_000_003), Shift: 0.1f)) { Realistic = true },
        new("sum.bias", "Sum", i => Ops.Sum(i[0], 0), [8192, 320]) { Realistic = true },
        new("mse_loss", "MseLoss", i => Ops.MseLoss(i[0], i[1]), [3, 5, 7, 11], [3, 5, 7, 11]),
    ];
}
