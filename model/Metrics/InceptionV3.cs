using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Where Inception v3's features are taken; the value is their number.</summary>
public enum InceptionLayer
{
    /// <summary>First max pool.</summary>
    FirstPool = 64,

    /// <summary>Second max pool.</summary>
    SecondPool = 192,

    /// <summary>Last block of 17 x 17 pixels, before the auxiliary classifier's place.</summary>
    BeforeAuxiliary = 768,

    /// <summary>Final average pool: the layer that FID means where nothing is said.</summary>
    FinalPool = 2048,
}

/// <summary>
/// Inception v3 (Szegedy et al., 2016) as the Frechet inception distance needs it: TensorFlow's network of 2015, whose weights pytorch-fid published
/// as <c>pt_inception-2015-12-05</c>. It differs from torchvision's: average pools do not count padding, and the last block takes maxima.
/// Module names are those of that checkpoint.
/// </summary>
public sealed class InceptionV3 : Module
{
    /// <summary>Side of the images inside the network, in pixels.</summary>
    public const int Size = 299;

    private readonly BasicConv2d[] stem;
    private readonly InceptionBlock[] blocks;

    /// <summary>The network without weights.</summary>
    public InceptionV3()
    {
        stem =
        [
            Register("Conv2d_1a_3x3", new BasicConv2d(3, 32, 3, 3, 2, same: false)),
            Register("Conv2d_2a_3x3", new BasicConv2d(32, 32, 3, 3, 1, same: false)),
            Register("Conv2d_2b_3x3", new BasicConv2d(32, 64, 3, 3, 1, same: true)),
            Register("Conv2d_3b_1x1", new BasicConv2d(64, 80, 1, 1, 1, same: false)),
            Register("Conv2d_4a_3x3", new BasicConv2d(80, 192, 3, 3, 1, same: false)),
        ];
        blocks =
        [
            Register("Mixed_5b", InceptionBlock.A(192, 32)),
            Register("Mixed_5c", InceptionBlock.A(256, 64)),
            Register("Mixed_5d", InceptionBlock.A(288, 64)),
            Register("Mixed_6a", InceptionBlock.B(288)),
            Register("Mixed_6b", InceptionBlock.C(768, 128)),
            Register("Mixed_6c", InceptionBlock.C(768, 160)),
            Register("Mixed_6d", InceptionBlock.C(768, 160)),
            Register("Mixed_6e", InceptionBlock.C(768, 192)),
            Register("Mixed_7a", InceptionBlock.D(768)),
            Register("Mixed_7b", InceptionBlock.E(1280, PoolKind.Average)),
            Register("Mixed_7c", InceptionBlock.E(2048, PoolKind.Max)),
        ];
    }

    /// <summary>Called with <c>act:preprocessed</c>, the network's input, and <c>features_64</c>, <c>_192</c>, <c>_768</c>, the layers' maps.</summary>
    internal Action<string, Tensor>? Probe { get; set; }

    /// <summary>The network with the weights of a file.</summary>
    /// <param name="path">A safetensors file with the names of pytorch-fid's checkpoint; the classifier <c>fc</c> may be there and is not needed.</param>
    /// <param name="device">Where the weights shall lie.</param>
    /// <exception cref="EngineException">Keys do not fit (one line lists them), torchvision's weights, or a damaged file.</exception>
    public static InceptionV3 Load(string path, Device device)
    {
        using SafetensorsReader source = SafetensorsReader.Open(path);
        if (source.Names.Any(name => name.StartsWith("AuxLogits.", StringComparison.Ordinal)))
            throw new EngineException($"{path}: has an auxiliary classifier, so it holds torchvision's Inception v3, which gives no FID; pt_inception-2015-12-05 is needed");
        var network = new InceptionV3();
        WeightLoader.Load(network, source, device, StateDictKeys.Inception);
        return network;
    }

    /// <summary>Features of images; maps of <see cref="InceptionLayer.FirstPool"/> to <see cref="InceptionLayer.BeforeAuxiliary"/> are averaged over their pixels.</summary>
    /// <param name="images">(N, H, W, 3) in [0, 1]; resized to 299 x 299 as pytorch-fid does (<see cref="BilinearResize"/>).</param>
    /// <param name="layer">Which features; what lies behind the layer is not computed.</param>
    /// <returns>(N, 64), (N, 192), (N, 768) or (N, 2048).</returns>
    /// <exception cref="EngineException">The shape does not fit.</exception>
    public Tensor Features(Tensor images, InceptionLayer layer)
    {
        if (images.Shape.Rank != 4 || images.Shape[3] != 3) throw new EngineException($"InceptionV3: images {images.Shape}, NxHxWx3 is needed");
        using var scope = new TensorScope();
        Tensor map = Map(BilinearResize.ToSigned(images, Size, Size), layer);
        return scope.Return(Ops.Mean(map.Reshape(map.Shape[0], map.Shape[1] * map.Shape[2], map.Shape[3]), 1));
    }

    private Tensor Map(Tensor x, InceptionLayer layer)
    {
        Probe?.Invoke("act:preprocessed", x);
        using var scope = new TensorScope();
        foreach (BasicConv2d convolution in stem.AsSpan(0, 3)) x = convolution.Forward(x);
        x = Ops.MaxPool2d(x, 3, 2);
        Probe?.Invoke("features_64", x);
        if (layer == InceptionLayer.FirstPool) return scope.Return(x);
        foreach (BasicConv2d convolution in stem.AsSpan(3)) x = convolution.Forward(x);
        x = Ops.MaxPool2d(x, 3, 2);
        Probe?.Invoke("features_192", x);
        if (layer == InceptionLayer.SecondPool) return scope.Return(x);
        foreach (InceptionBlock block in blocks.AsSpan(0, 8)) x = block.Forward(x);
        Probe?.Invoke("features_768", x);
        if (layer == InceptionLayer.BeforeAuxiliary) return scope.Return(x);
        foreach (InceptionBlock block in blocks.AsSpan(8)) x = block.Forward(x);
        return scope.Return(x);
    }
}
