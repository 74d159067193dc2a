using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// A byte-pair vocabulary in CLIP's format: <c>vocab.json</c> (token to id) and <c>merges.txt</c> (a pair a line, the
/// most important first). Tokens that end a word carry <c>&lt;/w&gt;</c>.
/// </summary>
public sealed class ClipVocabulary
{
    internal const string EndOfWord = "</w>";
    internal const string StartToken = "<|startoftext|>";
    internal const string EndToken = "<|endoftext|>";
    private const long MaxBytes = 256 << 20;
    private const int ShownOfLine = 40;

    // Tokens are meant to be read by people: not one \u escape per accented letter.
    internal static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal ClipVocabulary(IReadOnlyDictionary<string, int> ids, IReadOnlyList<(string First, string Second)> merges)
    {
        Ids = ids;
        Merges = merges;
    }

    /// <summary>Token to id; ids are 0 .. count - 1.</summary>
    public IReadOnlyDictionary<string, int> Ids { get; }

    /// <summary>The merges, first come first served.</summary>
    public IReadOnlyList<(string First, string Second)> Merges { get; }

    /// <summary>Number of tokens, which is the text encoder's <c>vocab_size</c>.</summary>
    public int Count => Ids.Count;

    /// <summary>Reads and checks both files.</summary>
    /// <param name="folder">The folder that has vocab.json and merges.txt.</param>
    /// <exception cref="EngineException">A file is missing or broken, or the two do not fit together.</exception>
    public static ClipVocabulary Load(string folder)
    {
        string vocabPath = Path.Combine(folder, "vocab.json"), mergesPath = Path.Combine(folder, "merges.txt");
        Dictionary<string, int> ids = ReadIds(vocabPath, ReadText(vocabPath));
        return new ClipVocabulary(ids, ReadMerges(mergesPath, ReadText(mergesPath), ids));
    }

    /// <summary>Writes both files; each appears whole or not at all.</summary>
    /// <param name="folder">Created where it does not exist.</param>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        var sorted = new Dictionary<string, int>(Ids.OrderBy(pair => pair.Value));
        Write(Path.Combine(folder, "vocab.json"), JsonSerializer.Serialize(sorted, Readable));
        var merges = new StringBuilder("#version: 0.2\n");
        foreach ((string first, string second) in Merges) merges.Append(first).Append(' ').Append(second).Append('\n');
        Write(Path.Combine(folder, "merges.txt"), merges.ToString());
    }

    internal static string ReadText(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new EngineException($"{path}: no such file; a tokenizer folder has vocab.json and merges.txt");
        if (file.Length > MaxBytes) throw new EngineException($"{path}: {file.Length} bytes are too many for a vocabulary");
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    private static Dictionary<string, int> ReadIds(string path, string json)
    {
        Dictionary<string, int>? ids;
        try
        {
            ids = JsonSerializer.Deserialize<Dictionary<string, int>>(json);
        }
        catch (JsonException e)
        {
            throw new EngineException($"{path}: no JSON object of token to id ({e.Message})", e);
        }

        if (ids is null) throw new EngineException($"{path}: null; a JSON object of token to id is expected");
        var seen = new bool[ids.Count];
        foreach ((string token, int id) in ids)
        {
            if ((uint)id >= (uint)seen.Length || seen[id])
                throw new EngineException(
                    $"{path}: token '{Shown(token)}' has id {id}; each of 0 .. {seen.Length - 1} is expected exactly once");
            seen[id] = true;
        }

        foreach (char symbol in ByteAlphabet.Symbols)
            foreach (string token in (string[])[$"{symbol}", symbol + EndOfWord])
                if (!ids.ContainsKey(token))
                    throw new EngineException($"{path}: no token '{token}'; all 256 byte symbols are expected, with and "
                        + $"without {EndOfWord}");
        return ids;
    }

    private static List<(string, string)> ReadMerges(string path, string text, Dictionary<string, int> ids)
    {
        var merges = new List<(string, string)>();
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsEmpty || (number == 1 && line.StartsWith("#version"))) continue;
            int blank = line.IndexOf(' ');
            if (blank <= 0 || line[(blank + 1)..].IsEmpty || line[(blank + 1)..].Contains(' '))
                throw new EngineException($"{path}: line {number} '{Shown(line)}' is not two tokens with a blank between");
            string first = line[..blank].ToString(), second = line[(blank + 1)..].ToString();
            foreach (string token in (string[])[first, second, first + second])
                if (!ids.ContainsKey(token))
                    throw new EngineException($"{path}: line {number} needs token '{Shown(token)}', which vocab.json has not");
            merges.Add((first, second));
        }

        return merges;
    }

    private static string Shown(ReadOnlySpan<char> text) =>
        text.Length > ShownOfLine ? string.Concat(text[..ShownOfLine], "...") : text.ToString();

    private static void Write(string path, string text)
    {
        string temporary = path + ".tmp";
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }
}
