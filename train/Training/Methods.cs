using System.Globalization;
using SeLoRA.Adapters;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>A method as a run's options set it up.</summary>
/// <param name="Method">Makes adapters and rank control.</param>
/// <param name="Summary">Its settings for people.</param>
/// <param name="Arguments">Its settings for the adapter file's metadata.</param>
internal sealed record MethodSetup(IAdapterMethod Method, string Summary, IReadOnlyDictionary<string, string> Arguments);

/// <summary>Turns a run's options into a method, and what an adapter file says of them.</summary>
internal static class Methods
{
    /// <summary>What <c>--method</c> takes.</summary>
    public static readonly string[] Names = ["selora", "lora", "adalora", "dylora"];

    /// <summary>The networks that carry adapters, under the names that modules, tables and files use.</summary>
    public static IReadOnlyList<AdapterRoot> Roots(StableDiffusionModel model) =>
        [new AdapterRoot("unet", model.UNet), new AdapterRoot("text_encoder", model.TextEncoder)];

    /// <summary>The method of a resolved config.</summary>
    public static MethodSetup Of(RunConfig config) => config.Method switch
    {
        "lora" => new MethodSetup(new LoRAConfig { Rank = config.Rank!.Value, Alpha = config.Alpha }, $"rank {config.Rank}", Arguments()),
        "adalora" => AdaLoRA(config),
        "dylora" => DyLoRA(config),
        _ => SeLoRA(config),
    };

    private static MethodSetup SeLoRA(RunConfig config)
    {
        var selora = new SeLoRAConfig
        {
            Lambda = config.Lambda,
            TestEvery = config.TestEvery,
            RankInitial = config.Rank!.Value,
            RankMax = config.RankMax > 0 ? config.RankMax : null,
            RankTotalMax = config.RankTotalMax > 0 ? config.RankTotalMax : null,
            Alpha = config.Alpha,
            Scoring = config.FisherGradient == "batch" ? FisherScoring.Batch : FisherScoring.PerSample,
            Timing = config.Fisher == "fused" ? FisherTiming.Fused : FisherTiming.Separate,
        };
        string scores = config.FisherGradient == "batch" ? $"{config.Fisher} scores of the batch" : $"{config.Fisher} scores";
        return new MethodSetup(selora,
            FormattableString.Invariant($"rank {config.Rank}, lambda {config.Lambda}, test every {config.TestEvery} steps, {scores}"),
            Arguments(("lambda", config.Lambda), ("test_every", config.TestEvery), ("fisher", config.Fisher), ("fisher_gradient", config.FisherGradient)));
    }

    private static MethodSetup AdaLoRA(RunConfig config)
    {
        var adalora = new AdaLoRAConfig
        {
            RankInitial = config.Rank!.Value,
            RankTarget = config.RankTarget,
            Alpha = config.Alpha,
            OrthogonalityWeight = config.OrthWeight,
            SensitivityBeta = config.SensitivityBeta,
            UncertaintyBeta = config.UncertaintyBeta,
            WarmupInitial = config.WarmupInitial,
            WarmupFinal = config.WarmupFinal,
            MaskEvery = config.MaskEvery,
        };
        return new MethodSetup(adalora,
            FormattableString.Invariant($"rank {config.Rank} cut to {config.RankTarget} on average, orthogonality weight {config.OrthWeight}"),
            Arguments(("rank_initial", config.Rank), ("rank_target", config.RankTarget), ("orth_weight", config.OrthWeight),
                ("sensitivity_beta", config.SensitivityBeta), ("uncertainty_beta", config.UncertaintyBeta)));
    }

    private static MethodSetup DyLoRA(RunConfig config)
    {
        var dylora = new DyLoRAConfig { Rank = config.Rank!.Value, RankKept = config.RankKept, Alpha = config.Alpha, Frozen = config.Frozen };
        return new MethodSetup(dylora,
            $"ranks 1 to {config.Rank}, {config.RankKept ?? config.Rank} kept{(config.Frozen ? ", lower ones frozen" : "")}",
            Arguments(("rank", config.Rank), ("rank_kept", config.RankKept ?? config.Rank), ("frozen", config.Frozen)));
    }

    private static Dictionary<string, string> Arguments(params (string Name, object? Value)[] settings) =>
        settings.ToDictionary(s => s.Name, s => Convert.ToString(s.Value, CultureInfo.InvariantCulture)!);

    /// <summary>What an adapter file says of its run: settings and counts, no captions, no paths. The time taken is not the clock's, which may jump.</summary>
    public static AdapterMetadata Metadata(RunConfig config, TrainingLoop loop, int images, DateTimeOffset started, TimeSpan taken) => new()
    {
        Algorithm = config.Method,
        NetworkArguments = Of(config).Arguments,
        StartedAt = started,
        FinishedAt = started + taken,
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
