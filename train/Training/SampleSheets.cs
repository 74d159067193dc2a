using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>
/// The sample grids of a run: the same prompts and seeds each time, so that what changes is the adapter. The first grid of a process is
/// kept to stand beside the last.
/// </summary>
internal sealed class SampleSheets
{
    private const int Prompts = 5, SeedsPerPrompt = 3;

    private readonly RunConfig config;
    private readonly RunFolder folder;
    private readonly StableDiffusionPipeline pipeline;
    private readonly string[] prompts;
    private SampleGroup? first;

    /// <summary>Chooses the prompts: those of the run, else different captions of held-out images.</summary>
    public SampleSheets(RunConfig config, StableDiffusionModel model, RunFolder folder, LatentSet captions)
    {
        this.config = config;
        this.folder = folder;
        pipeline = new StableDiffusionPipeline(model, SchedulerFactory.Create("dpmpp_2m", model.Scheduler)) { Replays = !config.NoGraphs };
        prompts = config.Prompts.Count > 0 ? [.. config.Prompts] : [.. captions.Captions.Distinct().Take(Prompts)];
    }

    /// <summary>Where the grid of a step stands, once it is drawn.</summary>
    public string Sheet(int step) => folder.Sub($"samples/step-{step:D6}.png");

    /// <summary>Draws all prompts with the model as it is and writes <c>samples/step-N.png</c>.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is written then.</exception>
    public void Draw(int step, CancellationToken cancel)
    {
        if (config.SampleSteps == 0) return;
        var rows = new List<IReadOnlyList<RgbImage>>();
        using var progress = new ProgressLine("samples");
        foreach (string prompt in prompts)
        {
            int before = rows.Count * SeedsPerPrompt, batch = config.IsMini ? SeedsPerPrompt : 1;
            var options = new SamplingOptions
            {
                Prompt = prompt,
                Steps = config.SampleSteps,
                GuidanceScale = config.Guidance,
                Width = config.Size!.Value,
                Height = config.Size!.Value,
                Seed = config.Seed,
                Count = SeedsPerPrompt,
                BatchSize = batch,
                Progress = p => progress.Report(before + p.Image + (double)batch * p.Step / p.Steps, prompts.Length * SeedsPerPrompt),
            };
            rows.Add([.. pipeline.Generate(options, cancel).Select(i => new RgbImage(i.Width, i.Height, i.ToBytes()))]);
        }
        var now = new SampleGroup(step == 0 ? "before" : $"after {step} steps", rows);
        string[] columns = [.. Enumerable.Range(0, SeedsPerPrompt).Select(i => $"seed {config.Seed + (ulong)i}")];
        SampleGrid.Save(Sheet(step), $"{config.Model}, {config.Method}", prompts, columns, [now]);
        if (first is not null)
            SampleGrid.Save(folder.Sub("samples/before-after.png"), $"{config.Model}, {config.Method}", prompts, columns, [first, now]);
        first ??= now;
    }
}
