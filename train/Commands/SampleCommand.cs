using System.CommandLine;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>sample: text to image with a base model and, if given, a trained adapter.</summary>
internal static class SampleCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var model = new Option<string>("--model") { HelpName = "PATH", Description = "Stable Diffusion 1.5 as a diffusers folder, a single file or a name in Hugging Face's cache, or 'mini' (mini).", DefaultValueFactory = _ => RunConfig.MiniModel };
        var tokenizer = new Option<string?>("--tokenizer") { HelpName = "DIR", Description = "Folder with vocab.json and merges.txt, for a model in a single file (a folder 'tokenizer' beside it)." };
        var adapter = new Option<string[]>("--adapter")
        {
            HelpName = "FILE[:WEIGHT]",
            Description = "Adapter, such as a run's adapter.safetensors: kohya's, diffusers' or PEFT's form; its weight is 1. Given several times, they add up.",
        };
        var prompt = new Option<string[]>("--prompt") { HelpName = "TEXT", Description = "What to draw; may be given several times.", Required = true };
        var negative = new Option<string>("--negative") { HelpName = "TEXT", Description = "What to stay away from.", DefaultValueFactory = _ => "" };
        var count = new Option<int>("--count") { HelpName = "N", Description = "Images a prompt (1).", DefaultValueFactory = _ => 1 };
        var seed = new Option<ulong>("--seed") { HelpName = "N", Description = "Seed of the first image; the next ones count up (0).", DefaultValueFactory = _ => 0 };
        var steps = new Option<int>("--steps") { HelpName = "N", Description = "Denoising steps (30).", DefaultValueFactory = _ => 30 };
        var guidance = new Option<float>("--guidance") { HelpName = "X", Description = "Classifier-free guidance scale (7.5; mini 4).", DefaultValueFactory = _ => float.NaN };
        var scheduler = new Option<string?>("--scheduler") { HelpName = "NAME", Description = $"Sampler: {string.Join(", ", SchedulerFactory.Names)} (the model's own)." };
        var size = new Option<int>("--size") { HelpName = "PX", Description = "Side of the square images; a multiple of 8 (the model's own)." };
        var device = new Option<string>("--device") { HelpName = "NAME", Description = "auto, cpu, cuda:0, opencl:0.", DefaultValueFactory = _ => "auto" };
        var precision = new Option<string?>("--precision") { HelpName = "TYPE", Description = "What U-Net and text encoder compute in on a GPU: fp32, tf32 (CUDA), bf16 or fp16 (bf16 on CUDA, else fp32)." };
        var noGraphs = new Option<bool>("--no-graphs") { Description = "On a GPU, launch the kernels of every denoising step one by one instead of recording a step and replaying it." };
        var folder = new Option<string>("--out") { HelpName = "DIR", Description = "Where the PNG files and their metadata.csv go (samples).", DefaultValueFactory = _ => "samples" };
        var command = new Command("sample", "Draw images from prompts.")
        { model, tokenizer, adapter, prompt, negative, count, seed, steps, guidance, scheduler, size, device, precision, noGraphs, folder };
        command.SetAction((result, cancel) =>
        {
            string name = result.GetValue(model)!;
            bool mini = name == RunConfig.MiniModel;
            float scale = result.GetValue(guidance);
            var options = new SamplingOptions
            {
                Prompt = "",
                NegativePrompt = result.GetValue(negative)!,
                Steps = result.GetValue(steps),
                GuidanceScale = float.IsNaN(scale) ? mini ? 4f : 7.5f : scale,
                Width = result.GetValue(size),
                Height = result.GetValue(size),
                Seed = result.GetValue(seed),
                Count = result.GetValue(count),
            };
            Run(ModelFolder.Open(mini ? MiniModel.Folder : name, result.GetValue(tokenizer)), result.GetValue(adapter) ?? [], result.GetValue(prompt)!, options, result.GetValue(scheduler),
                Device.Parse(result.GetValue(device)!), result.GetValue(precision), !result.GetValue(noGraphs), result.GetValue(folder)!, cancel);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(ModelFolder source, string[] files, string[] prompts, SamplingOptions options, string? sampler, Device device,
        string? precision, bool replays, string folder, CancellationToken cancel)
    {
        if (options.Steps < 1) throw new EngineException($"--steps {options.Steps}: at least 1 is needed");
        if (options.Count < 1) throw new EngineException($"--count {options.Count}: at least 1 is needed");
        DType type = Precision.Use(precision ?? Precision.Default(device), device);
        StableDiffusionModel model = source.Load(device, type);
        using AdapterSet adapters = AdapterFile.Load([.. files.Select(AdapterSource.Parse)], Methods.Roots(model), out IReadOnlyList<string> warnings).Attach();
        foreach (string warning in warnings) Console.Error.WriteLine($"warning: {warning}");
        IScheduler scheduler = sampler is null ? SchedulerFactory.FromConfig(model.Scheduler) : SchedulerFactory.Create(sampler, model.Scheduler);
        var pipeline = new StableDiffusionPipeline(model, scheduler) { Replays = replays };
        using var output = new SampleFolder(folder);
        using var progress = new ProgressLine("image");
        int total = prompts.Length * options.Count, done = 0;
        foreach (string prompt in prompts)
            for (int i = 0; i < options.Count; i++)
            {
                SamplingOptions one = options with
                {
                    Prompt = prompt,
                    Seed = options.Seed + (ulong)i,
                    Count = 1,
                    Progress = p => progress.Report(done + 0.99 * p.Step / p.Steps, total),
                };
                string file = output.Add(pipeline.Generate(one, cancel)[0], prompt);
                progress.Report(++done, total, file);
            }
        if (pipeline.ReplayProblem is { } problem) Console.WriteLine($"kernels were launched one by one: {problem}");
    }
}
