using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>step: whole jobs at full size, one JSON object each, under the options and keys of the PyTorch script's <c>--task</c>.</summary>
internal static class StepCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var task = new Option<string>("--task") { HelpName = "NAME", Description = string.Join(", ", StepTask.All.Keys), Required = true };
        var size = new Option<int>("--size") { HelpName = "PX", Description = "Side of the images (512).", DefaultValueFactory = _ => 512 };
        var batch = new Option<int>("--batch") { HelpName = "N", Description = "Images a step (1).", DefaultValueFactory = _ => 1 };
        var dtype = new Option<string>("--dtype") { HelpName = "TYPE", Description = "fp32 (fp32).", DefaultValueFactory = _ => "fp32" };
        var device = new Option<string>("--device") { HelpName = "NAME", Description = "cpu, cuda:0, opencl:0 (cpu).", DefaultValueFactory = _ => "cpu" };
        var method = new Option<string?>("--method") { HelpName = "NAME", Description = "none, lora, selora (train-step: lora, others: none)." };
        var rank = new Option<int>("--rank") { HelpName = "R", Description = "Rank of LoRA (4).", DefaultValueFactory = _ => 4 };
        var steps = new Option<int>("--steps") { HelpName = "N", Description = "Timed steps (10).", DefaultValueFactory = _ => 10 };
        var warmup = new Option<int>("--warmup") { HelpName = "N", Description = "Steps before them (3).", DefaultValueFactory = _ => 3 };
        var inference = new Option<int>("--inference-steps") { HelpName = "N", Description = "Sampling steps of generate (50).", DefaultValueFactory = _ => 50 };
        var every = new Option<int>("--expand-every") { HelpName = "N", Description = "Steps from one rank test to the next, for the amortised time (40).", DefaultValueFactory = _ => 40 };
        var tests = new Option<int>("--tests") { HelpName = "N", Description = "Timed steps with a rank test (3).", DefaultValueFactory = _ => 3 };
        var command = new Command("step", "Time whole jobs at full Stable Diffusion 1.5 size, with hash weights.")
        { task, size, batch, dtype, device, method, rank, steps, warmup, inference, every, tests };
        command.SetAction(result =>
        {
            string name = result.GetRequiredValue(task);
            if (!StepTask.All.ContainsKey(name)) throw new EngineException($"--task {name}: one of {string.Join(", ", StepTask.All.Keys)} is needed");
            if (result.GetValue(dtype) != "fp32") throw new EngineException($"--dtype {result.GetValue(dtype)}: the engine computes in fp32 only");
            string adapters = result.GetValue(method) ?? (name == "train-step" ? "lora" : "none");
            if (adapters is not ("none" or "lora" or "selora")) throw new EngineException($"--method {adapters}: one of none, lora, selora is needed");
            foreach (Option<int> option in (Option<int>[])[batch, rank, steps, inference, every, tests])
                if (result.GetValue(option) < 1) throw new EngineException($"{option.Name} {result.GetValue(option)}: at least 1 is needed");
            if (result.GetValue(size) is var side && (side < 8 || side % 8 != 0)) throw new EngineException($"--size {side}: a multiple of 8 is needed");
            var options = new StepOptions
            {
                Size = side, Batch = result.GetValue(batch), Method = adapters, Rank = result.GetValue(rank),
                InferenceSteps = result.GetValue(inference), Device = Device.Parse(result.GetValue(device)!),
            };
            Run(name, options, Math.Max(0, result.GetValue(warmup)), result.GetValue(steps), result.GetValue(every), result.GetValue(tests));
        });
        return command;
    }

    private static void Run(string name, StepOptions options, int warmup, int steps, int every, int tests)
    {
        using StepTask task = StepTask.All[name](options);
        double? load = Machine.Load();
        double? first = null;
        for (int i = 0; i < warmup; i++)
        {
            double ms = LapWatch.Time(task.Step).Values.Sum();
            first ??= ms / 1e3;
        }
        Backend.Get(options.Device).ResetPeak();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetTotalAllocatedBytes(precise: true), start = Stopwatch.GetTimestamp();
        Dictionary<string, double>[] laps = [.. Enumerable.Range(0, steps).Select(_ => LapWatch.Time(task.Step))];
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        double cpus = (Environment.CpuUsage.TotalTime - cpu) / wall;

        double[] times = [.. laps.Select(step => step.Values.Sum())];
        double median = CallTime.Median(times), mean = times.Average();
        var record = new JsonObject
        {
            ["task"] = name, ["model"] = "sd15", ["size"] = options.Size, ["batch"] = options.Batch, ["dtype"] = "fp32", ["method"] = options.Method,
            ["rank"] = options.Method switch { "lora" => options.Rank, "selora" => 1, _ => null },
        };
        if (name == "generate") record["inference_steps"] = options.InferenceSteps;
        Machine.Describe(record, options.Device);
        record["warmup"] = warmup;
        record["steps"] = steps;
        foreach ((string key, double value) in (ReadOnlySpan<(string, double)>)[("ms_median", median), ("ms_min", times.Min()), ("ms_max", times.Max()),
            ("ms_mean", mean), ("ms_wall_mean", wall.TotalMilliseconds / steps)])
            record[key] = Math.Round(value, 4);
        record["ms_laps"] = new JsonObject(laps[0].Keys.Select(lap =>
            KeyValuePair.Create(lap, (JsonNode?)Math.Round(CallTime.Median(laps.Select(step => step[lap])), 4))));
        record["first_call_s"] = first is { } seconds ? Math.Round(seconds, 3) : null;
        record["cpus_used"] = Math.Round(cpus, 2);
        record["images_per_s"] = Math.Round(options.Batch * 1e3 / median, 4);
        record["allocated_bytes_per_step"] = allocated / steps;
        if (task is TrainStep train) Describe(record, train, mean, every, tests, options.Method == "selora");
        Machine.DescribePeakMemory(record, options.Device);
        record["load_before"] = load;
        record["load_after"] = Machine.Load();
        Console.WriteLine(record.ToJsonString());
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name} {options.Size} x{options.Batch} fp32 {options.Method}: {median:F2} ms ({times.Min():F2} to {times.Max():F2}), "
            + $"{options.Batch * 1e3 / median:F3} images/s, {allocated / steps / 1024} KiB allocated a step"));
    }

    private static void Describe(JsonObject record, TrainStep task, double mean, int every, int tests, bool grows)
    {
        record["loss"] = Math.Round(task.Loss, 5);
        if (!grows) return;
        LapWatch.Time(lap => task.Step(lap, test: true));
        double test = Enumerable.Range(0, tests).Average(_ => LapWatch.Time(lap => task.Step(lap, test: true)).Values.Sum());
        record["ms_normal_mean"] = Math.Round(mean, 4);
        record["ms_test_mean"] = Math.Round(test, 4);
        record["tests"] = tests;
        record["ms_amortised"] = Math.Round(((every - 1) * mean + test) / every, 4);
        record["expand_every"] = every;
        record["rank_total_after"] = task.RankTotal;
    }

    /// <summary>Milliseconds of the parts of a step.</summary>
    private static class LapWatch
    {
        public static Dictionary<string, double> Time(Action<Action<string>> step)
        {
            var laps = new Dictionary<string, double>(StringComparer.Ordinal);
            long last = Stopwatch.GetTimestamp();
            step(name =>
            {
                laps[name] = Stopwatch.GetElapsedTime(last).TotalMilliseconds;
                last = Stopwatch.GetTimestamp();
            });
            return laps;
        }
    }
}
