using System.Buffers;
using System.Text;

namespace SeLoRA.Tests;

/// <summary>Changes to JSON, tables and XML: numbers, texts in quotes, fields and pieces of structure.</summary>
internal static class TextMutations
{
    // What ends an item of JSON, of a table, or of XML.
    private static readonly SearchValues<char> s_ends = SearchValues.Create(",}]{[\n:><");

    /// <summary>One to four changes, now and then to the bytes as well.</summary>
    /// <param name="text">A valid text.</param>
    /// <param name="random">Decides.</param>
    public static byte[] Apply(string text, FuzzRandom random)
    {
        for (int changes = 1 + random.Below(4); changes > 0; changes--) text = Once(text, random);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return random.OneIn(5) ? ByteMutations.Apply(bytes, [bytes], random) : bytes;
    }

    private static string Once(string text, FuzzRandom random)
    {
        switch (random.Below(8))
        {
            case 0 or 1:
                (int from, int to) = Run(text, random, c => char.IsAsciiDigit(c) || c is '.' or '-');
                return text[..from] + random.Pick(Hostile.Numbers) + text[to..];
            case 2 or 3: return InQuotes(text, random);
            case 4:
                (from, to) = Item(text, random);
                return text[..from] + random.Pick(Hostile.Values) + text[to..];
            case 5:
                (from, to) = Item(text, random);
                string piece = text[from..to];
                int at = ItemEnd(text, random.Below(text.Length + 1));
                return text[..at] + (random.OneIn(30) ? string.Concat(Enumerable.Repeat("," + piece, 200)) : "," + piece) + text[at..];
            case 6:
                (from, to) = Item(text, random);
                return text[..from] + random.Pick(Hostile.Texts) + text[to..];
            default:
                (from, to) = Item(text, random);
                return text[..from] + text[Math.Min(to + 1, text.Length)..];
        }
    }

    // A text of the file that stands elsewhere confuses more than one that no file has.
    private static string InQuotes(string text, FuzzRandom random)
    {
        int[] quotes = [.. Enumerable.Range(0, text.Length).Where(i => text[i] == '"')];
        if (quotes.Length < 2) return text + random.Pick(Hostile.Texts);
        int k = random.Below(quotes.Length / 2) * 2, other = random.Below(quotes.Length / 2) * 2;
        string with = random.OneIn(3) ? text[(quotes[other] + 1)..quotes[other + 1]] : random.Pick(Hostile.Texts);
        return text[..(quotes[k] + 1)] + with + text[quotes[k + 1]..];
    }

    private static (int From, int To) Item(string text, FuzzRandom random)
    {
        int from = random.Below(text.Length);
        while (from > 0 && !s_ends.Contains(text[from - 1])) from--;
        return (from, ItemEnd(text, from));
    }

    private static int ItemEnd(string text, int at)
    {
        int end = text.AsSpan(at).IndexOfAny(s_ends);
        return end < 0 ? text.Length : at + end;
    }

    private static (int From, int To) Run(string text, FuzzRandom random, Func<char, bool> belongs)
    {
        int start = random.Below(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            int from = (start + i) % text.Length;
            if (!belongs(text[from])) continue;
            int to = from + 1;
            while (to < text.Length && belongs(text[to])) to++;
            while (from > 0 && belongs(text[from - 1])) from--;
            return (from, to);
        }
        return (text.Length, text.Length);
    }
}
