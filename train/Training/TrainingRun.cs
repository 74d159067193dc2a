using System.Diagnostics;
using System.Globalization;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using Spectre.Console;

namespace SeLoRA.Train;

/// <summary>A whole run from the command line: loads, checks, trains, samples, and leaves a run folder behind.</summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly RunConfig config;
    private readonly Device device;
    private readonly StableDiffusionModel model;
    private readonly AdapterSet adapters;
    private readonly LatentSet train;
    private readonly LatentSet? validation;
    private readonly TrainingLoop loop;
    private readonly DateTimeOffset started = DateTimeOffset.UtcNow;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private double bestValidation = double.PositiveInfinity;
    private int bestStep;
    private int? savedStep;

    private TrainingRun(RunConfig config, CancellationToken cancel)
    {
        this.config = config;
        device = Device.Parse(config.Device);
        DType precision = Precision.Use(config.Precision ??= Precision.Default(device), device);
        Console.WriteLine($"device    {device}: {Backend.Get(device).Name}{(config.Precision == "fp32" ? "" : $", {config.Precision}")}");
        model = BaseModel.Load(config, device, precision);
        Console.WriteLine($"model     {config.Model}: U-Net {model.UNet.ParameterCount / 1e6:F1} M, text encoder {model.TextEncoder.ParameterCount / 1e6:F1} M, VAE {model.Vae.ParameterCount / 1e6:F1} M weights");
        DataSplits data = DataSets.Open(config, Console.WriteLine, cancel);
        train = Encode(data.Train, cancel);
        if (data.Validation is null) (train, validation) = train.Split(config.Validation, config.Seed);
        else validation = Encode(data.Validation, cancel);
        model.UNet.CheckpointBlocks = config.CheckpointBlocks;
        MethodSetup method = Methods.Of(config);
        adapters = method.Method.Create(Methods.Roots(model), AdapterTargets.Parse(config.Targets), config.Seed).Attach();
        PrintAdapters(method);
        loop = new TrainingLoop(config, new Denoiser(model.TextEncoder, model.UNet, device), train, validation, adapters, method.Method,
            NoiseSchedule.FromConfig(model.Scheduler), model.Vae.Config.ScalingFactor);
    }

    /// <summary>Starts a new run.</summary>
    public static int Start(RunConfig config, CancellationToken cancel)
    {
        RunFolder.RefuseRun(config.Out);
        FolderLock.TryOut(config.Out ?? RunFolder.Parent);
        using var run = new TrainingRun(config, cancel);
        RunFolder folder = RunFolder.Create(config, out FolderLock held);
        using (held) return run.Run(folder, null, cancel);
    }

    /// <summary>Goes on with an interrupted run.</summary>
    public static int Resume(RunConfig config, CancellationToken cancel)
    {
        RunFolder folder = RunFolder.Resume(config.Out!, out FolderLock held);
        using FolderLock until = held;
        CheckpointFile? checkpoint = CheckpointFile.Newest(folder.Checkpoints);
        using var run = new TrainingRun(config, cancel);
        if (checkpoint is not null)
        {
            run.loop.Restore(checkpoint);
            (run.bestValidation, run.bestStep, run.savedStep) = (checkpoint.BestValidation, checkpoint.BestStep, checkpoint.Step);
        }
        // The row of step 0 is written when training starts, which a run that was stopped before its first step or checkpoint does again.
        int last = run.loop.Step > 0 ? run.loop.Step : -1;
        folder.TruncateTables(last);
        Console.WriteLine(checkpoint is null ? "no checkpoint yet: from the first step on" : $"resuming after step {checkpoint.Step}");
        return run.Run(folder, last, cancel);
    }

    /// <summary>Frees model and adapters.</summary>
    public void Dispose()
    {
        loop.Dispose();
        adapters.Dispose();
    }

    private LatentSet Encode(IImageTextData data, CancellationToken cancel)
    {
        Console.WriteLine($"data      {data.Description}");
        LatentSet set;
        using (var progress = new ProgressLine("encoding images"))
            set = LatentCache.Encode(data, config.Size!.Value, model.Vae, model.Tokenizer, device, (done, n) => progress.Report(done, n), cancel);
        int contentTokens = model.Tokenizer.MaxLength - 2;
        int cut = set.Captions.Count(c => model.Tokenizer.CountTokens(c) > contentTokens);
        if (cut > 0) Console.WriteLine($"          {cut} of {set.Count} captions are longer than {contentTokens} tokens and lose their end");
        return set;
    }

    private int Run(RunFolder folder, int? resumedAfter, CancellationToken cancel)
    {
        try
        {
            var samples = new SampleSheets(config, model, folder, validation ?? train);
            bool resumed = loop.Step > 0;
            using var board = new TensorBoardLog(folder.Path, config.Batch * config.GradAccumulation, resumedAfter);
            if (!resumed) Before(folder, samples, board, cancel);
            Train(folder, samples, board, cancel);
            End(folder, samples, board, resumed, cancel);
            return 0;
        }
        catch (OperationCanceledException)
        {
            Save(folder);
            Console.WriteLine();
            Console.WriteLine($"interrupted after step {loop.Step}; go on with:  {Program.Command} --resume {folder.Path}");
            return Program.Interrupted;
        }
        catch (DivergedException e)
        {
            throw new EngineException($"{e.Message}; {(savedStep is null ? "nothing was saved before" : $"the last good checkpoint, step {savedStep}, is in {folder.Checkpoints}")}", e);
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{e.Message}; when that is mended, --resume {folder.Path} goes on after step {savedStep ?? 0}", e);
        }
    }

    private void Before(RunFolder folder, SampleSheets samples, TensorBoardLog board, CancellationToken cancel)
    {
        samples.Draw(0, cancel);
        double? before = loop.Validate();
        var row = new MetricsRow(0, 0, null, before, adapters.RankTotal, null, null, null);
        folder.AppendMetrics(row);
        board.Add(row);
        board.AddRanks(0, adapters);
        board.AddImage(0, samples.Sheet(0));
        if (before is not null) Console.WriteLine($"validation loss before training {before:F4}");
    }

    private void Train(RunFolder folder, SampleSheets samples, TensorBoardLog board, CancellationToken cancel)
    {
        int first = loop.Step;
        double? lastValidation = folder.ReadMetrics().LastOrDefault(row => row.Validation is not null)?.Validation;
        bool told = false;
        using var progress = new ProgressLine("step");
        while (loop.Step < loop.TotalSteps)
        {
            StepResult result = loop.Next();
            int step = loop.Step;
            if (!told && loop.ReplayProblem is { } problem)
            {
                told = true;
                Console.WriteLine($"graphs    off, kernels are launched one by one: {problem}");
            }
            bool last = step == loop.TotalSteps, epochEnd = loop.Order.EndsEpoch(step);
            double? measured = epochEnd || last ? Validate(folder) : null;
            lastValidation = measured ?? lastValidation;
            double memory = Backend.Get(device).Memory.PeakInUse / 1e6;
            var row = new MetricsRow(step, loop.Order.Epoch(step), result.Loss, measured, adapters.RankTotal,
                result.GradNorm, result.Milliseconds, memory, result.LossScale);
            folder.AppendMetrics(row);
            folder.AppendRanks(result.Decisions);
            board.Add(row);
            if (result.Decisions.Count > 0) board.AddRanks(step, adapters);
            progress.Report(step, loop.TotalSteps, string.Create(CultureInfo.InvariantCulture,
                $"loss {result.Loss:F4}  val {lastValidation:F4}  rank {adapters.RankTotal}  {result.Milliseconds:F0} ms/step  "
                + $"{1000.0 * config.Batch * config.GradAccumulation / result.Milliseconds:F1} images/s  {memory:F0} MB"), first);
            bool due = config.CheckpointEvery > 0 ? step % config.CheckpointEvery == 0 : epochEnd;
            if (due || last) Save(folder);
            cancel.ThrowIfCancellationRequested();
            if (config.SampleEvery == 0 || step % config.SampleEvery != 0 || last) continue;
            samples.Draw(step, cancel);
            board.AddImage(step, samples.Sheet(step));
        }
    }

    /// <summary>Samples, pictures and counts of the adapter that is handed over: the best one, which need not be the last.</summary>
    private void End(RunFolder folder, SampleSheets samples, TensorBoardLog board, bool resumed, CancellationToken cancel)
    {
        if (validation is null)
        {
            bestStep = loop.Step;
            WriteAdapter(folder);
        }
        adapters.Detach();
        // The first grid is drawn again where another process drew it: the model without adapters is the model before training.
        if (resumed) samples.Draw(0, cancel);
        using AdapterSet best = AdapterFile.Load(folder.Adapter, Methods.Roots(model), out _).Attach();
        samples.Draw(bestStep, cancel);
        board.AddImage(bestStep, samples.Sheet(bestStep));
        RunReport.Write(folder, config.Method, best);
        new RunSummary(Backend.Get(device).Name, train.Count, validation?.Count ?? 0, bestStep, double.IsFinite(bestValidation) ? bestValidation : null,
            best.Shares(), best.Adapters.ToDictionary(a => a.Target.FullName, a => a.Rank)).Write(folder);
        RunPage.Write(folder.Path);
        PrintEnd(folder, best);
    }

    private void Save(RunFolder folder)
    {
        loop.Checkpoint(bestValidation, bestStep).Save(folder.Checkpoints);
        savedStep = loop.Step;
    }

    private double? Validate(RunFolder folder)
    {
        if (loop.Validate() is not { } loss) return null;
        if (!loop.IsSettled || !(loss < bestValidation)) return loss;
        (bestValidation, bestStep) = (loss, loop.Step);
        WriteAdapter(folder);
        return loss;
    }

    private void WriteAdapter(RunFolder folder) =>
        AdapterFile.Write(folder.Adapter, adapters, Methods.Metadata(config, loop, train.Count, started, clock.Elapsed));

    private void PrintAdapters(MethodSetup method)
    {
        Console.WriteLine($"adapters  {config.Method}: {method.Summary}");
        foreach (AdapterShare share in adapters.Shares()) Console.WriteLine($"          {share}");
        Console.WriteLine($"training  {train.Count} images, {validation?.Count ?? 0} to validate; batch {config.Batch}, lr {config.LearningRate:G3}");
    }

    private void PrintEnd(RunFolder folder, AdapterSet best)
    {
        IReadOnlyList<MetricsRow> rows = folder.ReadMetrics();
        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "before", "after");
        if (validation is not null)
            table.AddRow("validation loss", $"{rows[0].Validation:F4}", $"{bestValidation:F4} (step {bestStep})");
        table.AddRow("total rank", $"{rows[0].RankTotal}", $"{best.RankTotal}");
        AnsiConsole.Write(table);
        if (rows[0].Validation <= bestValidation) Console.WriteLine("training did not lower the validation loss: try a lower --lr or more images");
        foreach (AdapterShare share in best.Shares()) Console.WriteLine(share.ToString());
        Console.WriteLine($"run folder  {folder.Path}");
    }
}
