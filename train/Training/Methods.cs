using System.Globalization;
using SeLoRA.Adapters;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>Turns a run's options into adapters on a model, and adapters into a file.</summary>
internal static class Methods
{
    /// <summary>The networks that carry adapters, under the names that modules, tables and files use.</summary>
    public static IReadOnlyList<AdapterRoot> Roots(StableDiffusionModel model) =>
        [new AdapterRoot("unet", model.UNet), new AdapterRoot("text_encoder", model.TextEncoder)];

    /// <summary>Adapters attached to U-Net and text encoder, and SeLoRA's settings (null for LoRA).</summary>
    public static (AdapterSet Adapters, SeLoRAConfig? SeLoRA) Create(RunConfig config, StableDiffusionModel model)
    {
        AdapterTargets targets = AdapterTargets.Parse(config.Targets);
        if (config.Method == "lora")
        {
            var lora = new LoRAConfig { Rank = config.Rank!.Value, Alpha = config.Alpha };
            return (lora.Create(Roots(model), targets, config.Seed).Attach(), null);
        }
        var selora = new SeLoRAConfig
        {
            Lambda = config.Lambda,
            TestEvery = config.TestEvery,
            RankInitial = config.Rank!.Value,
            RankMax = config.RankMax > 0 ? config.RankMax : null,
            Alpha = config.Alpha,
            Timing = config.Fisher == "fused" ? FisherTiming.Fused : FisherTiming.Separate,
        };
        return (selora.Create(Roots(model), targets, config.Seed).Attach(), selora);
    }

    /// <summary>What an adapter file says of its run: settings and counts, no captions, no paths.</summary>
    public static AdapterMetadata Metadata(RunConfig config, TrainingLoop loop, int images, DateTimeOffset started) => new()
    {
        Algorithm = config.Method,
        NetworkArguments = config.Method == "lora" ? new Dictionary<string, string>() : new Dictionary<string, string>
        {
            ["lambda"] = config.Lambda.ToString(CultureInfo.InvariantCulture),
            ["test_every"] = config.TestEvery.ToString(CultureInfo.InvariantCulture),
            ["fisher"] = config.Fisher,
        },
        StartedAt = started,
        FinishedAt = DateTimeOffset.UtcNow,
        LearningRate = config.LearningRate,
        LearningRateSchedule = "constant",
        Optimizer = "AdamW",
        TrainImages = images,
        StepsPerEpoch = loop.Order.StepsPerEpoch,
        Epoch = loop.Step == 0 ? 0 : loop.Order.Epoch(loop.Step),
        Step = loop.Step,
        StepsMax = loop.TotalSteps,
        BatchSize = config.Batch,
        GradientAccumulation = config.GradAccumulation,
        GradientCheckpointing = config.CheckpointBlocks,
        Seed = config.Seed,
        Resolution = config.Size,
        BaseModelName = config.IsMini ? RunConfig.MiniModel : Path.GetFileName(Path.TrimEndingDirectorySeparator(config.Model)),
    };
}
