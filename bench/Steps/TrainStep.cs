using System.Text.Json.Nodes;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Bench;

/// <summary>One step of <see cref="AdapterTraining"/>; with SeLoRA the steps with a test are timed after the others.</summary>
internal sealed class TrainStep : StepTask
{
    private readonly AdapterTraining training;

    public TrainStep(StepOptions options) : base(options)
    {
        if (options.Method == "none") throw new EngineException("--method none: train-step needs lora or selora");
        var text = Load(new ClipTextModel(options.Model.Text));
        var unet = Load(new UNet2DConditionModel(options.Model.UNet));
        unet.CheckpointBlocks = options.Checkpoint;
        training = new AdapterTraining(options, text, unet);
        training.Attach();
    }

    /// <inheritdoc/>
    public override long TrainedParameters => training.Adapters.TrainableCount;

    /// <inheritdoc/>
    public override bool IsWarm => training.IsWarm;

    /// <inheritdoc/>
    public override bool IsReplayed => training.IsReplayed;

    /// <inheritdoc/>
    public override string? ReplayProblem => training.ReplayProblem;

    /// <inheritdoc/>
    public override void Step(Action<string> lap) => training.Step(lap);

    /// <inheritdoc/>
    public override void Describe(JsonObject record, double mean)
    {
        record["loss"] = Math.Round(training.Loss, 5);
        if (Options.Method != "selora") return;
        // The first test makes its kernels' code and memory; what it grows is kept, as all later ones'.
        LapWatch.Time(lap => training.Step(lap, test: true));
        var tests = new List<double>();
        var grown = new JsonArray();
        for (int i = 0; i < Options.Tests; i++)
        {
            tests.Add(LapWatch.Time(lap => training.Step(lap, test: true)).Values.Sum());
            grown.Add(training.LastGrown);
        }
        double test = tests.Average();
        record["ms_normal_mean"] = Math.Round(mean, 4);
        record["ms_test_mean"] = Math.Round(test, 4);
        record["tests"] = Options.Tests;
        record["ms_amortised"] = Math.Round(((Options.ExpandEvery - 1) * mean + test) / Options.ExpandEvery, 4);
        record["expand_every"] = Options.ExpandEvery;
        record["threshold"] = Options.Threshold;
        record["layers"] = training.Adapters.Adapters.Count;
        record["expanded"] = grown;
        record["ranks_after"] = new JsonObject(training.Adapters.Adapters.GroupBy(a => a.Rank).OrderBy(g => g.Key)
            .Select(g => KeyValuePair.Create($"{g.Key}", (JsonNode?)g.Count())));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        training.Dispose();
        base.Dispose();
    }
}
