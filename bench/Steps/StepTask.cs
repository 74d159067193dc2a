using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Tests;

namespace SeLoRA.Bench;

/// <summary>One job at full Stable Diffusion 1.5 size with hash weights; <see cref="Step"/> is what is timed.</summary>
internal abstract class StepTask(StepOptions options) : IDisposable
{
    /// <summary>Tokens of a text.</summary>
    protected const int Tokens = 77;

    private readonly List<AdapterSet> sets = [];

    /// <summary>The jobs by the names of the PyTorch script.</summary>
    public static IReadOnlyDictionary<string, Func<StepOptions, StepTask>> All { get; } = new Dictionary<string, Func<StepOptions, StepTask>>
    {
        ["unet-forward"] = o => new UNetForward(o),
        ["train-step"] = o => new TrainStep(o),
        ["vae-encode"] = o => new VaeEncode(o),
        ["vae-decode"] = o => new VaeDecode(o),
        ["clip-text"] = o => new ClipText(o),
        ["generate"] = o => new Generate(o),
    };

    /// <summary>The options.</summary>
    protected StepOptions Options => options;

    /// <summary>The device's primitives.</summary>
    protected IBackend Backend { get; } = SeLoRA.Engine.Backend.Get(options.Device);

    /// <summary>One step; calls <paramref name="lap"/> with the name of each part when it is done.</summary>
    public abstract void Step(Action<string> lap);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        foreach (AdapterSet set in sets) set.Dispose();
    }

    /// <summary>A network with hash weights on the device.</summary>
    protected T Load<T>(T network) where T : Module
    {
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            var values = new float[parameter.FileShape.Count];
            HashTensor.FillWeight(name, [.. parameter.FileShape.ToArray().Select(d => (long)d)], 1, 0, values);
            parameter.Load(values, options.Device);
        }
        return network;
    }

    /// <summary>Adapters of the method in every linear layer of the networks; null for none.</summary>
    protected AdapterSet? Adapt(params AdapterRoot[] roots)
    {
        AdapterSet? set = options.Method switch
        {
            "lora" => new LoRAConfig { Rank = options.Rank }.Create(roots, AdapterTargets.All, seed: 1),
            "selora" => new SeLoRAConfig().Create(roots, AdapterTargets.All, seed: 1),
            _ => null,
        };
        if (set is not null) sets.Add(set.Attach());
        return set;
    }

    /// <summary>Normal numbers on the device.</summary>
    protected Tensor Normal(ulong stream, params ReadOnlySpan<int> dims) => Tensor.Normal(new Shape(dims), 7, stream << 32, options.Device);

    /// <summary>Token ids of a batch.</summary>
    protected static int[] Ids(int texts) => [.. Enumerable.Range(0, texts * Tokens).Select(i => Philox.Int(5, (ulong)i, 49408))];

    /// <summary>A batch's latents.</summary>
    protected Tensor Latents(ulong stream) => Normal(stream, options.Batch, options.Size / 8, options.Size / 8, 4);
}
