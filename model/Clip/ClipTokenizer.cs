using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Tokenizers;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// CLIP's byte-pair tokenizer with the answers of the Hugging Face tokenizer that SD-1.5 ships with: NFC, collapsed white
/// space, full lower case, no HTML unescaping; the literal texts of the start and end token are those tokens.
/// </summary>
public sealed class ClipTokenizer
{
    private const int DefaultMaxLength = 77, LongestLength = 1 << 16;
    private readonly BpeTokenizer bpe;
    private readonly string[] tokens;
    private readonly (string Text, int Id)[] literals;

    /// <summary>A tokenizer of a vocabulary.</summary>
    /// <param name="vocabulary">It must have the tokens below.</param>
    /// <param name="startToken">Begins every prompt.</param>
    /// <param name="endToken">Ends every prompt.</param>
    /// <param name="padToken">Fills up to the length; SD-1.5 uses the end token, SD-2 "!".</param>
    /// <param name="maxLength">Ids of an encoded prompt, at least 2.</param>
    /// <exception cref="EngineException">A special token is not in the vocabulary.</exception>
    public ClipTokenizer(
        ClipVocabulary vocabulary,
        string startToken = ClipVocabulary.StartToken,
        string endToken = ClipVocabulary.EndToken,
        string padToken = ClipVocabulary.EndToken,
        int maxLength = DefaultMaxLength)
    {
        if (maxLength < 2) throw new EngineException($"tokenizer: length {maxLength} has no room for start and end; 2 is the least");
        if (maxLength > LongestLength) throw new EngineException($"tokenizer: length {maxLength}; {LongestLength} is the most");
        Vocabulary = vocabulary;
        MaxLength = maxLength;
        StartId = Find(startToken, "start");
        EndId = Find(endToken, "end");
        PadId = Find(padToken, "padding");
        tokens = new string[vocabulary.Count];
        foreach ((string token, int id) in vocabulary.Ids) tokens[id] = token;
        literals = [(startToken, StartId), (endToken, EndId)];
        bpe = BpeTokenizer.Create(new BpeOptions(vocabulary.Ids)
        {
            Merges = vocabulary.Merges.Select(merge => $"{merge.First} {merge.Second}"),
            EndOfWordSuffix = ClipVocabulary.EndOfWord,
        });

        // An empty one would be found at every place of a text, for ever.
        int Find(string token, string role) => token.Length > 0 && vocabulary.Ids.TryGetValue(token, out int id)
            ? id
            : throw new EngineException($"tokenizer: the {role} token '{ConfigJson.Shown(token)}' is not in the vocabulary");
    }

    /// <summary>The vocabulary.</summary>
    public ClipVocabulary Vocabulary { get; }

    /// <summary>Ids of an encoded prompt: 77 for CLIP.</summary>
    public int MaxLength { get; }

    /// <summary>Id of the token that begins every prompt.</summary>
    public int StartId { get; }

    /// <summary>Id of the token that ends every prompt.</summary>
    public int EndId { get; }

    /// <summary>Id of the token that fills up.</summary>
    public int PadId { get; }

