using SeLoRA.Engine;

namespace SeLoRA.Train;

// The methods' own options.
internal sealed partial record RunConfig
{
    /// <summary>One of <see cref="Methods.Names"/>.</summary>
    public string Method { get; set; } = "selora";

    /// <summary>Rank of LoRA and DyLoRA, first rank of SeLoRA and AdaLoRA; null: 4, 4, 1 and 6.</summary>
    public int? Rank { get; set; }

    /// <summary>Numerator of the update's factor; null: the rank it is divided by.</summary>
    public float? Alpha { get; set; }

    /// <summary>Which linear layers get an adapter.</summary>
    public string Targets { get; set; } = "all";

    /// <summary>SeLoRA: threshold of the Fisher ratio, expanded over original.</summary>
    public double Lambda { get; set; } = 1.1;

    /// <summary>SeLoRA: steps between rank tests.</summary>
    public int TestEvery { get; set; } = 40;

    /// <summary>SeLoRA: <c>fused</c> or <c>separate</c>.</summary>
    public string Fisher { get; set; } = "fused";

    /// <summary>SeLoRA: <c>per-sample</c> or <c>batch</c>.</summary>
    public string FisherGradient { get; set; } = "per-sample";

    /// <summary>SeLoRA: largest rank of a layer; 0: no limit.</summary>
    public int RankMax { get; set; }

    /// <summary>SeLoRA: largest sum of all ranks; 0: no limit.</summary>
    public int RankTotalMax { get; set; }

    /// <summary>AdaLoRA: mean rank at the end.</summary>
    public int RankTarget { get; set; } = 4;

    /// <summary>AdaLoRA: weight of the orthogonality penalty.</summary>
    public double OrthWeight { get; set; } = 0.1;

    /// <summary>AdaLoRA: beta_1, decay of the smoothed sensitivity.</summary>
    public double SensitivityBeta { get; set; } = 0.85;

    /// <summary>AdaLoRA: beta_2, decay of the smoothed uncertainty.</summary>
    public double UncertaintyBeta { get; set; } = 0.85;

    /// <summary>AdaLoRA: steps before the budget shrinks; null: an eighth of all.</summary>
    public int? WarmupInitial { get; set; }

    /// <summary>AdaLoRA: steps at the end with the final budget; null: half of all.</summary>
    public int? WarmupFinal { get; set; }

    /// <summary>AdaLoRA: steps between masks while the budget shrinks; null: a hundredth of all.</summary>
    public int? MaskEvery { get; set; }

    /// <summary>DyLoRA: rank that validation, samples and the adapter file use; null: the whole.</summary>
    public int? RankKept { get; set; }

    /// <summary>DyLoRA: update one rank a step.</summary>
    public bool Frozen { get; set; }

    private static int DefaultRank(string method) => method switch
    {
        "selora" => 1,
        "adalora" => 6,
        _ => 4,
    };

    private void CheckMethod()
    {
        Named("--targets", Targets);
        OneOf("--method", Method, Methods.Names);
        OneOf("--fisher", Fisher, "fused", "separate");
        OneOf("--fisher-gradient", FisherGradient, "per-sample", "batch");
        Positive("--rank", Rank!.Value);
        Positive("--test-every", TestEvery);
        NotNegative("--rank-max", RankMax);
        NotNegative("--rank-total-max", RankTotalMax);
        if (!(Lambda >= 1)) throw new EngineException($"--lambda {Lambda}: the ratio is never below 1, so lambda must be at least 1");
        if (Alpha is { } alpha && !(alpha > 0 && float.IsFinite(alpha))) throw new EngineException($"--alpha {alpha}: a positive number is needed");
        if (Method == "selora" && RankMax > 0 && RankMax < Rank) throw new EngineException($"--rank-max {RankMax}: below the first rank, --rank {Rank}");
        if (!(OrthWeight >= 0 && double.IsFinite(OrthWeight))) throw new EngineException($"--orth-weight {OrthWeight}: 0 or more is needed");
        Decay("--sensitivity-beta", SensitivityBeta);
        Decay("--uncertainty-beta", UncertaintyBeta);
        if (WarmupInitial is { } initial) NotNegative("--warmup-initial", initial);
        if (WarmupFinal is { } final && final < 2) throw new EngineException($"--warmup-final {final}: at least 2 is needed");
        if (MaskEvery is { } every) Positive("--mask-every", every);
        if (Method == "adalora") UpToRank("--rank-target", RankTarget);
        if (Method == "dylora" && RankKept is { } kept) UpToRank("--rank-kept", kept);
    }

    private void UpToRank(string option, int value)
    {
        if (value < 1 || value > Rank) throw new EngineException($"{option} {value}: 1 up to --rank {Rank} is needed");
    }

    private static void Decay(string option, double value)
    {
        if (value is not (>= 0 and < 1)) throw new EngineException($"{option} {value}: from 0 up to, not including, 1 is needed");
    }
}
