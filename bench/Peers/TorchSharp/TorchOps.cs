using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SeLoRA.Bench.TorchSharp;

/// <summary>One operation at one size.</summary>
/// <param name="Name">As the engine's benchmark class names it.</param>
/// <param name="Shape">The size.</param>
/// <param name="Prepare">Makes the inputs; gives the methods and what each runs.</param>
internal sealed record TorchOp(string Name, OpShape Shape, Func<IEnumerable<(string Method, Action Run)>> Prepare);

/// <summary>The engine's benchmarks, method by method, in libtorch's terms.</summary>
internal static class TorchOps
{
    public static IEnumerable<TorchOp> All(bool deep) =>
    [
        .. Op("Gemm", Sd15Shapes.Gemm, Sd15Shapes.GemmDeep, deep, Gemm),
        .. Op("Conv2d", Sd15Shapes.Conv2d, Sd15Shapes.Conv2dDeep, deep, Conv2d),
        .. Op("Attention", Sd15Shapes.Attention, Sd15Shapes.AttentionDeep, deep, Attention),
        .. Op("GroupNorm", Sd15Shapes.GroupNorm, Sd15Shapes.GroupNormDeep, deep, GroupNorm),
        .. Op("LayerNorm", Sd15Shapes.LayerNorm, Sd15Shapes.LayerNormDeep, deep, LayerNorm),
        .. Op("Elementwise", Sd15Shapes.Elementwise, Sd15Shapes.ElementwiseDeep, deep, Elementwise),
        .. Op("AdamW", Sd15Shapes.AdamW, Sd15Shapes.AdamWDeep, deep, AdamW),
    ];

    private static IEnumerable<TorchOp> Op<TShape>(string name, IReadOnlyList<TShape> common, IReadOnlyList<TShape> rare, bool deep,
        Func<TShape, IEnumerable<(string, Action)>> prepare) where TShape : OpShape =>
        (deep ? common.Concat(rare) : common).Select(shape => new TorchOp(name, shape, () => prepare(shape)));

    private static IEnumerable<(string, Action)> Gemm(GemmShapeCase s)
    {
        Tensor x = randn(s.M, s.K), w = randn(s.N, s.K), bias = randn(s.N), dy = randn(s.M, s.N);
        yield return ("Forward", () => functional.linear(x, w, bias).Dispose());
        yield return ("BackwardData", () => dy.mm(w).Dispose());
    }

    private static IEnumerable<(string, Action)> Conv2d(Conv2dShapeCase s)
    {
        Tensor x = randn(1, s.C, s.H, s.W), w = randn(s.O, s.C, s.Kernel, s.Kernel), bias = randn(s.O);
        long pad = s.Kernel / 2;
        Tensor Forward(Tensor input) => functional.conv2d(input, w, bias, strides: [s.Stride, s.Stride], padding: [pad, pad]);
        yield return ("Forward", NoGrad(() => Forward(x)));
        yield return ("BackwardData", Gradient(Forward, x));
    }

    private static IEnumerable<(string, Action)> Attention(AttentionShapeCase s)
    {
        Tensor q = randn(1, s.Heads, s.Lq, s.D), k = randn(1, s.Heads, s.Lk, s.D), v = randn(1, s.Heads, s.Lk, s.D);
        Tensor Forward(Tensor queries, Tensor keys, Tensor values) =>
            functional.scaled_dot_product_attention(queries, keys, values, is_casual: s.Causal);
        yield return ("Forward", NoGrad(() => Forward(q, k, v)));
        yield return ("Backward", Gradient(t => Forward(t[0], t[1], t[2]), [q, k, v]));
    }

    private static IEnumerable<(string, Action)> GroupNorm(GroupNormShapeCase s)
    {
        Tensor x = randn(1, s.C, s.P), w = randn(s.C), b = randn(s.C);
        Tensor Forward(Tensor input) => functional.silu(functional.group_norm(input, 32, w, b, 1e-5));
        yield return ("Forward", NoGrad(() => Forward(x)));
        yield return ("Backward", Gradient(Forward, x));
    }

    private static IEnumerable<(string, Action)> LayerNorm(LayerNormShapeCase s)
    {
        Tensor x = randn(s.Rows, s.C), w = randn(s.C), b = randn(s.C);
        Tensor Forward(Tensor input) => functional.layer_norm(input, [s.C], w, b, 1e-5);
        yield return ("Forward", NoGrad(() => Forward(x)));
        yield return ("Backward", Gradient(Forward, x));
    }

    private static IEnumerable<(string, Action)> Elementwise(ElementwiseShapeCase s)
    {
        Tensor a = randn(s.Rows, s.C), b = randn(s.Rows, s.C), gated = randn(s.Rows, 2 * s.C);
        static Tensor Geglu(Tensor x)
        {
            Tensor[] halves = x.chunk(2, -1);
            return halves[0] * functional.gelu(halves[1]);
        }
        yield return ("Add", NoGrad(() => a.add(b)));
        yield return ("Silu", NoGrad(() => functional.silu(a)));
        yield return ("SiluBackward", Gradient(x => functional.silu(x), a));
        yield return ("Geglu", NoGrad(() => Geglu(gated)));
        yield return ("GegluBackward", Gradient(Geglu, gated));
    }

    private static IEnumerable<(string, Action)> AdamW(AdamWShapeCase s)
    {
        var p = new global::TorchSharp.Modules.Parameter(randn(s.Count));
        p.grad = randn(s.Count);
        var optimizer = optim.AdamW([p], lr: 1e-4);
        yield return ("Step", () => optimizer.step());
    }

    private static Action NoGrad(Func<Tensor> run) => () =>
    {
        using IDisposable off = no_grad();
        using var scope = NewDisposeScope();
        run();
    };

    private static Action Gradient(Func<Tensor, Tensor> forward, Tensor x) => Gradient(t => forward(t[0]), [x]);

    /// <summary>The backward pass alone, over a graph that is recorded once and kept.</summary>
    private static Action Gradient(Func<Tensor[], Tensor> forward, Tensor[] inputs)
    {
        foreach (Tensor input in inputs) input.requires_grad_(true);
        Tensor y = forward(inputs), dy = randn_like(y);
        return () =>
        {
            using var scope = NewDisposeScope();
            autograd.grad([y], inputs, [dy], retain_graph: true);
        };
    }
}
