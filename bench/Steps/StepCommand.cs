using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>step: whole jobs, one JSON object each, under the options and keys of the PyTorch script's <c>--task</c>.</summary>
internal static class StepCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        string[] tasks = [.. StepTask.All.Keys, SeLoRAOverhead.Name];
        var task = new Option<string>("--task") { HelpName = "NAME", Description = string.Join(", ", tasks), Required = true };
        var model = new Option<string>("--model") { HelpName = "NAME", Description = "sd15 or tiny (sd15).", DefaultValueFactory = _ => "sd15" };
        var size = new Option<int>("--size") { HelpName = "PX", Description = "Side of the images (224).", DefaultValueFactory = _ => 224 };
        var batch = new Option<int>("--batch") { HelpName = "N", Description = "Images a step (1).", DefaultValueFactory = _ => 1 };
        Option<string> dtype = Dtypes.Option();
        var weights = new Option<string>("--weights") { HelpName = "TYPE", Description = "fp32, fp16 or bf16: as the model's file would have them (fp32).", DefaultValueFactory = _ => "fp32" };
        var device = new Option<string>("--device") { HelpName = "NAME", Description = "cpu, cuda:0, opencl:0 (cpu).", DefaultValueFactory = _ => "cpu" };
        var method = new Option<string?>("--method") { HelpName = "NAME", Description = "none, lora, selora (train-step: lora, others: none)." };
        var rank = new Option<int?>("--rank") { HelpName = "R", Description = "Rank of every adapter, SeLoRA's at the start (lora: 4, selora: 1)." };
        var steps = new Option<int>("--steps") { HelpName = "N", Description = "Timed steps; rounds of selora-overhead (10).", DefaultValueFactory = _ => 10 };
        var warmup = new Option<int>("--warmup") { HelpName = "N", Description = "Steps before them (3).", DefaultValueFactory = _ => 3 };
        var checkpoint = new Option<bool>("--checkpoint") { Description = "train-step: make the U-Net's blocks again in backward instead of keeping their results." };
        var noGraphs = new Option<bool>("--no-graphs") { Description = "On a GPU, launch the kernels of every step one by one instead of replaying recorded steps." };
        var inference = new Option<int>("--inference-steps") { HelpName = "N", Description = "Sampling steps of generate (50).", DefaultValueFactory = _ => 50 };
        var every = new Option<int>("--expand-every") { HelpName = "N", Description = "SeLoRA: steps from one rank test to the next, for the amortised time (40).", DefaultValueFactory = _ => 40 };
        var threshold = new Option<double>("--threshold") { HelpName = "X", Description = "SeLoRA: the ratio that earns a rank (1.1).", DefaultValueFactory = _ => 1.1 };
        var tests = new Option<int>("--tests") { HelpName = "N", Description = "SeLoRA: timed steps with a rank test (3).", DefaultValueFactory = _ => 3 };
        var note = new Option<string?>("--note") { HelpName = "TEXT", Description = "To go into the results." };
        var countOnly = new Option<bool>("--count-only") { Description = "Count a step's operations and stop." };
        Option<int> rounds = Rounds.Option();
        var command = new Command("step", "Time whole jobs with hash weights: the full Stable Diffusion 1.5, or the same with small numbers.")
        { task, model, size, batch, dtype, weights, device, method, rank, steps, warmup, checkpoint, noGraphs, inference, every, threshold, tests, note, countOnly, rounds };
        command.SetAction(result =>
        {
            string name = OneOf(task, result.GetRequiredValue(task), tasks);
            string adapters = name == SeLoRAOverhead.Name ? "selora"
                : OneOf(method, result.GetValue(method) ?? (name == "train-step" ? "lora" : "none"), ["none", "lora", "selora"]);
            foreach (Option<int> option in (Option<int>[])[batch, steps, inference, every, tests])
                if (result.GetValue(option) < 1) throw new EngineException($"{option.Name} {result.GetValue(option)}: at least 1 is needed");
            if (result.GetValue(rank) is < 1 and var r) throw new EngineException($"{rank.Name} {r}: at least 1 is needed");
            if (result.GetValue(size) is var side && (side < 8 || side % 8 != 0)) throw new EngineException($"--size {side}: a multiple of 8 is needed");
            DType stored = Dtypes.ByName[OneOf(weights, result.GetValue(weights)!, Dtypes.ByName.Keys)];
            Device where = Device.Parse(result.GetValue(device)!);
            if (stored != DType.F32 && where.Kind != DeviceKind.Cpu) throw new EngineException($"--weights {result.GetValue(weights)}: 16-bit weights are computed with on the host only");
            DType precision = Dtypes.Of(result, dtype, where);
            if (precision != DType.F32 && name.StartsWith("vae-", StringComparison.Ordinal)) throw new EngineException($"--dtype {result.GetValue(dtype)}: the VAE computes in fp32 only");
            var options = new StepOptions
            {
                Weights = stored, Precision = precision,
                Model = ModelSize.All[OneOf(model, result.GetValue(model)!, ModelSize.All.Keys)], Size = side, Batch = result.GetValue(batch),
                Method = adapters, Rank = adapters == "none" ? 0 : result.GetValue(rank) ?? (adapters == "selora" && name != SeLoRAOverhead.Name ? 1 : 4),
                InferenceSteps = result.GetValue(inference), Checkpoint = result.GetValue(checkpoint), NoGraphs = result.GetValue(noGraphs), ExpandEvery = result.GetValue(every), Threshold = result.GetValue(threshold),
                Tests = result.GetValue(tests), Steps = result.GetValue(steps), Warmup = Math.Max(0, result.GetValue(warmup)),
                Rounds = Rounds.Of(result, rounds), Note = result.GetValue(note), Device = where,
            };
            if (result.GetValue(countOnly)) Console.WriteLine(Head(name, options).ToJsonString());
            else for (int round = 0; round < options.Rounds; round++) Round(name, options);
        });
        return command;
    }

    private static string OneOf(Option option, string value, IEnumerable<string> values) => values.Contains(value) ? value
        : throw new EngineException($"{option.Name} {value}: one of {string.Join(", ", values)} is needed");

    private static JsonObject Head(string name, StepOptions options)
    {
        var record = new JsonObject
        {
            ["task"] = name, ["model"] = options.Model.Name, ["size"] = options.Size, ["batch"] = options.Batch, ["dtype"] = Dtypes.Name(options.Precision),
            ["method"] = options.Method, ["rank"] = options.Rank > 0 ? options.Rank : null,
        };
        FlopCount.Of(name, options).Describe(record);
        if (options.Weights != DType.F32) record["weights"] = "weights-" + Dtypes.Name(options.Weights);
        if (options.Checkpoint) record["checkpoint"] = true;
        if (name == "generate") (record["inference_steps"], record["guidance"]) = (options.InferenceSteps, Generate.Guidance);
        return record;
    }

    private static JsonObject Described(string name, StepOptions options)
    {
        JsonObject record = Head(name, options);
        Machine.Describe(record, options.Device);
        record["note"] = options.Note;
        record["channels_last"] = true;
        record["tf32"] = false;
        record["warmup"] = options.Warmup;
        record["steps"] = options.Steps;
        return record;
    }

    // Everything anew: SeLoRA's ranks have grown at the end of a round.
    private static void Round(string name, StepOptions options)
    {
        if (name == SeLoRAOverhead.Name) Compare(options);
        else Run(name, options);
    }

    private static void Compare(StepOptions options)
    {
        JsonObject record = Described(SeLoRAOverhead.Name, options);
        double? load = Machine.Load();
        SeLoRAOverhead.Measure(record, options);
        record["load_before"] = load;
        record["load_after"] = Machine.Load();
        Console.WriteLine(record.ToJsonString());
    }

    private static void Run(string name, StepOptions options)
    {
        double? load = Machine.Load();
        using StepTask task = StepTask.All[name](options);
        double? first = null;
        int warmup = StepTask.WarmUp(options.Warmup, () => task.IsWarm, () =>
        {
            double ms = LapWatch.Time(task.Step).Values.Sum();
            first ??= ms / 1e3;
        });
        int steps = options.Steps;
        Backend.Get(options.Device).ResetPeak();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetTotalAllocatedBytes(precise: true), start = Stopwatch.GetTimestamp();
        Dictionary<string, double>[] laps = [.. Enumerable.Range(0, steps).Select(_ => LapWatch.Time(task.Step))];
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        double cpus = (Environment.CpuUsage.TotalTime - cpu) / wall;

        double[] times = [.. laps.Select(step => step.Values.Sum())];
        double median = CallTime.Median(times), mean = times.Average();
        JsonObject record = Described(name, options);
        record["warmup"] = warmup;
        StepTask.DescribeReplay(record, options.Device, task.IsReplayed, task.ReplayProblem);
        record["parameters"] = task.Parameters;
        record["trained_parameters"] = task.TrainedParameters;
        foreach ((string key, double value) in (ReadOnlySpan<(string, double)>)[("ms_median", median), ("ms_min", times.Min()), ("ms_max", times.Max()),
            ("ms_mean", mean), ("ms_wall_mean", wall.TotalMilliseconds / steps)])
            record[key] = Math.Round(value, 4);
        record["ms_laps"] = new JsonObject(laps[0].Keys.Select(lap =>
            KeyValuePair.Create(lap, (JsonNode?)Math.Round(CallTime.Median(laps.Select(step => step[lap])), 4))));
        record["first_call_s"] = first is { } seconds ? Math.Round(seconds, 3) : null;
        record["cpus_used"] = Math.Round(cpus, 2);
        record["images_per_s"] = Math.Round(options.Batch * 1e3 / median, 4);
        double tflops = FlopCount.Of(name, options).Gflop / median;
        record["tflops"] = Math.Round(tflops, 4);
        record["allocated_bytes_per_step"] = allocated / steps;
        task.Describe(record, mean);
        Machine.DescribePeakMemory(record, options.Device);
        record["load_before"] = load;
        record["load_after"] = Machine.Load();
        Console.WriteLine(record.ToJsonString());
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name} {options.Size} x{options.Batch} {Dtypes.Name(options.Precision)} {options.Method}: {median:F2} ms ({times.Min():F2} to {times.Max():F2}), "
            + $"{options.Batch * 1e3 / median:F3} images/s, {tflops:F3} TFLOP/s, {allocated / steps / 1024} KiB allocated a step"));
    }
}
