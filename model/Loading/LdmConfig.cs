using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The architecture of a single-file checkpoint, which holds weights only: read from which tensors there are, and their shapes.</summary>
internal sealed class LdmConfig(ITensorSource source)
{
    // What no shape tells; all of SD-1.x has these.
    private const int Heads = 8, HeadWidth = 64, Groups = 32;

    public UNetConfig UNet()
    {
        const string root = LdmNames.UNetPrefix;
        var channels = new List<int>();
        var layers = new List<int> { 0 };
        var attention = new List<bool>();
        string transformer = "";
        for (int block = 1; ; block++)
        {
            string at = $"{root}input_blocks.{block}.";
            if (Has($"{at}0.op.weight"))
            {
                layers.Add(0);
                continue;
            }
            if (!Has($"{at}0.in_layers.0.weight")) break;
            if (layers[^1]++ > 0) continue;
            channels.Add(Axis($"{at}0.out_layers.3.weight", 0));
            attention.Add(Has($"{at}1.proj_in.weight"));
            if (transformer.Length == 0 && attention[^1]) transformer = $"{at}1.";
        }
        if (channels.Count != layers.Count || layers.Distinct().Count() > 1) throw Odd($"{root}input_blocks", "the levels have different numbers of layers");
        if (transformer.Length == 0) throw Odd($"{root}input_blocks", "no level has attention");
        int depth = 0;
        while (Has($"{transformer}transformer_blocks.{depth}.norm1.weight")) depth++;
        Divides(channels, Groups, $"{root}input_blocks");
        AtMost(channels.Count, ConfigJson.MostLevels, $"{root}input_blocks", "levels");
        AtMost(layers[0], ConfigJson.MostLayers, $"{root}input_blocks", "layers a level");
        AtMost(depth, ConfigJson.MostBlocks, transformer, "blocks");
        return new UNetConfig
        {
            InChannels = Axis($"{root}input_blocks.0.0.weight", 1),
            OutChannels = Axis($"{root}out.2.weight", 0),
            BlockOutChannels = channels,
            LayersPerBlock = layers,
            AttentionHeads = [.. channels.Select(_ => Heads)],
            TransformerLayersPerBlock = [.. channels.Select(_ => depth)],
            DownAttention = attention,
            UpAttention = [.. channels.Select((_, i) => Has($"{root}output_blocks.{(layers[0] + 1) * i}.1.proj_in.weight"))],
            CrossAttentionDim = Axis($"{transformer}transformer_blocks.0.attn2.to_k.weight", 1),
            UseLinearProjection = Tensor($"{transformer}proj_in.weight").Shape.Length == 2,
        };
    }

    public VaeConfig Vae()
    {
        const string root = LdmNames.VaePrefix;
        var channels = new List<int>();
        while (Has($"{root}encoder.down.{channels.Count}.block.0.conv1.weight"))
            channels.Add(Axis($"{root}encoder.down.{channels.Count}.block.0.conv1.weight", 0));
        int layers = 0;
        while (Has($"{root}encoder.down.0.block.{layers}.conv1.weight")) layers++;
        if (channels.Count == 0) throw Odd(root, "it has no VAE");
        Divides(channels, Groups, $"{root}encoder.down");
        AtMost(channels.Count, ConfigJson.MostLevels, $"{root}encoder.down", "levels");
        AtMost(layers, ConfigJson.MostLayers, $"{root}encoder.down", "layers a level");
        return new VaeConfig
        {
            InChannels = Axis($"{root}encoder.conv_in.weight", 1),
            OutChannels = Axis($"{root}decoder.conv_out.weight", 0),
            LatentChannels = Axis($"{root}post_quant_conv.weight", 0),
            BlockOutChannels = channels,
            LayersPerBlock = layers,
        };
    }

    public ClipTextConfig Text()
    {
        // Some merges lost the first part of the names.
        string root = Has($"{LdmNames.TextPrefix}embeddings.token_embedding.weight") ? LdmNames.TextPrefix : $"{LdmNames.TextPrefix}text_model.";
        if (!Has($"{root}embeddings.token_embedding.weight")) throw Odd(LdmNames.TextPrefix, "it has no text encoder");
        int layers = 0;
        while (Has($"{root}encoder.layers.{layers}.mlp.fc1.weight")) layers++;
        AtMost(layers, ConfigJson.MostClipLayers, $"{root}encoder", "layers");
        int width = Axis($"{root}embeddings.token_embedding.weight", 1);
        Divides([width], HeadWidth, $"{root}embeddings");
        return new ClipTextConfig
        {
            HiddenSize = width,
            IntermediateSize = Axis($"{root}encoder.layers.0.mlp.fc1.weight", 0),
            NumHiddenLayers = layers,
            NumAttentionHeads = width / HeadWidth,
            VocabSize = Axis($"{root}embeddings.token_embedding.weight", 0),
            MaxPositionEmbeddings = Axis($"{root}embeddings.position_embedding.weight", 0),
        };
    }

    private bool Has(string name) => source.Tensors.ContainsKey(name);

    private SafetensorsEntry Tensor(string name) =>
        source.Tensors.TryGetValue(name, out SafetensorsEntry? entry) ? entry : throw Odd(name, "this tensor is missing");

    private int Axis(string name, int axis)
    {
        long[] shape = Tensor(name).Shape;
        return shape.Length > axis && shape[axis] is > 0 and <= ConfigJson.MostChannels ? (int)shape[axis]
            : throw Odd(name, $"the shape [{string.Join(", ", shape)}] is not this tensor's");
    }

    // Names without numbers cost a file nothing: what they may ask for has a bound.
    private void AtMost(int count, int most, string name, string what)
    {
        if (count > most) throw Odd(name, $"{count} {what}, more than {most}");
    }

    private void Divides(IEnumerable<int> channels, int by, string name)
    {
        if (channels.FirstOrDefault(c => c % by != 0) is var odd and not 0) throw Odd(name, $"{odd} channels are not divisible by {by}, as SD-1.x's are");
    }

    private EngineException Odd(string name, string what) => new($"{source.Path}: {name}: {what}; is it a checkpoint of Stable Diffusion 1.x?");
}
