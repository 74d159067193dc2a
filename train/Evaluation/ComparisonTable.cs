using System.Globalization;
using System.Text;
using System.Text.Json;
using SeLoRA.Engine;
using Spectre.Console;

namespace SeLoRA.Train;

/// <summary>The results of a comparison: on the console, as <c>comparison.json</c> and as <c>comparison.md</c>.</summary>
internal sealed class ComparisonTable
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly IReadOnlyList<ComparisonRow> rows;
    private readonly IReadOnlyList<string> columns, notes;

    /// <summary>Reads the results of finished cells.</summary>
    /// <exception cref="EngineException">A cell was evaluated in another way than the others.</exception>
    public ComparisonTable(IReadOnlyList<ComparisonCell> cells)
    {
        (ComparisonCell Cell, EvaluationFile Evaluation)[] all = [.. cells.Select(c => (c, EvaluationFile.Read(c.Config.Out!)))];
        EvaluationFile first = all[0].Evaluation;
        foreach ((ComparisonCell cell, EvaluationFile other) in all)
            if (!other.Metrics.Keys.SequenceEqual(first.Metrics.Keys) || (other.Images, other.Steps, other.Guidance) != (first.Images, first.Steps, first.Guidance))
                throw new EngineException($"{cell.Config.Out}: was evaluated in another way than {cells[0].Config.Out}; delete its {EvaluationFile.Name} and compare again");
        rows = [.. all.GroupBy(c => c.Cell.Name).Select(group => new ComparisonRow(group.Key, [.. group.Select(c => CellResult.Read(c.Cell, c.Evaluation))]))];
        columns = [.. rows[0].Cells[0].Values.Keys];
        RunConfig config = cells[0].Config;
        notes =
        [
            string.Create(CultureInfo.InvariantCulture, $"model {config.Model}, data {config.Data}, {Length(config)} of batch {config.Batch}; {rows[0].Cells.Count} {(rows[0].Cells.Count == 1 ? "seed" : "seeds")} from {config.Seed}: mean ± standard deviation"),
            string.Create(CultureInfo.InvariantCulture, $"{first.Images} images a cell, {first.Steps} steps of {first.Scheduler}, guidance {first.Guidance}; {first.Data}"),
            .. all.SelectMany(c => c.Evaluation.Warnings).Distinct(),
        ];
    }

    /// <summary>Prints the table.</summary>
    public void Print()
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("");
        foreach (ComparisonRow row in rows) table.AddColumn(row.Name);
        foreach (string column in columns) table.AddRow([Markup.Escape(column), .. rows.Select(row => Value(row, column))]);
        AnsiConsole.Write(table);
        foreach (string note in notes) Console.WriteLine(note);
    }

    /// <summary>Writes both files.</summary>
    public void Save(string folder)
    {
        AtomicFile.Write(Path.Combine(folder, "comparison.json"), stream => JsonSerializer.Serialize(stream, new { notes, methods = rows }, Json));
        AtomicFile.Write(Path.Combine(folder, "comparison.md"), stream => stream.Write(Encoding.UTF8.GetBytes(Markdown())));
    }

    private string Markdown()
    {
        var text = new StringBuilder();
        text.Append("| method | ").AppendJoin(" | ", columns).Append(" |\n|---|").Insert(text.Length, "---:|", columns.Count).Append('\n');
        foreach (ComparisonRow row in rows)
            text.Append($"| {row.Name} | ").AppendJoin(" | ", columns.Select(column => Value(row, column))).Append(" |\n");
        foreach (string note in notes) text.Append('\n').Append(note).Append('\n');
        return text.ToString();
    }

    private static string Value(ComparisonRow row, string column)
    {
        double mean = row.Mean[column];
        string format = mean >= 1000 ? "N0" : mean >= 100 ? "F1" : mean >= 10 ? "F2" : "F4";
        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
        return row.Deviation.TryGetValue(column, out double deviation) ? $"{Text(mean)} ± {Text(deviation)}" : Text(mean);
    }

    private static string Length(RunConfig config) => config.Steps is { } steps ? $"{steps} steps" : $"{config.Epochs} epochs";
}
