using System.CommandLine;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary><c>resize IN OUT --rank R | --energy X</c>: an adapter of lower ranks, as close as ranks allow.</summary>
internal static class ResizeCommand
{
    public static Command Create(TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var input = new Argument<string>("in") { Description = "A LoRA file or folder of any form" };
        var result = new Argument<string>("out") { Description = "File to write; for peft a folder that does not exist yet" };
        var rank = new Option<int?>("--rank") { HelpName = "R", Description = "No module keeps more than R ranks" };
        var energy = new Option<double?>("--energy")
        {
            HelpName = "X",
            Description = "Each module keeps as few ranks as hold the share X of its update's energy (its squared entries), such as 0.95",
        };
        var format = new Option<string?>("--format") { Description = $"{AdapterText.FormatHelp} (that of IN)" };
        format.AcceptOnlyFromAmong(AdapterText.Formats);
        Option<string?> model = AdapterNetworks.ModelOption();
        var command = new Command("resize",
            """
            Lower the ranks of an adapter

            Each module's update is replaced by the nearest one of lower rank (its largest singular values, in double precision). Modules that need
            no change stay bit for bit as they are; those whose update is zero are left out. Prints each module's ranks and the energy that is kept.
            """)
        {
            input, result, rank, energy, format, model,
        };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(input), parsed.GetRequiredValue(result), parsed.GetValue(rank),
            parsed.GetValue(energy), parsed.GetValue(format), parsed.GetValue(model), output, error, cancel));
        return command;
    }

    private static int Run(string input, string result, int? rank, double? energy, string? format, string? model, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        if (rank is null && energy is null) throw new EngineException("resize: --rank or --energy is needed");
        if (rank < 1) throw new EngineException($"--rank {rank}: at least 1 is needed");
        if (energy is not (null or (> 0 and <= 1))) throw new EngineException($"--energy {energy}: a share above 0 and at most 1 is needed");
        AdapterFileContent content = AdapterReader.Read(input, AdapterNetworks.Roots(model));
        AdapterText.Warn(error, content.Unmatched);
        var resized = new List<AdapterFileModule>();
        foreach (AdapterFileModule module in content.Modules)
        {
            cancel.ThrowIfCancellationRequested();
            (AdapterFileModule? smaller, double kept) = RankReduction.Reduce(module, rank ?? int.MaxValue, energy ?? double.PositiveInfinity);
            if (smaller is not null) resized.Add(smaller);
            output.WriteLine(FormattableString.Invariant($"{module.Slot.FullName,-90} rank {module.Rank,4} to {smaller?.Rank ?? 0,4}  energy {kept:0.0000}"));
        }
        AdapterText.Warn(error, AdapterWriter.Write(result, format is null ? content.Format : AdapterText.Format(format), resized, content.Metadata));
        output.WriteLine($"{result}: {AdapterText.Describe(resized)}; ranks in all {content.Modules.Sum(m => m.Rank)} to {resized.Sum(m => m.Rank)}");
        return 0;
    }
}
