using System.Text;
using System.Text.Json;
using CsvHelper;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>The <c>metadata.csv</c> or <c>metadata.jsonl</c> of an image folder.</summary>
internal static class MetadataFile
{
    private const string FileNameColumn = "file_name";

    private static readonly string[] s_captionColumns = ["text", "caption", "prompt"];

    // Invalid bytes must not silently become question marks in captions.
    private static readonly UTF8Encoding s_strictUtf8 = new(false, throwOnInvalidBytes: true);

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

    public static List<CaptionedRow> Read(string path, string? captionColumn, List<string> notes)
    {
        try
        {
            using var reader = new StreamReader(path, s_strictUtf8);
            return path.EndsWith(".csv", StringComparison.Ordinal)
                ? ReadCsv(path, reader, captionColumn, notes)
                : ReadJsonl(path, reader, captionColumn, notes);
        }
        catch (DecoderFallbackException e)
        {
            throw new EngineException($"{path}: not UTF-8; save it as UTF-8", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    private static List<CaptionedRow> ReadCsv(string path, TextReader reader, string? captionColumn, List<string> notes)
    {
        CsvMalformedReason? malformed = null;
        using CsvReader csv = CsvReader.Create(reader, new CsvReaderOptions
        {
            // The header is read as a record of its own, so that its errors are ours to word.
            HasHeader = false,
            Separator = ',',
            TrackLineNumbers = true,
            OnMalformedRecord = record => malformed = record.Reason,
        });
        if (!csv.Read()) throw new EngineException($"{path}: empty; expected a header file_name,text");
        string[] header = [.. Enumerable.Range(0, csv.FieldCount).Select(i => csv.GetString(i).Trim())];
        int fileColumn = Array.IndexOf(header, FileNameColumn);
        if (fileColumn < 0)
        {
            string hint = header.Length == 1 && header[0].AsSpan().IndexOfAny(';', '\t') >= 0 ? "; the separator must be a comma" : "";
            throw new EngineException($"{path}: no column {FileNameColumn}; the columns are {string.Join(", ", header)}{hint}");
        }
        int textColumn = Array.IndexOf(header, CaptionColumn(path, header, captionColumn, notes));

        var rows = new List<CaptionedRow>();
        while (csv.Read())
        {
            string? problem = malformed switch
            {
                CsvMalformedReason.UnterminatedQuote => "a quote is opened and never closed",
                not null => "a quote inside a field is not doubled",
                null when csv.FieldCount != header.Length =>
                    $"{csv.FieldCount} fields, expected {header.Length}; quote a caption that contains commas",
                null => null,
            };
            rows.Add(new CaptionedRow(path, (int)csv.LineNumber, csv.GetString(fileColumn).Trim(), csv.GetString(textColumn).Trim())
            {
                Problem = problem,
            });
            malformed = null;
        }
        return rows;
    }

    private static List<CaptionedRow> ReadJsonl(string path, TextReader reader, string? captionColumn, List<string> notes)
    {
        var rows = new List<CaptionedRow>();
        string? textColumn = captionColumn;
        int line = 0;
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
            catch (JsonException e)
            {
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
            throw new EngineException($"{path}: no column {wanted ?? s_captionColumns[0]} for the captions; the columns are {string.Join(", ", columns)}");
        if (wanted is null && column != s_captionColumns[0]) notes.Add($"{path}: captions are taken from the column {column}");
        return column;
    }
}
