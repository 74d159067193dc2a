using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>Embeds images and captions with a CLIP model for <see cref="ClipScore"/>.</summary>
internal sealed class ClipScorer
{
    private readonly ClipModel model;
    private readonly ClipTokenizer tokenizer;
    private readonly Device device;

    /// <summary>Reads a folder such as <c>openai/clip-vit-large-patch14</c>.</summary>
    public ClipScorer(string folder, Device device)
    {
        if (!Directory.Exists(folder)) throw new EngineException($"--clip {folder}: no such folder; one with config.json, model.safetensors, vocab.json and merges.txt is needed");
        model = ClipModel.Load(folder, device);
        tokenizer = ClipTokenizer.FromFolder(folder);
        this.device = device;
        Name = $"CLIP score ({Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))})";
    }

    /// <summary>The metric and its model: scores of different models cannot be compared.</summary>
    public string Name { get; }

    /// <summary>Embeddings of images.</summary>
    public Tensor Images(IReadOnlyList<RgbImage> images)
    {
        int size = model.Config.Vision.ImageSize;
        float[] pixels = [.. images.SelectMany(i => ClipImageProcessor.Prepare(i.Pixels, i.Width, i.Height, size))];
        return model.ImageEmbeddings(Tensor.From(pixels, new Shape(images.Count, size, size, 3), device));
    }

    /// <summary>Embeddings of captions.</summary>
    public Tensor Texts(IReadOnlyList<string> captions) =>
        model.TextEmbeddings([.. captions.SelectMany(tokenizer.Encode)], captions.Count);
}
