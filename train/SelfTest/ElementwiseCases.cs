using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Activations and arithmetic.</summary>
internal static class ElementwiseCases
{
    /// <summary>x^3: an element-wise function from outside the engine.</summary>
    private readonly struct CubeOp : IUnaryOp
    {
        public static T Value<T>(T x) where T : struct, ILane<T> => x * x * x;

        public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => T.Of(3f) * x * x * dy;
    }

    public static IReadOnlyList<OpCase> Rows { get; } =
    [
        new("silu", "Silu", i => Ops.Silu(i[0]), [5, 131]),
        new("silu.large_values", "Silu", i => Ops.Silu(i[0]), new CaseInput(new Shape(7, 19), Scale: 20f)),
        new("silu.unet.down0", "Silu", i => Ops.Silu(i[0]), [2, 64, 64, 320]) { Realistic = true },
        new("gelu", "Gelu", i => Ops.Gelu(i[0]), [5, 131]),
        new("quick_gelu", "QuickGelu", i => Ops.QuickGelu(i[0]), [5, 131]),
        new("relu", "Relu", i => Ops.Relu(i[0]), new CaseInput(new Shape(5, 131), Fill.AwayFromZero)),
        new("exp", "Exp", i => Ops.Exp(i[0]), [3, 37]),
        new("sqrt", "Sqrt", i => Ops.Sqrt(i[0]), new CaseInput(new Shape(3, 37), Fill.Positive)),
        new("unary.custom", "Unary", i => Ops.Unary<CubeOp>("Cube", i[0]), [3, 37]),
        new("geglu", "Geglu", i => Ops.Geglu(i[0]), [2, 7, 38]),
        new("geglu.unet.down0", "Geglu", i => Ops.Geglu(i[0]), [1, 1024, 2560]) { Realistic = true },
        new("scale", "Scale", i => Ops.Scale(i[0], -1.7f), [3, 37]),
        new("scale.operator", "Scale", i => i[0] * 0.3f, [3, 37]),

        new("add", "Add", i => Ops.Add(i[0], i[1]), [3, 5, 7], [3, 5, 7]),
        new("add.twice_the_same", "Add", i => i[0] + i[0], [3, 5]),
        new("add.vector", "Add", i => Ops.Add(i[0], i[1]), [3, 5, 33], [33]),
        new("add.sample_channel", "Add", i => Ops.Add(i[0], i[1]), [2, 3, 5, 34], [2, 1, 1, 34]),
        new("add.sample", "Add", i => Ops.Add(i[0], i[1]), [3, 5, 7, 2], [3, 1, 1, 1]),
        new("add.scalar", "Add", i => Ops.Add(i[0], i[1]), [3, 5, 7], new CaseInput(new Shape())),
        new("sub", "Sub", i => Ops.Sub(i[0], i[1]), [3, 35], [3, 35]),
        new("sub.vector", "Sub", i => i[0] - i[1], [4, 9, 5], [5]),
        new("mul", "Mul", i => Ops.Mul(i[0], i[1]), [3, 35], [3, 35]),
        new("mul.square", "Mul", i => i[0] * i[0], [3, 35]),
        new("mul.sample_channel", "Mul", i => Ops.Mul(i[0], i[1]), [2, 3, 5, 34], [2, 1, 1, 34]),
        new("mul.scalar", "Mul", i => Ops.Mul(i[0], i[1]), [3, 5, 7], new CaseInput(new Shape())),
        new("div", "Div", i => Ops.Div(i[0], i[1]), [3, 35], new CaseInput(new Shape(3, 35), Fill.Positive)),
        new("div.vector", "Div", i => i[0] / i[1], [4, 9, 5], new CaseInput(new Shape(5), Fill.Positive)),
        new("add.unet.down0", "Add", i => Ops.Add(i[0], i[1]), [2, 64, 64, 320], [2, 1, 1, 320]) { Realistic = true },
    ];
}
