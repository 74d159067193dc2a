using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Indices, pixels, joins, types, random numbers, the optimiser step.</summary>
internal static class ShapeCases
{
    private static readonly int[] Ids = [3, 0, 7, 3, 3, 12, 7, 1, 0, 5];
    private static readonly float[] Timesteps = [0f, 1f, 17.5f, 500f, 999f];

    public static IReadOnlyList<OpCase> Rows { get; } =
    [
        new("concat", "Concat", i => Ops.Concat(i[0], i[1]), [2, 3, 5], [2, 3, 7]),
        new("concat.one_twice", "Concat", i => Ops.Concat(i[0], i[0]), [4, 9]),
        new("concat.unet.up3", "Concat", i => Ops.Concat(i[0], i[1]), [2, 32, 32, 640], [2, 32, 32, 320]) { Realistic = true },
        new("slice", "Slice", i => Ops.Slice(i[0], 2, 5), [3, 4, 11]),
        new("slice.both_halves", "Slice", i => Ops.Slice(i[0], 0, 3) * Ops.Slice(i[0], 3, 3), [5, 6]),
        new("reshape", "Reshape", i => Ops.Silu(i[0].Reshape(6, 10)), [3, 4, 5]),
        new("narrow", "Narrow", i => Ops.Silu(i[0].Narrow(1, 3)), [5, 3, 7]),
        new("narrow.of_narrow", "Narrow", i => Ops.Linear(i[0].Narrow(1, 5).Narrow(2, 2), i[1]), [7, 9], [4, 9]),

        new("embedding", "Embedding", i => Ops.Embedding(i[0], Ids, new Shape(2, 5)), [13, 23]),
        new("embedding.clip", "Embedding", i => Ops.Embedding(i[0], Ids, new Shape(10)), [4940, 768]) { Realistic = true },
        new("timestep_embedding", "TimestepEmbedding", i => Ops.TimestepEmbedding(Timesteps, 320, i[0].Device), [1])
            { Smooth = false, AgreementTolerance = 0 },

        new("upsample.twice", "UpsampleNearest", i => Ops.UpsampleNearest(i[0], 6, 10), [2, 3, 5, 4]),
        new("upsample.to_size", "UpsampleNearest", i => Ops.UpsampleNearest(i[0], 7, 9), [1, 4, 5, 3]),
        new("upsample.down", "UpsampleNearest", i => Ops.UpsampleNearest(i[0], 3, 4), [1, 7, 5, 3]),
        new("upsample.unet.up1", "UpsampleNearest", i => Ops.UpsampleNearest(i[0], 32, 32), [2, 16, 16, 640]) { Realistic = true },

        new("max_pool.3x3_stride_2", "MaxPool2d", i => Ops.MaxPool2d(i[0], 3, 2), new CaseInput(new Shape(2, 7, 6, 4), Fill.Distinct, 10f))
            { GradientStep = 1e-4 },
        new("max_pool.3x3_padded", "MaxPool2d", i => Ops.MaxPool2d(i[0], 3, 1, 1), new CaseInput(new Shape(1, 5, 6, 5), Fill.Distinct, 10f))
            { GradientStep = 1e-4 },
        new("avg_pool.3x3_padded", "AvgPool2d", i => Ops.AvgPool2d(i[0], 3, 1, 1), [2, 5, 6, 5]),
        new("avg_pool.2x2", "AvgPool2d", i => Ops.AvgPool2d(i[0], 2, 2), [1, 6, 9, 3]),

        // Rounding has no derivative that differences could see; devices must round alike.
        new("cast.bf16", "Cast", i => Ops.Cast(Ops.Cast(i[0], DType.BF16), DType.F32), [7, 131]) { Smooth = false, AgreementTolerance = 0 },
        new("cast.f16", "Cast", i => Ops.Cast(Ops.Cast(i[0], DType.F16), DType.F32), [7, 131]) { Smooth = false, AgreementTolerance = 0 },
        new("uniform", "Uniform", i => Tensor.Uniform(new Shape(1001), 7, 3, i[0].Device), [1]) { Smooth = false, AgreementTolerance = 0 },
        new("normal", "Normal", i => Tensor.Normal(new Shape(1001), 7, 3, i[0].Device), [1]) { Smooth = false },

        new("adamw_step", "AdamWStep", i =>
            {
                using IDisposable noGrad = Autograd.NoGrad();
                Tensor v = Ops.Mul(i[3], i[3]);
                Ops.AdamWStep(i[0], i[1], i[2], v, step: 3, lr: 0.01f, weightDecay: 0.1f);
                return Ops.Concat(Ops.Concat(i[0], i[2]), v);
            }, [7, 131], [7, 131], [7, 131], [7, 131]) { Smooth = false },
    ];
}
