using System.Diagnostics;
using System.Globalization;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using Spectre.Console;

namespace SeLoRA.Train;

/// <summary>
/// Generates an image for each held-out caption with a trained adapter, measures them against the real images, and leaves
/// <c>evaluation.json</c> and the images behind.
/// </summary>
internal sealed class Evaluation
{
    /// <summary>Folder of the images in a run's folder.</summary>
    public const string ImageFolder = "evaluation";

    /// <summary>Real images that are kept to be looked at beside the generated ones: a report's, not the whole data set again.</summary>
    public const int RealKept = 6;

    private const string Sampler = "dpmpp_2m";

    private readonly EvaluationSubject subject;
    private readonly RunConfig config;
    private readonly ulong seed;
    private readonly StableDiffusionModel model;
    private readonly IImageTextData data;
    private readonly SetScores scores;

    private Evaluation(EvaluationSubject subject, EvaluationOptions options, ulong seed, CancellationToken cancel)
    {
        (this.subject, config, this.seed) = (subject, subject.Config, seed);
        Device device = Device.Parse(config.Device);
        Console.WriteLine($"device    {device}: {Backend.Get(device).Name}");
        DType precision = Precision.Use(config.Precision ?? Precision.Default(device), device);
        InceptionV3? inception = options.Inception is null ? null : InceptionV3.Load(options.Inception, device);
        ClipScorer? clip = options.Clip is null ? null : new ClipScorer(options.Clip, device);
        model = BaseModel.Load(config, device, precision);
        IReadOnlyList<IImageFeatures> spaces = inception is null
            ? [new VaeFeatures(model.Vae, ModelName(config))]
            : [.. Enum.GetValues<InceptionLayer>().OrderDescending().Select(layer => new InceptionFeatures(inception, layer))];
        scores = new SetScores(spaces, clip, device);
        data = HeldOutImages.Open(config, model, options.Count, cancel);
        Console.WriteLine($"data      {data.Description}");
    }

    /// <summary>Evaluates.</summary>
    /// <param name="subject">What; its config is resolved.</param>
    /// <param name="options">How.</param>
    /// <param name="seed">Seed of the first image; the next ones count up. Null: that of the run.</param>
    /// <param name="cancel">Ends it between two sampling steps; no result is left then.</param>
    /// <exception cref="EngineException">An option is impossible, a file does not fit, or nothing is held out.</exception>
    public static EvaluationFile Run(EvaluationSubject subject, EvaluationOptions options, ulong? seed, CancellationToken cancel)
    {
        if (options.Count < 2) throw new EngineException($"--count {options.Count}: at least 2 images are needed for a distance of two sets");
        if (subject.Config.SampleSteps < 1) throw new EngineException($"--sample-steps {subject.Config.SampleSteps}: at least 1 is needed");
        return new Evaluation(subject, options, seed ?? subject.Config.Seed, cancel).Run(cancel);
    }

    /// <summary>Where the real image of a caption is kept.</summary>
    /// <param name="images">The folder of the generated images.</param>
    /// <param name="index">Number of the caption.</param>
    public static string RealPath(string images, int index) => Path.Combine(images, "real", $"{index:D4}.png");

    private string Images => Path.Combine(subject.Folder, ImageFolder);

    private EvaluationFile Run(CancellationToken cancel)
    {
        using AdapterSet adapters = AdapterFile.Load(subject.Adapter, Methods.Roots(model), out string? unmatched).Attach();
        if (unmatched is not null) Console.Error.WriteLine($"warning: {unmatched}");
        using SampleFolder images = StartFolder();
        Batches("real images", (first, captions, _) =>
        {
            RgbImage[] real = Real(first, captions.Length);
            for (int i = 0; i < real.Length && first + i < RealKept; i++) ImageFile.SavePng(RealPath(Images, first + i), real[i]);
            scores.AddReal(real, captions, [.. captions.Select((_, i) => data.Caption((first + i + data.Count / 2) % data.Count))]);
        }, cancel);
        var pipeline = new StableDiffusionPipeline(model, SchedulerFactory.Create(Sampler, model.Scheduler)) { Replays = !config.NoGraphs };
        Batches("images", (first, captions, progress) =>
        {
            IReadOnlyList<SampledImage> made = pipeline.Generate(captions, Sampling(first, captions.Length, progress), cancel);
            foreach ((SampledImage image, string caption) in made.Zip(captions)) images.Add(image, caption);
            scores.AddGenerated([.. made.Select(i => new RgbImage(i.Width, i.Height, i.ToBytes()))], captions);
        }, cancel);
        EvaluationFile file = Result(adapters);
        file.Save(subject.Folder);
        Print(file);
        return file;
    }

