using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>An operator at one shape, named and sized as the PyTorch script names and sizes it.</summary>
/// <param name="Name">Operator.</param>
/// <param name="Text">Its shape, in the script's words and order of axes.</param>
/// <param name="Inputs">Shapes in the engine's layout: activations first, weights after.</param>
/// <param name="Run">The operator.</param>
/// <param name="Flops">Of the forward pass; 0 where bytes are the measure.</param>
/// <param name="Activations">How many inputs are activations.</param>
/// <param name="UsedBy">Where Stable Diffusion needs it.</param>
internal sealed record MicroOp(string Name, string Text, Shape[] Inputs, Func<Tensor[], Tensor> Run, long Flops = 0, int Activations = 1,
    string UsedBy = "");

/// <summary>The operators of Stable Diffusion 1.5 at the latents of 224, 384 and 512 pixels.</summary>
internal static class MicroOps
{
    private static readonly int[] Latents = [28, 48, 64], Batches = [1, 8];

    /// <summary>All of them, in the script's order.</summary>
    public static IEnumerable<MicroOp> All() => [.. Gemms(), .. Pixels(), .. Tokens()];

    private static IEnumerable<(int Channels, int Side)> Levels(int latent) =>
        [(320, latent), (640, latent / 2), (1280, latent / 4), (1280, (latent + 7) / 8)];

    private static IEnumerable<MicroOp> Gemms()
    {
        foreach (int latent in Latents)
            foreach (int batch in Batches)
                foreach ((int c, int side) in Levels(latent))
                {
                    int tokens = batch * side * side;
                    string where = $"latent {latent}, batch {batch}, {side}x{side}";
                    yield return Gemm(tokens, c, c, $"attention q k v out; {where}");
                    yield return Gemm(tokens, c, 8 * c, $"feed-forward in; {where}");
                    yield return Gemm(tokens, 4 * c, c, $"feed-forward out; {where}");
                    yield return Gemm(tokens, c, 4, $"adapter of rank 4, A; {where}");
                    yield return Gemm(tokens, 4, c, $"adapter of rank 4, B; {where}");
                }
        foreach (int batch in Batches)
            foreach (int c in (int[])[320, 640, 1280]) yield return Gemm(77 * batch, 768, c, $"cross-attention k v; batch {batch}");
    }

    private static IEnumerable<MicroOp> Pixels()
    {
        foreach (int latent in (int[])[28, 64])
            foreach (int batch in Batches)
                foreach ((int c, int side) in Levels(latent).Take(3))
                {
                    var image = new Shape(batch, side, side, c);
                    string text = $"{batch}x{c}x{side}x{side}";
                    yield return new MicroOp("conv3x3", $"{c}->{c} @{side}x{side} batch={batch}", [image, new Shape(c, 3, 3, c)],
                        i => Ops.Conv2d(i[0], i[1], padding: Padding.All(1)), 2L * batch * side * side * c * c * 9);
                    yield return new MicroOp("group_norm", text, [image, new Shape(c), new Shape(c)], i => Ops.GroupNorm(i[0], i[1], i[2], 32, 1e-5f));
                    yield return new MicroOp("silu", text, [image], i => Ops.Silu(i[0]));
                }
    }

    private static IEnumerable<MicroOp> Tokens()
    {
        foreach (int latent in Latents)
            foreach (int batch in Batches)
                foreach ((int c, int side) in Levels(latent).Take(3))
                {
                    int tokens = side * side;
                    yield return Attention("self_attention", batch, tokens, tokens, c);
                    yield return Attention("cross_attention", batch, tokens, 77, c);
                    if (latent == 48) continue;
                    yield return new MicroOp("layer_norm", $"{batch * tokens}x{c}", [new Shape(batch * tokens, c), new Shape(c), new Shape(c)],
                        i => Ops.LayerNorm(i[0], i[1], i[2], 1e-5f));
                    yield return new MicroOp("geglu", $"{batch * tokens}x{8 * c}", [new Shape(batch * tokens, 8 * c)], i => Ops.Geglu(i[0]));
                    foreach (int keys in (int[])[tokens, 77])
                        if (8L * batch * tokens * keys <= 1L << 28)
                            yield return new MicroOp("softmax", $"{8 * batch}x{tokens}x{keys}", [new Shape(8 * batch, tokens, keys)], i => Ops.Softmax(i[0]));
                }
    }

    private static MicroOp Gemm(int m, int k, int n, string usedBy) => new("gemm", $"M={m} K={k} N={n}", [new Shape(m, k), new Shape(n, k)],
        i => Ops.Linear(i[0], i[1]), 2L * m * k * n, UsedBy: usedBy);

    private static MicroOp Attention(string name, int batch, int queries, int keys, int channels)
    {
        const int Heads = 8;
        var context = new Shape(batch, keys, channels);
        return new MicroOp(name, $"L={queries} Lk={keys} D={channels / Heads} heads={Heads} batch={batch}",
            [new Shape(batch, queries, channels), context, context], i => Ops.Attention(i[0], i[1], i[2], Heads),
            4L * batch * queries * keys * channels, Activations: 3);
    }
}
