using System.Globalization;
using System.Text.Json.Nodes;
using SeLoRA.Model;

namespace SeLoRA.Bench;

/// <summary>
/// What SeLoRA costs over LoRA of the same ranks: LoRA's step, SeLoRA's step and SeLoRA's step with a rank test take turns on the same
/// weights in one process, nothing grows, and the amortised time is set against LoRA's. Ratios are formed within a round, seconds apart,
/// and their median taken: on a shared machine the times themselves wander by more than what is looked for.
/// </summary>
internal static class SeLoRAOverhead
{
    /// <summary>Name of the task.</summary>
    public const string Name = "selora-overhead";

    private const string Lora = "lora", Normal = "selora", Test = "selora with test";
    private static readonly string[] Kinds = [Lora, Normal, Test];

    /// <summary>Measures and adds the results.</summary>
    public static void Measure(JsonObject record, StepOptions options)
    {
        ClipTextModel text = ModelSize.Load(new ClipTextModel(options.Model.Text), options);
        UNet2DConditionModel unet = ModelSize.Load(new UNet2DConditionModel(options.Model.UNet), options);
        using var lora = new AdapterTraining(options with { Method = "lora" }, text, unet);
        // No ratio reaches it: a test costs what it costs, and ranks stay comparable.
        using var selora = new AdapterTraining(options with { Method = "selora", Threshold = double.MaxValue }, text, unet);

        Dictionary<string, double> Time(string kind)
        {
            (AdapterTraining turn, AdapterTraining other) = kind == Lora ? (lora, selora) : (selora, lora);
            other.Detach();
            turn.Attach();
            return LapWatch.Time(lap => turn.Step(lap, test: kind == Test));
        }
        record["warmup"] = StepTask.WarmUp(Math.Max(1, options.Warmup), () => lora.IsWarm && selora.IsWarm, () =>
        {
            foreach (string kind in Kinds) Time(kind);
        });
        var rounds = new List<Dictionary<string, Dictionary<string, double>>>();
        for (int i = 0; i < options.Steps; i++)
        {
            // Another kind begins each round, so that what slows down over a round strikes all alike.
            rounds.Add(Enumerable.Range(0, Kinds.Length).Select(k => Kinds[(i + k) % Kinds.Length]).ToDictionary(kind => kind, Time));
        }

        double Median(string kind) => CallTime.Median(rounds.Select(r => r[kind].Values.Sum()));
        double[] Ratios(string kind) => [.. rounds.Select(r => r[kind].Values.Sum() / r[Lora].Values.Sum()).Order()];
        double Ratio(string kind) => CallTime.Median(Ratios(kind));
        double Amortised(double normal, double test) => ((options.ExpandEvery - 1) * normal + test) / options.ExpandEvery;
        double ratio = Amortised(Ratio(Normal), Ratio(Test));
        // On the host SeLoRA's ordinary step does what LoRA's does: what the test adds to it is the overhead by construction, and less noisy.
        // On a GPU an ordinary step computes with the room for ranks to come, which the test alone does not show.
        double byTest = 1 + CallTime.Median(rounds.Select(r => r[Test].Values.Sum() / r[Normal].Values.Sum() - 1)) / options.ExpandEvery;
        StepTask.DescribeReplay(record, options.Device, lora.IsReplayed && selora.IsReplayed, lora.ReplayProblem ?? selora.ReplayProblem);
        record["ms"] = Math.Round(Amortised(Median(Normal), Median(Test)), 4);
        record["ms_lora"] = Math.Round(Median(Lora), 4);
        record["ms_selora"] = Math.Round(Median(Normal), 4);
        record["ms_selora_test"] = Math.Round(Median(Test), 4);
        record["ms_laps"] = new JsonObject(Kinds.Select(kind => KeyValuePair.Create(kind, (JsonNode?)new JsonObject(
            rounds[0][kind].Keys.Select(lap => KeyValuePair.Create(lap, (JsonNode?)Math.Round(CallTime.Median(rounds.Select(r => r[kind][lap])), 4)))))));
        record["ratio_selora"] = Math.Round(Ratio(Normal), 5);
        // How far the machine's noise reaches: the middle half of the rounds.
        record["ratio_selora_quartiles"] = new JsonArray(
            Math.Round(Ratios(Normal)[options.Steps / 4], 5), Math.Round(Ratios(Normal)[options.Steps * 3 / 4], 5));
        record["ratio_test"] = Math.Round(Ratio(Test), 5);
        record["ratio_of_test_alone"] = Math.Round(byTest, 5);
        record["ratio"] = Math.Round(ratio, 5);
        record["expand_every"] = options.ExpandEvery;
        record["rank_total"] = selora.Adapters.RankTotal;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Name} {options.Size} x{options.Batch} rank {options.Rank}: lora {Median(Lora):F2} ms, selora {Median(Normal):F2} ms, with test "
            + $"{Median(Test):F2} ms; amortised over {options.ExpandEvery} {ratio:F4} of lora, {byTest:F4} by the test alone"));
        ModelSize.Unload([text, unet], options.Device);
    }
}
