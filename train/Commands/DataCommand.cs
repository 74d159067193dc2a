using System.CommandLine;
using SeLoRA.Model;
using Spectre.Console;

namespace SeLoRA.Train;

/// <summary>data: what a folder of images with captions holds, how it is split, and what in it cannot be used.</summary>
internal static class DataCommand
{
    private const int SizesShown = 3, RejectsShown = 10;

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "The folder, as for --data of a training run." };
        var dataset = new Option<string>("--dataset") { HelpName = "NAME", Description = $"Its layout: {string.Join(", ", DataLayouts.Names)} (auto).", DefaultValueFactory = _ => "auto" };
        dataset.AcceptOnlyFromAmong([.. DataLayouts.Names]);
        var column = new Option<string?>("--column") { HelpName = "NAME", Description = "Caption column of the metadata file (text)." };
        var seed = new Option<ulong>("--seed") { HelpName = "N", Description = "Seed of draws and splits, as for a training run (42).", DefaultValueFactory = _ => new RunConfig().Seed };
        var model = new Option<string>("--model") { HelpName = "DIR", Description = "Whose tokenizer measures the captions: a Stable Diffusion 1.5 folder, or 'mini' (mini).", DefaultValueFactory = _ => RunConfig.MiniModel };
        var skipBad = new Option<bool>("--skip-bad") { Description = "Bad rows are no error." };
        var json = new Option<string?>("--json") { HelpName = "FILE", Description = "Write everything, with all rejects and the split of every image, to this file." };
        var command = new Command("data", "Check a folder of images with captions: layout, splits, sizes, caption lengths, rejects.")
        { folder, dataset, column, seed, model, skipBad, json };
        command.SetAction((result, cancel) =>
        {
            Run(result.GetValue(folder)!, result.GetValue(dataset)!, result.GetValue(column), result.GetValue(seed),
                result.GetValue(model)!, result.GetValue(skipBad), result.GetValue(json), cancel);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(
        string folder, string dataset, string? column, ulong seed, string model, bool skipBad, string? json, CancellationToken cancel)
    {
        ClipTokenizer tokenizer = ModelFolder.Open(model == RunConfig.MiniModel ? MiniModel.Folder : model).LoadTokenizer();
        DataFolder data;
        using (var progress = new ProgressLine("checking images"))
            data = DataFolder.Load(folder, dataset, seed, skipBad: true, column, (done, total) => progress.Report(done, total), cancel);
        DataSummary summary = DataSummary.Of(data, seed, model, tokenizer);
        Print(summary);
        if (json is not null) summary.WriteJson(json);
        if (!skipBad) RowChecks.Refuse(folder, summary.Rejects, summary.Pairs + summary.Rejects.Count);
    }

    private static void Print(DataSummary data)
    {
        Console.WriteLine($"layout    {data.Layout}: {data.Title}");
        Console.WriteLine($"pairs     {data.Pairs:N0}{(data.Patients is { } patients ? $" of {patients:N0} patients" : "")}");
        foreach (string note in data.Notes) Console.WriteLine($"          {note}");
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("split", "pairs", "share", "patients");
        foreach (PartSummary part in data.Splits)
            table.AddRow(part.Name, $"{part.Pairs:N0}", $"{100.0 * part.Pairs / data.Pairs:F1} %", $"{part.Patients:N0}");
        AnsiConsole.Write(table);
        if (data.Splits.Single(p => p.Name == "validation").Pairs == 0)
            Console.WriteLine("          no part for validation: a training run takes its --validation share out of train");
        string others = data.Sizes.Count > SizesShown ? $", {data.Sizes.Count - SizesShown:N0} other sizes" : "";
        Console.WriteLine($"sizes     {string.Join(", ", data.Sizes.Take(SizesShown).Select(s => $"{s.Width}x{s.Height} ({s.Count:N0})"))}{others}; "
            + $"shorter sides {data.Sizes.Min(s => Math.Min(s.Width, s.Height))} to {data.Sizes.Max(s => Math.Min(s.Width, s.Height))}");
        CaptionLengths c = data.Captions;
        Console.WriteLine($"captions  {c.Shortest} to {c.Longest} tokens ({c.Model}), half up to {c.Median}, 95 % up to {c.Percentile95}; "
            + $"{c.Cut:N0} ({100 * c.CutShare:F1} %) exceed {c.Limit} and lose their end");
        if (data.Rejects.Count == 0) return;
        Console.WriteLine($"rejects   {data.Rejects.Count:N0}");
        foreach (DataProblem reject in data.Rejects.Take(RejectsShown)) Console.WriteLine($"          {reject}");
        if (data.Rejects.Count > RejectsShown) Console.WriteLine($"          and {data.Rejects.Count - RejectsShown:N0} more; --json FILE lists them all");
    }
}