    /// <summary>Calls something for each batch with its first index, its captions, and what to tell of the progress inside.</summary>
    private void Batches(string title, Action<int, string[], Action<double>> each, CancellationToken cancel)
    {
        using var progress = new ProgressLine(title);
        long start = Stopwatch.GetTimestamp();
        void Report(double done) => progress.Report(done, data.Count, string.Create(CultureInfo.InvariantCulture,
            $"{done / Math.Max(1e-3, Stopwatch.GetElapsedTime(start).TotalSeconds):F2} images/s"));
        for (int first = 0; first < data.Count; first += config.Batch)
        {
            cancel.ThrowIfCancellationRequested();
            string[] captions = [.. Enumerable.Range(first, Math.Min(config.Batch, data.Count - first)).Select(data.Caption)];
            int before = first;
            each(first, captions, part => Report(before + 0.99 * part * captions.Length));
            Report(first + captions.Length);
        }
    }

    // The same 8 bits as the generated images have.
    private RgbImage[] Real(int first, int count)
    {
        int size = config.Size!.Value;
        return [.. Enumerable.Range(first, count).Select(i => RgbImage.FromSignedUnit(size, size, data.Pixels(i, size)))];
    }

    private SamplingOptions Sampling(int first, int count, Action<double> progress) => new()
    {
        Prompt = "",
        Steps = config.SampleSteps,
        GuidanceScale = config.Guidance,
        Width = config.Size!.Value,
        Height = config.Size!.Value,
        Seed = seed + (ulong)first,
        BatchSize = count,
        Progress = p => progress((double)p.Step / p.Steps),
    };

    /// <summary>Removes what an earlier evaluation left, so that a result never stands beside images that are not its own.</summary>
    private SampleFolder StartFolder()
    {
        var folder = new SampleFolder(Images, clear: true);
        string real = Path.GetDirectoryName(RealPath(Images, 0))!;
        Directory.CreateDirectory(real);
        foreach (string old in Directory.GetFiles(real, "*.png")) File.Delete(old);
        File.Delete(Path.Combine(subject.Folder, EvaluationFile.Name));
        return folder;
    }

    private EvaluationFile Result(AdapterSet adapters)
    {
        (IReadOnlyDictionary<string, double> metrics, IReadOnlyList<string> warnings) = scores.Result();
        return new EvaluationFile
        {
            Metrics = metrics,
            Images = data.Count,
            Size = config.Size!.Value,
            Seed = seed,
            Steps = config.SampleSteps,
            Guidance = config.Guidance,
            Scheduler = Sampler,
            Model = config.Model,
            Adapter = Path.GetRelativePath(subject.Folder, subject.Adapter),
            Data = data.Description,
            Date = DateTimeOffset.UtcNow,
            Networks = adapters.Shares(),
            Warnings = warnings,
        };
    }

    private void Print(EvaluationFile file)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("metric", "value");
        foreach ((string name, double value) in file.Metrics)
            table.AddRow(Markup.Escape(name), value.ToString("F4", CultureInfo.InvariantCulture));
        AnsiConsole.Write(table);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{file.Images} images of {file.Size} px, {file.Steps} steps of {file.Scheduler}, guidance {file.Guidance}, seeds from {file.Seed}"));
        foreach (string warning in file.Warnings) Console.WriteLine($"warning: {warning}");
        Console.WriteLine($"results   {Path.Combine(subject.Folder, EvaluationFile.Name)}");
    }

    private static string ModelName(RunConfig config) => Path.GetFileName(Path.TrimEndingDirectorySeparator(config.Model));
}
