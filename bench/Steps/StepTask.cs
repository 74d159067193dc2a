using System.Text.Json.Nodes;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Bench;

/// <summary>One job with hash weights; <see cref="Step"/> is what is timed.</summary>
internal abstract class StepTask(StepOptions options) : IDisposable
{
    // A step's passes are recorded in the second, its update in the third, and the fourth is the first to be replayed as a whole.
    private const int MostWarmUp = 8;

    private readonly List<AdapterSet> sets = [];
    private readonly List<Module> networks = [];

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

    /// <summary>Weights of the adapters, which alone can be trained.</summary>
    public virtual long TrainedParameters => sets.Sum(s => s.TrainableCount);

    /// <summary>All weights, adapters included.</summary>
    public long Parameters => networks.Sum(n => n.ParameterCount) + TrainedParameters;

    /// <summary>The options.</summary>
    protected StepOptions Options => options;

    /// <summary>The device's primitives.</summary>
    protected IBackend Backend { get; } = SeLoRA.Engine.Backend.Get(options.Device);

    /// <summary>Tokens of a text.</summary>
    protected int Tokens => options.Model.Text.MaxPositionEmbeddings;

    /// <summary>Whether the next step is like all later ones: nothing is to be compiled or recorded any more.</summary>
    public virtual bool IsWarm => true;

    /// <summary>Whether steps run from recordings.</summary>
    public virtual bool IsReplayed => false;

    /// <summary>Why a GPU repeats nothing from a recording; null while it may.</summary>
    public virtual string? ReplayProblem => null;

    /// <summary>One step; calls <paramref name="lap"/> with the name of each part when it is done.</summary>
    public abstract void Step(Action<string> lap);

    /// <summary>Adds what only this job has; may measure more.</summary>
    /// <param name="record">The result.</param>
    /// <param name="mean">Mean milliseconds of the timed steps.</param>
    public virtual void Describe(JsonObject record, double mean)
    {
    }

    /// <summary>Does what comes before the timed steps: the steps that were asked for, and on until all is recorded.</summary>
    /// <param name="asked">Steps that were asked for.</param>
    /// <param name="isWarm">Asked after each step.</param>
    /// <param name="step">A step.</param>
    /// <returns>Steps that were done.</returns>
    public static int WarmUp(int asked, Func<bool> isWarm, Action step)
    {
        int done = 0;
        // What is never recorded must not hold up all.
        for (; done < asked || (!isWarm() && done < MostWarmUp); done++) step();
        return done;
    }

    /// <summary>Adds whether steps ran from recordings, and why not where they should have; nothing on the host.</summary>
    public static void DescribeReplay(JsonObject record, Device device, bool isReplayed, string? problem)
    {
        if (device.Kind == DeviceKind.Cpu) return;
        record["graphs"] = isReplayed;
        if (problem is not null) record["graphs_problem"] = problem;
    }

    /// <summary>Token ids of a batch.</summary>
    public static int[] Ids(int texts, ClipTextConfig text) =>
        [.. Enumerable.Range(0, texts * text.MaxPositionEmbeddings).Select(i => Philox.Int(5, (ulong)i, text.VocabSize))];

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        foreach (AdapterSet set in sets) set.Dispose();
        ModelSize.Unload(networks, options.Device);
    }

    /// <summary>A network with hash weights on the device.</summary>
    protected T Load<T>(T network) where T : Module
    {
        networks.Add(network);
        return ModelSize.Load(network, options);
    }

    /// <summary>Adapters of the method in every linear layer of the networks, where there is a method.</summary>
    protected void Adapt(params AdapterRoot[] roots)
    {
        // Without training the two methods are one.
        if (options.Method == "none") return;
        sets.Add(new LoRAConfig { Rank = options.Rank }.Create(roots, AdapterTargets.All, seed: 1).Attach());
    }

    /// <summary>Normal numbers on the device.</summary>
    protected Tensor Normal(ulong stream, params ReadOnlySpan<int> dims) => Tensor.Normal(new Shape(dims), 7, stream << 32, options.Device);

    /// <summary>A batch's latents.</summary>
    protected Tensor Latents(ulong stream) => Normal(stream, options.Batch, options.Size / 8, options.Size / 8, 4);
}
