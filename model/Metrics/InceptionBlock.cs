using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// A block of Inception v3: chains of convolutions side by side on the same input, joined by channels, and a pooled chain last. Convolutions of
/// stride 2 have no padding, the others keep the size. Letters and module names are those of torchvision's classes.
/// </summary>
internal sealed class InceptionBlock : Module
{
    private readonly Chain[] chains;
    private readonly BasicConv2d? pooled;
    private readonly PoolKind pool;

    private InceptionBlock(int inChannels, PoolKind pool, int poolChannels, params Branch[] branches)
    {
        this.pool = pool;
        chains = [.. branches.Select(branch => Register(inChannels, branch))];
        OutChannels = branches.Sum(branch => branch.OutChannels) + (poolChannels > 0 ? poolChannels : inChannels);
        if (poolChannels > 0) pooled = Register("branch_pool", new BasicConv2d(inChannels, poolChannels, 1, 1, 1, same: true));
    }

    /// <summary>Channels of the result.</summary>
    public int OutChannels { get; }

    /// <summary>35 x 35 pixels: 1x1, 5x5, twice 3x3, pool.</summary>
    public static InceptionBlock A(int inChannels, int poolChannels) => new(inChannels, PoolKind.Average, poolChannels,
        new Branch([new("branch1x1", 64, 1)]),
        new Branch([new("branch5x5_1", 48, 1), new("branch5x5_2", 64, 5)]),
        new Branch([new("branch3x3dbl_1", 64, 1), new("branch3x3dbl_2", 96, 3), new("branch3x3dbl_3", 96, 3)]));

    /// <summary>From 35 x 35 to 17 x 17 pixels; the pooled input is joined as it is.</summary>
    public static InceptionBlock B(int inChannels) => new(inChannels, PoolKind.Max, 0,
        new Branch([new("branch3x3", 384, 3, Stride: 2)]),
        new Branch([new("branch3x3dbl_1", 64, 1), new("branch3x3dbl_2", 96, 3), new("branch3x3dbl_3", 96, 3, Stride: 2)]));

    /// <summary>17 x 17 pixels: 7x7 as 1x7 and 7x1, with <paramref name="c"/> channels between.</summary>
    public static InceptionBlock C(int inChannels, int c) => new(inChannels, PoolKind.Average, 192,
        new Branch([new("branch1x1", 192, 1)]),
        new Branch([new("branch7x7_1", c, 1), new("branch7x7_2", c, 1, 7), new("branch7x7_3", 192, 7, 1)]),
        new Branch([new("branch7x7dbl_1", c, 1), new("branch7x7dbl_2", c, 7, 1), new("branch7x7dbl_3", c, 1, 7), new("branch7x7dbl_4", c, 7, 1),
            new("branch7x7dbl_5", 192, 1, 7)]));

    /// <summary>From 17 x 17 to 8 x 8 pixels; the pooled input is joined as it is.</summary>
    public static InceptionBlock D(int inChannels) => new(inChannels, PoolKind.Max, 0,
        new Branch([new("branch3x3_1", 192, 1), new("branch3x3_2", 320, 3, Stride: 2)]),
        new Branch([new("branch7x7x3_1", 192, 1), new("branch7x7x3_2", 192, 1, 7), new("branch7x7x3_3", 192, 7, 1),
            new("branch7x7x3_4", 192, 3, Stride: 2)]));

    /// <summary>8 x 8 pixels: chains that fork into 1x3 and 3x1. The network behind FID averages in its first such block and takes maxima in the second.</summary>
    public static InceptionBlock E(int inChannels, PoolKind pool) => new(inChannels, pool, 192,
        new Branch([new("branch1x1", 320, 1)]),
        new Branch([new("branch3x3_1", 384, 1)], [new("branch3x3_2a", 384, 1, 3), new("branch3x3_2b", 384, 3, 1)]),
        new Branch([new("branch3x3dbl_1", 448, 1), new("branch3x3dbl_2", 384, 3)],
            [new("branch3x3dbl_3a", 384, 1, 3), new("branch3x3dbl_3b", 384, 3, 1)]));

    /// <summary>(N, H, W, C) to (N, OH, OW, <see cref="OutChannels"/>).</summary>
    public Tensor Forward(Tensor x)
    {
        using var scope = new TensorScope();
        Tensor? joined = null;
        foreach (Chain chain in chains)
        {
            Tensor h = x;
            foreach (BasicConv2d convolution in chain.Convolutions) h = convolution.Forward(h);
            if (chain.Fork.Length == 0) Join(h);
            foreach (BasicConv2d convolution in chain.Fork) Join(convolution.Forward(h));
        }
        Join(Pool(x));
        return scope.Return(joined!);

        void Join(Tensor part) => joined = joined is null ? part : Ops.Concat(joined, part);
    }

    private Tensor Pool(Tensor x)
    {
        if (pooled is null) return Ops.MaxPool2d(x, 3, 2);
        return pooled.Forward(pool == PoolKind.Max ? Ops.MaxPool2d(x, 3, 1, 1) : Ops.AvgPool2d(x, 3, 1, 1));
    }

    private Chain Register(int channels, Branch branch)
    {
        var convolutions = new List<BasicConv2d>();
        foreach (Convolution c in branch.Chain)
        {
            convolutions.Add(Register(channels, c));
            channels = c.OutChannels;
        }
        return new Chain([.. convolutions], [.. (branch.Fork ?? []).Select(c => Register(channels, c))]);
    }

    private BasicConv2d Register(int channels, Convolution c) =>
        Register(c.Name, new BasicConv2d(channels, c.OutChannels, c.Height, c.Width, c.Stride, same: c.Stride == 1));

    private sealed record Chain(BasicConv2d[] Convolutions, BasicConv2d[] Fork);

    /// <summary>Convolutions one after the other, then perhaps several side by side.</summary>
    private sealed record Branch(Convolution[] Chain, Convolution[]? Fork = null)
    {
        public int OutChannels => Fork is null ? Chain[^1].OutChannels : Fork.Sum(c => c.OutChannels);
    }

    /// <summary>A kernel of <paramref name="Height"/> x <paramref name="KernelWidth"/>, square where that is absent.</summary>
    private sealed record Convolution(string Name, int OutChannels, int Height, int? KernelWidth = null, int Stride = 1)
    {
        public int Width => KernelWidth ?? Height;
    }
}
