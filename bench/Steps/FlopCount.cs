using System.Text.Json.Nodes;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Bench;

/// <summary>
/// Operations of one step, counted as the PyTorch script counts them, from the shapes of the modules: nothing is run and no weight is
/// needed. Convolutions, linear layers, adapters and attention; a multiply-add is two. Backward costs a layer as much as forward for the
/// gradient of its input, if anything before it is trained, and as much again for that of a trained weight; attention twice as much.
/// Causal attention counts in full; norms, activations, softmax, biases, optimiser and what an implementation computes twice do not.
/// </summary>
internal sealed class FlopCount
{
    // All other layers lie behind an adapter: gradients pass through them.
    private static readonly HashSet<string> BeforeAnyAdapter =
    [
        "conv_in", "down_blocks.0.resnets.0.conv1", "down_blocks.0.resnets.0.conv_shortcut", "time_embedding.linear_1",
        "text_model.encoder.layers.0.self_attn.q_proj", "text_model.encoder.layers.0.self_attn.k_proj",
        "text_model.encoder.layers.0.self_attn.v_proj",
    ];

    private readonly SortedDictionary<string, long> forwardByKind = new(StringComparer.Ordinal);
    private readonly StepOptions options;
    private readonly bool trains;
    private long backward;

    private FlopCount(StepOptions options, bool trains)
    {
        this.options = options;
        this.trains = trains;
    }

    /// <summary>Billions of operations.</summary>
    public double Gflop => GflopForward + GflopBackward;

    /// <summary>Of the forward pass.</summary>
    public double GflopForward => forwardByKind.Values.Sum() / 1e9;

    /// <summary>Of the backward pass.</summary>
    public double GflopBackward => backward / 1e9;

    /// <summary>Counts a step of a task.</summary>
    public static FlopCount Of(string task, StepOptions options)
    {
        var count = new FlopCount(options, trains: task is "train-step" or SeLoRAOverhead.Name);
        int batch = options.Batch;
        switch (task)
        {
            case "unet-forward":
                count.AddUNet(batch, 1);
                break;
            case "vae-encode":
                count.AddVae("encoder.", "quant_conv");
                break;
            case "vae-decode":
                count.AddVae("decoder.", "post_quant_conv");
                break;
            case "clip-text":
                count.AddText(batch);
                break;
            case "generate":
                count.AddText(2 * batch);
                count.AddUNet(2 * batch, options.InferenceSteps);
                count.AddVae("decoder.", "post_quant_conv");
                break;
            default:
                count.AddText(batch);
                count.AddUNet(batch, 1);
                break;
        }
        return count;
    }

    /// <summary>Adds the script's keys.</summary>
    public void Describe(JsonObject record)
    {
        record["gflop"] = Math.Round(Gflop, 3);
        record["gflop_forward"] = Math.Round(GflopForward, 3);
        record["gflop_backward"] = Math.Round(GflopBackward, 3);
        record["gflop_forward_by_kind"] = new JsonObject(forwardByKind.Select(kind => KeyValuePair.Create(kind.Key, (JsonNode?)Math.Round(kind.Value / 1e9, 3))));
    }

    private void AddText(int texts)
    {
        int tokens = options.Model.Text.MaxPositionEmbeddings;
        foreach ((string name, Module module) in new ClipTextModel(options.Model.Text).NamedModules())
            Add(name, module, (long)texts * tokens, tokens, options.Rank, 1);
    }

    private void AddUNet(int images, int evaluations)
    {
        UNetConfig config = options.Model.UNet;
        int tokens = options.Model.Text.MaxPositionEmbeddings;
        int[] sides = Sides(options.Size / 8, config.Levels);
        foreach ((string name, Module module) in new UNet2DConditionModel(config).NamedModules())
        {
            long pixels = Pixels(name, sides, 0);
            bool cross = name.Contains(".attn2.", StringComparison.Ordinal);
            long rows = name.Contains("time_emb", StringComparison.Ordinal) ? 1
                : cross && name.EndsWith(".to_k", StringComparison.Ordinal) || cross && name.EndsWith(".to_v", StringComparison.Ordinal) ? tokens
                : pixels;
            Add(name, module, images * rows, cross ? tokens : pixels, options.Rank, evaluations);
        }
    }

    private void AddVae(string half, string beside)
    {
        VaeConfig config = options.Model.Vae;
        int[] sides = Sides(options.Size, config.BlockOutChannels.Count);
        int last = sides.Length - 1;
        foreach ((string name, Module module) in new AutoencoderKL(config).NamedModules())
        {
            if (name != beside && !name.StartsWith(half, StringComparison.Ordinal)) continue;
            int elsewhere = name is "encoder.conv_in" or "decoder.conv_out" ? 0 : last;
            long pixels = Pixels(name.StartsWith(half, StringComparison.Ordinal) ? name[half.Length..] : name, sides, elsewhere);
            Add(name, module, options.Batch * pixels, pixels, rank: 0, 1);
        }
    }

    /// <summary>Sides of the levels: halved and rounded up from each to the next.</summary>
    private static int[] Sides(int first, int levels)
    {
        var sides = new int[levels];
        for (int i = 0; i < levels; i++) sides[i] = i == 0 ? first : (sides[i - 1] + 1) / 2;
        return sides;
    }

    /// <summary>Pixels of a layer's result, by its place: a sampler's is the next level's.</summary>
    private static long Pixels(string name, int[] sides, int elsewhere)
    {
        string[] path = name.Split('.');
        int last = sides.Length - 1, level = path[0] switch
        {
            "down_blocks" when path.Length > 1 => int.Parse(path[1]) + (path.Contains("downsamplers") ? 1 : 0),
            "up_blocks" when path.Length > 1 => last - int.Parse(path[1]) - (path.Contains("upsamplers") ? 1 : 0),
            "mid_block" => last,
            _ => elsewhere,
        };
        return (long)sides[level] * sides[level];
    }

    /// <summary>A layer, and with an attention's queries the attention itself.</summary>
    /// <param name="name">Module name.</param>
    /// <param name="module">The module; what is no layer counts nothing.</param>
    /// <param name="rows">Rows of the result: pixels or tokens of all images.</param>
    /// <param name="keys">Keys of an attention.</param>
    /// <param name="rank">Rank of the adapters, 0 for none.</param>
    /// <param name="times">Evaluations.</param>
    private void Add(string name, Module module, long rows, long keys, int rank, int times)
    {
        int gradients = BeforeAnyAdapter.Contains(name) ? 0 : 1;
        switch (module)
        {
            case Conv2d conv:
                Add("conv", 2 * rows * conv.Weight.Shape.Count * times, gradients);
                break;
            case Linear { IsPointwise: true } linear:
                Add("conv", 2 * rows * linear.Weight.Shape.Count * times, gradients);
                break;
            case Linear linear:
                Add("linear", 2 * rows * linear.Weight.Shape.Count * times, gradients);
                if (rank > 0)
                {
                    Add("adapter", 2 * rows * rank * linear.InFeatures * times, gradients + 1);
                    Add("adapter", 2 * rows * rank * linear.OutFeatures * times, 2);
                }
                if (name.EndsWith(".to_q", StringComparison.Ordinal) || name.EndsWith(".q_proj", StringComparison.Ordinal))
                    Add("attention", 4 * rows * linear.OutFeatures * keys * times, 2);
                break;
        }
    }

    private void Add(string kind, long onePass, int gradients)
    {
        forwardByKind[kind] = forwardByKind.GetValueOrDefault(kind) + onePass;
        if (trains) backward += onePass * gradients;
    }
}
