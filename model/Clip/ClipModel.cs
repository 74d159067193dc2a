using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// The whole of CLIP (Radford et al., 2021): both towers and their projections into one space, where an image lies near a text that fits it. Module names are
/// those of transformers' <c>CLIPModel</c>.
/// </summary>
public sealed class ClipModel : Module
{
    private readonly ClipTextModel text;
    private readonly ClipVisionTransformer vision;
    private readonly Linear visualProjection, textProjection;

    /// <summary>The network without weights.</summary>
    public ClipModel(ClipConfig config)
    {
        Config = config;
        text = new ClipTextModel(config.Text);
        Register("text_model", text.Transformer);
        vision = Register("vision_model", new ClipVisionTransformer(config.Vision));
        visualProjection = Register("visual_projection", new Linear(config.Vision.HiddenSize, config.ProjectionDim, bias: false));
        textProjection = Register("text_projection", new Linear(config.Text.HiddenSize, config.ProjectionDim, bias: false));
        LogitScale = Register("logit_scale", new Parameter(new Shape(), Initialization.Zeros));
    }

    /// <summary>Its architecture.</summary>
    public ClipConfig Config { get; }

    /// <summary>Logarithm of the factor from cosines to logits, a scalar. CLIP scores do not use it.</summary>
    public Parameter LogitScale { get; }

    /// <summary>The network of a folder in transformers' layout: <c>config.json</c> and <c>model.safetensors</c>; <see cref="ClipTokenizer.FromFolder"/> reads the rest.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where the weights shall lie.</param>
    /// <exception cref="EngineException">No weights, another kind of model, keys that do not fit (one line lists them), or a damaged file.</exception>
    public static ClipModel Load(string folder, Device device)
    {
        var model = new ClipModel(ClipConfig.Read(Path.Combine(folder, "config.json")));
        using ITensorSource source = WeightFile.Open(folder, ModelFolder.TransformersWeights);
        WeightLoader.Load(model, source, device, StateDictKeys.Clip);
        return model;
    }

    /// <summary>Embeddings of images, not normalised.</summary>
    /// <param name="pixels">(N, S, S, 3), prepared by <see cref="ClipImageProcessor"/>.</param>
    /// <returns>(N, D) with D = <see cref="ClipConfig.ProjectionDim"/>.</returns>
    /// <exception cref="EngineException">The shape does not fit.</exception>
    public Tensor ImageEmbeddings(Tensor pixels)
    {
        using var scope = new TensorScope();
        return scope.Return(visualProjection.Forward(vision.Forward(pixels)));
    }

    /// <summary>Embeddings of texts, not normalised: the hidden state at each text's end, projected.</summary>
    /// <param name="ids">Token ids, one row a text, as <see cref="ClipTokenizer"/> makes them (it cuts long texts before the end token).</param>
    /// <param name="batch">Number of texts.</param>
    /// <returns>(N, D).</returns>
    /// <exception cref="EngineException">The ids do not fill the rows, or a text has no end.</exception>
    public Tensor TextEmbeddings(ReadOnlySpan<int> ids, int batch)
    {
        using var scope = new TensorScope();
        return scope.Return(textProjection.Forward(text.Pool(text.Forward(ids, batch), ids)));
    }
}
