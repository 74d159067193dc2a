using System.Text;
using CsvHelper;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>One row of a <see cref="CsvTable"/>.</summary>
/// <param name="Line">Line of the file where it starts, the header being line 1.</param>
/// <param name="Fields">Its fields, trimmed; as many as the header has, or fewer where it has a problem.</param>
/// <param name="Problem">What makes it unusable, or null.</param>
internal sealed record CsvRow(int Line, string[] Fields, string? Problem)
{
    /// <summary>The field of a column; empty where the row is too short.</summary>
    public string this[int column] => column < Fields.Length ? Fields[column] : "";
}

/// <summary>A CSV file (RFC 4180, UTF-8 with or without BOM) with a header.</summary>
internal sealed class CsvTable
{
    // Invalid bytes must not silently become question marks in captions.
    private static readonly UTF8Encoding s_strictUtf8 = new(false, throwOnInvalidBytes: true);

    private CsvTable(string path, string[] header, List<CsvRow> rows)
    {
        Path = path;
        Header = header;
        Rows = rows;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Header { get; }

    /// <summary>All rows below the header, malformed ones too.</summary>
    public IReadOnlyList<CsvRow> Rows { get; }

    /// <summary>Reads a whole table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">Columns that it should have, for messages.</param>
    /// <exception cref="EngineException">It cannot be read, is not UTF-8, or is empty.</exception>
    public static CsvTable Read(string path, string expected) => ReadText(path, reader =>
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
        if (!csv.Read()) throw new EngineException($"{path}: empty; expected a header {expected}");
        string[] header = Fields(csv, csv.FieldCount);
        var rows = new List<CsvRow>();
        while (csv.Read())
        {
            string? problem = malformed switch
            {
                CsvMalformedReason.UnterminatedQuote => "a quote is opened and never closed",
                not null => "a quote inside a field is not doubled",
                null when csv.FieldCount != header.Length =>
                    $"{csv.FieldCount} fields, expected {header.Length}; quote a text that contains commas",
                null => null,
            };
            // Not as many as the header has: thousands of columns and of empty rows would fill the memory.
            rows.Add(new CsvRow((int)csv.LineNumber, Fields(csv, Math.Min(csv.FieldCount, header.Length)), problem));
            malformed = null;
        }
        return new CsvTable(path, header, rows);
    });

    /// <summary>Reads a text file as strict UTF-8; what goes wrong is one line that names it.</summary>
    public static T ReadText<T>(string path, Func<TextReader, T> read)
    {
        try
        {
            using var reader = new StreamReader(path, s_strictUtf8);
            return read(reader);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EngineException($"{path}: no such file", e);
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

    /// <summary>Index of a column that must be there.</summary>
    /// <exception cref="EngineException">It is not; the message lists the columns.</exception>
    public int Column(string name)
    {
        for (int i = 0; i < Header.Count; i++)
            if (Header[i] == name) return i;
        string hint = Header.Count == 1 && Header[0].AsSpan().IndexOfAny(';', '\t') >= 0 ? "; the separator must be a comma" : "";
        throw new EngineException($"{Path}: no column {name}; the columns are {DataText.List(Header)}{hint}");
    }

    private static string[] Fields(CsvReader csv, int count) =>
        [.. Enumerable.Range(0, count).Select(i => csv.GetString(i).Trim())];
}
