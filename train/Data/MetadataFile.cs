using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>The <c>metadata.csv</c> or <c>metadata.jsonl</c> of an image folder.</summary>
internal static class MetadataFile
{
    private const int BrokenMost = 1000;

    private const string FileNameColumn = "file_name";

    private static readonly string[] s_captionColumns = ["text", "caption", "prompt"];

    /// <summary>The folder's metadata file, or null.</summary>
    public static string? Find(string folder)
    {
        string csv = Path.Combine(folder, "metadata.csv"), jsonl = Path.Combine(folder, "metadata.jsonl");
        string parquet = Path.Combine(folder, "metadata.parquet");
        if (File.Exists(csv) && File.Exists(jsonl))
            throw new EngineException($"{folder}: both metadata.csv and metadata.jsonl; keep one of them");
        if (File.Exists(csv)) return csv;
        if (File.Exists(jsonl)) return jsonl;
        if (File.Exists(parquet))
            throw new EngineException($"{parquet}: Parquet is not read; convert it to metadata.csv with the columns file_name,text");
        return null;
    }

    public static List<CaptionedRow> Read(string path, string? captionColumn, List<string> notes) =>
        path.EndsWith(".csv", StringComparison.Ordinal)
            ? ReadCsv(path, captionColumn, notes)
            : CsvTable.ReadText(path, reader => ReadJsonl(path, reader, captionColumn, notes));

    private static List<CaptionedRow> ReadCsv(string path, string? captionColumn, List<string> notes)
    {
        CsvTable table = CsvTable.Read(path, "file_name,text");
        int file = table.Column(FileNameColumn), text = table.Column(CaptionColumn(path, [.. table.Header], captionColumn, notes));
        return [.. table.Rows.Select(row => new CaptionedRow(path, row.Line, row[file], row[text]) { Problem = row.Problem })];
    }

    private static List<CaptionedRow> ReadJsonl(string path, TextReader reader, string? captionColumn, List<string> notes)
    {
        var rows = new List<CaptionedRow>();
        string? textColumn = captionColumn;
        int line = 0, broken = 0;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (string.IsNullOrWhiteSpace(text)) continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(text);
                JsonElement row = document.RootElement;
                if (row.ValueKind != JsonValueKind.Object) throw new JsonException("is not a JSON object");
                textColumn ??= CaptionColumn(path, [.. row.EnumerateObject().Select(p => p.Name)], null, notes);
                rows.Add(new CaptionedRow(path, line, StringOf(row, FileNameColumn), StringOf(row, textColumn)));
            }
            // The second: an escape that is no Unicode text, such as a lone surrogate.
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Each costs thousands of bytes and some ten microseconds: another kind of file is given up soon.
                if (++broken > BrokenMost) throw new EngineException($"{path}: more than {BrokenMost} lines are no rows, such as line {line}; a JSON object in each line is needed");
                rows.Add(new CaptionedRow(path, line, "", "") { Problem = $"not a valid row: {e.Message}" });
            }
        }
        return rows;
    }

    private static string StringOf(JsonElement row, string key)
    {
        if (!row.TryGetProperty(key, out JsonElement value)) throw new JsonException($"no key {key}");
        if (value.ValueKind != JsonValueKind.String) throw new JsonException($"{key} is not a string");
        return value.GetString()!.Trim();
    }

    private static string CaptionColumn(string path, string[] columns, string? wanted, List<string> notes)
    {
        string? column = wanted is not null ? columns.FirstOrDefault(c => c == wanted) : s_captionColumns.FirstOrDefault(columns.Contains);
        if (column is null)
            throw new EngineException($"{path}: no column {wanted ?? s_captionColumns[0]} for the captions; the columns are {DataText.List(columns)}");
        if (wanted is null && column != s_captionColumns[0]) notes.Add($"{path}: captions are taken from the column {column}");
        return column;
    }
}
