namespace SeLoRA.Bench;

/// <summary>An operator at one shape, named and sized as the PyTorch script names and sizes it.</summary>
/// <param name="Op">Operator.</param>
/// <param name="Text">Its shape, in the script's words and order of axes.</param>
/// <param name="Inputs">Shapes in PyTorch's layout (N, C, H, W; O, C, KH, KW): activations first, weights after.</param>
/// <param name="Flops">Of the forward pass; 0 where bytes are the measure.</param>
/// <param name="Activations">How many inputs are activations.</param>
/// <param name="UsedBy">Where Stable Diffusion needs it.</param>
public sealed record MicroShape(string Op, string Text, int[][] Inputs, long Flops = 0, int Activations = 1, string UsedBy = "")
{
    /// <summary>Heads of every attention.</summary>
    public const int Heads = 8;

    /// <summary>Groups of every group norm.</summary>
    public const int Groups = 32;

    /// <summary>Whether gradients of the activations alone are measured too, as under a frozen weight.</summary>
    public bool HasFrozenBackward => Flops > 0 && Activations < Inputs.Length;

    /// <summary>FLOPs, or the least bytes that must move: every input read once, every result written once.</summary>
    /// <param name="phase">forward, backward_input or backward.</param>
    /// <param name="read">Bytes of all inputs.</param>
    /// <param name="written">Bytes of the result.</param>
    public long Work(string phase, long read, long written) => (phase, Flops) switch
    {
        ("backward", > 0) => 2 * Flops,
        (_, > 0) => Flops,
        ("backward", _) => 2 * read + written,
        _ => read + written,
    };
}

/// <summary>
/// The operators of Stable Diffusion 1.5 at the latents of 224, 384 and 512 pixels. This file knows nothing of the engine: peers are
/// built with it too.
/// </summary>
public static class MicroShapes
{
    private static readonly int[] Latents = [28, 48, 64], Batches = [1, 8];

    /// <summary>All of them, in the script's order.</summary>
    public static IEnumerable<MicroShape> All() => [.. Gemms(), .. Pixels(), .. Tokens()];

    private static IEnumerable<(int Channels, int Side)> Levels(int latent) =>
        [(320, latent), (640, latent / 2), (1280, latent / 4), (1280, (latent + 7) / 8)];

    private static IEnumerable<MicroShape> Gemms()
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

    private static IEnumerable<MicroShape> Pixels()
    {
        foreach (int latent in (int[])[28, 64])
            foreach (int batch in Batches)
                foreach ((int c, int side) in Levels(latent).Take(3))
                {
                    int[] image = [batch, c, side, side];
                    string text = string.Join('x', image);
                    yield return new MicroShape("conv3x3", $"{c}->{c} @{side}x{side} batch={batch}", [image, [c, c, 3, 3]],
                        2L * batch * side * side * c * c * 9);
                    yield return new MicroShape("group_norm", text, [image, [c], [c]]);
                    yield return new MicroShape("silu", text, [image]);
                    // As the U-Net has them: one operation of the engine, two of PyTorch.
                    yield return new MicroShape("group_norm_silu", text, [image, [c], [c]]);
                }
    }

    private static IEnumerable<MicroShape> Tokens()
    {
        foreach (int latent in Latents)
            foreach (int batch in Batches)
                foreach ((int c, int side) in Levels(latent).Take(3))
                {
                    int tokens = side * side;
                    yield return Attention("self_attention", batch, tokens, tokens, c);
                    yield return Attention("cross_attention", batch, tokens, 77, c);
                    if (latent == 48) continue;
                    yield return new MicroShape("layer_norm", $"{batch * tokens}x{c}", [[batch * tokens, c], [c], [c]]);
                    yield return new MicroShape("geglu", $"{batch * tokens}x{8 * c}", [[batch * tokens, 8 * c]]);
                    foreach (int keys in (int[])[tokens, 77])
                        if (8L * batch * tokens * keys <= 1L << 28)
                            yield return new MicroShape("softmax", $"{8 * batch}x{tokens}x{keys}", [[8 * batch, tokens, keys]]);
                }
    }

    private static MicroShape Gemm(int m, int k, int n, string usedBy) =>
        new("gemm", $"M={m} K={k} N={n}", [[m, k], [n, k]], 2L * m * k * n, UsedBy: usedBy);

    private static MicroShape Attention(string name, int batch, int queries, int keys, int channels)
    {
        int[] context = [batch, keys, channels];
        return new MicroShape(name, $"L={queries} Lk={keys} D={channels / MicroShape.Heads} heads={MicroShape.Heads} batch={batch}",
            [[batch, queries, channels], context, context], 4L * batch * queries * keys * channels, Activations: 3);
    }
}
