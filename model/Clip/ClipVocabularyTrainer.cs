using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// Learns a small byte-pair vocabulary in CLIP's format from captions (Sennrich et al. 2016): the most frequent pair of
/// neighbouring symbols is merged, again and again. Deterministic: ties go to the pair that comes first in ordinal order.
/// </summary>
public static class ClipVocabularyTrainer
{
    /// <summary>Byte symbols, byte symbols that end a word, and the two special tokens: the smallest vocabulary.</summary>
    public const int MinSize = 256 + 256 + 2;

    // A pair seen once is part of one word only: merging it would memorise that word, not a pattern.
    private const int MinCount = 2;

    /// <summary>Trains a vocabulary.</summary>
    /// <param name="captions">The texts; they are normalised and split as the tokenizer does.</param>
    /// <param name="size">
    /// Tokens wanted, at least <see cref="MinSize"/>; fewer result where no pair occurs twice any more. The start and
    /// the end token have the two last ids.
    /// </param>
    /// <exception cref="EngineException">The size is too small.</exception>
    public static ClipVocabulary Train(IEnumerable<string> captions, int size)
    {
        if (size < MinSize)
            throw new EngineException($"vocabulary: {size} tokens are too few; {MinSize} is the least (bytes and two specials)");

        List<Word> words = Count(captions);
        var tokens = new List<string>();
        foreach (char symbol in ByteAlphabet.Symbols) tokens.Add($"{symbol}");
        foreach (char symbol in ByteAlphabet.Symbols) tokens.Add(symbol + ClipVocabulary.EndOfWord);
        var known = new HashSet<string>(tokens, StringComparer.Ordinal);
        var merges = new List<(string First, string Second)>();

        while (tokens.Count < size - 2 && MostFrequentPair(words) is { } pair)
        {
            merges.Add(pair);
            string merged = pair.First + pair.Second;
            // Two different pairs can make the same token; it is listed once.
            if (known.Add(merged)) tokens.Add(merged);
            foreach (Word word in words) word.Merge(pair, merged);
        }

        tokens.Add(ClipVocabulary.StartToken);
        tokens.Add(ClipVocabulary.EndToken);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string token in tokens) ids.Add(token, ids.Count);
        return new ClipVocabulary(ids, merges);
    }

    private static List<Word> Count(IEnumerable<string> captions)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (string caption in captions)
            foreach (string word in ClipText.Split(ClipText.Normalize(caption)))
            {
                string symbols = ByteAlphabet.Encode(word);
                counts[symbols] = counts.GetValueOrDefault(symbols) + 1;
            }

        return [.. counts.Select(pair => new Word(pair.Key, pair.Value))];
    }

    private static (string First, string Second)? MostFrequentPair(List<Word> words)
    {
        var counts = new Dictionary<(string First, string Second), long>();
        foreach (Word word in words)
            for (int i = 0; i + 1 < word.Symbols.Count; i++)
            {
                (string, string) pair = (word.Symbols[i], word.Symbols[i + 1]);
                counts[pair] = counts.GetValueOrDefault(pair) + word.Count;
            }

        (string First, string Second)? best = null;
        long most = MinCount - 1;
        foreach (((string First, string Second) pair, long count) in counts)
            if (count > most || (count == most && best is { } other && Compare(pair, other) < 0))
                (best, most) = (pair, count);
        return best;
    }

    private static int Compare((string First, string Second) a, (string First, string Second) b)
    {
        int first = string.CompareOrdinal(a.First, b.First);
        return first != 0 ? first : string.CompareOrdinal(a.Second, b.Second);
    }

    private sealed class Word
    {
        public Word(string symbols, long count)
        {
            Count = count;
            foreach (char symbol in symbols) Symbols.Add($"{symbol}");
            Symbols[^1] += ClipVocabulary.EndOfWord;
        }

        public long Count { get; }

        public List<string> Symbols { get; } = [];

        public void Merge((string First, string Second) pair, string merged)
        {
            int kept = 0;
            for (int i = 0; i < Symbols.Count; i++, kept++)
            {
                bool match = i + 1 < Symbols.Count && Symbols[i] == pair.First && Symbols[i + 1] == pair.Second;
                Symbols[kept] = match ? merged : Symbols[i];
                if (match) i++;
            }

            Symbols.RemoveRange(kept, Symbols.Count - kept);
        }
    }
}