    /// <summary>
    /// Reads <c>vocab.json</c> and <c>merges.txt</c> and, where they exist, the special tokens and the length from
    /// <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c>.
    /// </summary>
    /// <param name="folder">A model's <c>tokenizer</c> folder.</param>
    /// <exception cref="EngineException">A file is missing or broken, or the files do not fit together.</exception>
    public static ClipTokenizer FromFolder(string folder)
    {
        string start = ClipVocabulary.StartToken, end = ClipVocabulary.EndToken;
        string? pad = null;
        int length = DefaultMaxLength;
        foreach (string name in (string[])["special_tokens_map.json", "tokenizer_config.json"])
        {
            string path = Path.Combine(folder, name);
            if (!File.Exists(path)) continue;
            try
            {
                using JsonDocument json = JsonDocument.Parse(ClipVocabulary.ReadText(path));
                start = Token(json, "bos_token") ?? start;
                end = Token(json, "eos_token") ?? end;
                pad = Token(json, "pad_token") ?? pad;
                // A tokenizer without a limit says 10^30.
                if (json.RootElement.TryGetProperty("model_max_length", out JsonElement limit)
                    && limit.TryGetInt32(out int value)) length = value;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                throw new EngineException($"{path}: no valid tokenizer configuration ({e.Message})", e);
            }
        }

        ClipVocabulary vocabulary = ClipVocabulary.Load(folder);
        try
        {
            return new ClipTokenizer(vocabulary, start, end, pad ?? end, length);
        }
        catch (EngineException e)
        {
            throw new EngineException($"{folder}: {e.Message}", e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException)
        {
            throw new EngineException($"{folder}: vocab.json and merges.txt make no tokenizer ({e.Message})", e);
        }
    }

    /// <summary>Writes the four files that <see cref="FromFolder"/> reads, in transformers' form.</summary>
    /// <param name="folder">Created where it does not exist.</param>
    public void Save(string folder)
    {
        Vocabulary.Save(folder);
        var special = new JsonObject
        {
            ["bos_token"] = tokens[StartId],
            ["eos_token"] = tokens[EndId],
            ["pad_token"] = tokens[PadId],
            ["unk_token"] = tokens[EndId],
        };
        Write("special_tokens_map.json", special);
        var config = (JsonObject)special.DeepClone();
        config["add_prefix_space"] = false;
        config["do_lower_case"] = true;
        config["model_max_length"] = MaxLength;
        config["tokenizer_class"] = "CLIPTokenizer";
        Write("tokenizer_config.json", config);

        void Write(string name, JsonObject json) => AtomicFile.Write(Path.Combine(folder, name), stream =>
            stream.Write(Encoding.UTF8.GetBytes(json.ToJsonString(ClipVocabulary.Readable) + "\n")));
    }

    /// <summary>
    /// Start, at most <see cref="MaxLength"/> - 2 content tokens (what is more is cut off), end, padding.
    /// </summary>
    /// <param name="prompt">Any text; an empty one is the unconditional prompt.</param>
    /// <returns><see cref="MaxLength"/> ids.</returns>
    public int[] Encode(string prompt)
    {
        List<int> content = EncodeContent(prompt);
        var ids = new int[MaxLength];
        int count = Math.Min(content.Count, MaxLength - 2);
        ids[0] = StartId;
        content.CopyTo(0, ids, 1, count);
        ids[count + 1] = EndId;
        ids.AsSpan(count + 2).Fill(PadId);
        return ids;
    }

    /// <summary>Content tokens of a prompt, before anything is cut off and without start and end.</summary>
    /// <param name="prompt">Any text.</param>
    public int CountTokens(string prompt) => EncodeContent(prompt).Count;

    /// <summary>Text of ids: words are separated by blanks; start, end and padding are left out.</summary>
    /// <param name="ids">Ids of this vocabulary.</param>
    /// <exception cref="EngineException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>();
        bool padding = false;
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)tokens.Length)
                throw new EngineException($"tokenizer: id {id} is not in 0 .. {tokens.Length - 1}");
            // A padding token that is a word ("!" in SD-2) is padding only after the end.
            padding |= id == EndId;
            if (id == StartId || id == EndId || (padding && id == PadId)) continue;
            string token = tokens[id];
            bool endsWord = token.EndsWith(ClipVocabulary.EndOfWord, StringComparison.Ordinal);
            ByteAlphabet.Decode(endsWord ? token.AsSpan()[..^ClipVocabulary.EndOfWord.Length] : token, bytes);
            if (endsWord) bytes.Add((byte)' ');
        }

        return Encoding.UTF8.GetString([.. bytes]).TrimEnd(' ');
    }

    // A special token is a string or, as transformers writes it, an object whose "content" is the string.
    private static string? Token(JsonDocument json, string key)
    {
        if (!json.RootElement.TryGetProperty(key, out JsonElement value)) return null;
        if (value.ValueKind == JsonValueKind.Object && !value.TryGetProperty("content", out value)) return null;
        return value.GetString();
    }

    private List<int> EncodeContent(string prompt)
    {
        var ids = new List<int>();
        int begin = 0;
        while (begin < prompt.Length)
        {
            (int at, string text, int id) = NextLiteral(prompt, begin);
            EncodeText(prompt[begin..at], ids);
            if (id >= 0) ids.Add(id);
            begin = at + text.Length;
        }

        return ids;
    }

    // Special tokens are looked for in the raw prompt, letter case included.
    private (int At, string Text, int Id) NextLiteral(string prompt, int begin)
    {
        (int At, string Text, int Id) next = (prompt.Length, "", -1);
        foreach ((string text, int id) in literals)
        {
            int at = prompt.IndexOf(text, begin, StringComparison.Ordinal);
            if (at >= 0 && at < next.At) next = (at, text, id);
        }

        return next;
    }

    private void EncodeText(string text, List<int> ids)
    {
        foreach (string word in ClipText.Split(ClipText.Normalize(text)))
            ids.AddRange(bpe.EncodeToIds(
                ByteAlphabet.Encode(word), considerPreTokenization: false, considerNormalization: false));
    }
}
