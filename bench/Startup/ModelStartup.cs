using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Bench;

/// <summary>From a model folder to the first training step, in parts.</summary>
internal static class ModelStartup
{
    /// <summary>Measures in this process, which should do nothing else: its start counts.</summary>
    public static void Measure(string path, StepOptions options)
    {
        double processMs = (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalMilliseconds;
        ModelFolder folder = null!;
        StableDiffusionModel model = null!;
        AdapterTraining training = null!;
        Dictionary<string, double> laps = LapWatch.Time(lap =>
        {
            folder = ModelFolder.Open(path);
            foreach (string file in Directory.EnumerateFiles(path, "*.safetensors", SearchOption.AllDirectories))
                using (SafetensorsReader.Open(file)) lap("map");
            ClipTokenizer tokenizer = folder.LoadTokenizer();
            SchedulerConfig scheduler = folder.ReadSchedulerConfig();
            lap("tokenizer");
            model = new StableDiffusionModel(folder.LoadUNet(options.Device), folder.LoadVae(options.Device),
                folder.LoadTextEncoder(options.Device), tokenizer, scheduler);
            lap("load");
            training = new AdapterTraining(options, model.TextEncoder, model.UNet);
            training.Attach();
            lap("adapters");
        });
        foreach (string step in (string[])["first_step", "second_step"])
            laps[step] = LapWatch.Time(lap => training.Step(lap)).Values.Sum();

        long bytes = Directory.EnumerateFiles(path, "*.safetensors", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        double toFirst = processMs + laps.Values.Sum() - laps["second_step"];
        var record = new JsonObject
        {
            ["task"] = "startup-model", ["size"] = options.Size, ["batch"] = options.Batch, ["dtype"] = "fp32", ["method"] = options.Method,
            ["rank"] = options.Rank, ["model_bytes"] = bytes, ["ms"] = Math.Round(toFirst, 2), ["ms_process"] = Math.Round(processMs, 2),
        };
        foreach ((string part, double ms) in laps) record[$"ms_{part}"] = Math.Round(ms, 2);
        record["load_gb_s"] = Math.Round(bytes / laps["load"] / 1e6, 3);
        Machine.Describe(record, options.Device);
        Machine.DescribePeakMemory(record, options.Device);
        record["load_after"] = Machine.Load();
        training.Dispose();
        Console.WriteLine(record.ToJsonString());
        string parts = string.Join(", ", laps.Select(lap => string.Create(CultureInfo.InvariantCulture, $"{lap.Key} {lap.Value:F0} ms")));
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"startup model {options.Size} x{options.Batch}: {toFirst / 1e3:F2} s to the end of the first step: process {processMs:F0} ms, {parts}"));
    }

    /// <summary>One new process a round; without a folder one is written first and removed after.</summary>
    public static void InProcesses(string? path, StepOptions options, int rounds)
    {
        DirectoryInfo? written = path is null ? Directory.CreateTempSubdirectory("selora-startup-") : null;
        try
        {
            if (written is not null) Write(written.FullName);
            string[] arguments = ["startup", "model", "--folder", path ?? written!.FullName, "--size", $"{options.Size}", "--batch", $"{options.Batch}", "--rank", $"{options.Rank}"];
            for (int i = 0; i < rounds; i++)
            {
                using Process process = Process.Start(ProgramFile.StartInfo("SeLoRA.Bench", arguments))!;
                process.WaitForExit();
                if (process.ExitCode != 0) throw new EngineException($"startup model: the measuring process ended with exit code {process.ExitCode}");
            }
        }
        finally
        {
            written?.Delete(recursive: true);
        }
    }

    /// <summary>A model of full size in float32. Its vocabulary is a small one: it takes no part in what is timed but for its reading.</summary>
    private static void Write(string path)
    {
        Console.Error.WriteLine($"writing a model of full size to {path}");
        ModelSize size = ModelSize.All["sd15"];
        var tokenizer = new ClipTokenizer(ClipVocabularyTrainer.Train(["chest x-ray, no finding", "chest x-ray, left effusion"], ClipVocabularyTrainer.MinSize + 8));
        var model = new StableDiffusionModel(ModelSize.Load(new UNet2DConditionModel(size.UNet), Device.Cpu),
            ModelSize.Load(new AutoencoderKL(size.Vae), Device.Cpu), ModelSize.Load(new ClipTextModel(size.Text), Device.Cpu), tokenizer,
            SchedulerConfig.Parse(ModelSize.Schedule));
        ModelFolder.Save(model, path, SafetensorsDType.F32);
        // The measuring process shall have the machine's memory.
        ModelSize.Unload([model.UNet, model.Vae, model.TextEncoder], Device.Cpu);
    }
}
