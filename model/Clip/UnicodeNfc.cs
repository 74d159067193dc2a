using System.Globalization;
using System.Text;

namespace SeLoRA.Model;

/// <summary>
/// Unicode normalisation form C (Unicode Standard Annex 15). The framework's own does nothing in invariant
/// globalisation mode, in which this project runs so that results do not depend on an installed ICU.
/// </summary>
internal static class UnicodeNfc
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int VowelCount = 21, TrailCount = 28, LeadCount = 19;
    private const int HangulCount = LeadCount * VowelCount * TrailCount;

    // Nothing below decomposes after composition, combines with what precedes it, or reorders.
    private const char FirstAffected = '\u0300';

    private static readonly Lazy<Tables> Data = new(Tables.Load);

    /// <summary>The composed form; lone surrogates become U+FFFD.</summary>
    public static string Normalize(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange(FirstAffected, char.MaxValue)) return text;

        var runes = new List<int>(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) Decompose(rune.Value, runes);
        Reorder(runes);
        Compose(runes);
        var result = new StringBuilder(text.Length);
        foreach (int rune in runes) result.Append(new Rune(rune).ToString());
        return result.ToString();
    }

    private static void Decompose(int rune, List<int> output)
    {
        int syllable = rune - HangulBase;
        if ((uint)syllable < HangulCount)
        {
            output.Add(LeadBase + syllable / (VowelCount * TrailCount));
            output.Add(VowelBase + syllable % (VowelCount * TrailCount) / TrailCount);
            if (syllable % TrailCount != 0) output.Add(TrailBase + syllable % TrailCount);
        }
        else if (Data.Value.Decompositions.TryGetValue(rune, out (int First, int Second) parts))
        {
            Decompose(parts.First, output);
            if (parts.Second != 0) Decompose(parts.Second, output);
        }
        else output.Add(rune);
    }

    // Marks after a base are put in order of their class; those of one class keep their order (they interact).
    private static void Reorder(List<int> runes)
    {
        for (int i = 1; i < runes.Count; i++)
        {
            int moving = runes[i], kind = Class(moving);
            if (kind == 0) continue;
            int j = i;
            for (; j > 0 && Class(runes[j - 1]) > kind; j--) runes[j] = runes[j - 1];
            runes[j] = moving;
        }
    }

    private static void Compose(List<int> runes)
    {
        int starter = -1, length = 0, lastClass = 0;
        for (int i = 0; i < runes.Count; i++)
        {
            int rune = runes[i], kind = Class(rune);
            // A mark is blocked from its starter by one of the same or a higher class in between.
            bool adjacent = starter == length - 1;
            if (starter >= 0 && (adjacent || lastClass < kind) && Pair(runes[starter], rune) is int composite)
            {
                runes[starter] = composite;
                continue;
            }

            if (kind == 0) starter = length;
            lastClass = kind;
            runes[length++] = rune;
        }

        runes.RemoveRange(length, runes.Count - length);
    }

    private static int? Pair(int first, int second)
    {
        int lead = first - LeadBase, vowel = second - VowelBase;
        if ((uint)lead < LeadCount && (uint)vowel < VowelCount)
            return HangulBase + (lead * VowelCount + vowel) * TrailCount;
        int syllable = first - HangulBase, trail = second - TrailBase;
        if ((uint)syllable < HangulCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount)
            return first + trail;
        return Data.Value.Composites.TryGetValue((first, second), out int composite) ? composite : null;
    }

    private static int Class(int rune) => rune < FirstAffected ? 0 : Data.Value.Classes.GetValueOrDefault(rune);

    private sealed record Tables(
        Dictionary<int, (int First, int Second)> Decompositions,
        Dictionary<(int First, int Second), int> Composites,
        Dictionary<int, byte> Classes)
    {
        public static Tables Load()
        {
            var tables = new Tables([], [], []);
            using Stream stream = typeof(UnicodeNfc).Assembly.GetManifestResourceStream("SeLoRA.Model.UnicodeNfc.txt")!;
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line)
                foreach (string item in line.Split(' ')[1..]) tables.Add(line[0], item);
            return tables;
        }

        private void Add(char kind, string item)
        {
            string[] fields = item.Split('=', '+', '-', ':');
            switch (kind)
            {
                case 'P':
                    (int First, int Second) pair = (Hex(fields[0]), Hex(fields[1]));
                    Composites[pair] = Hex(fields[2]);
                    Decompositions[Hex(fields[2])] = pair;
                    break;
                case 'D':
                    Decompositions[Hex(fields[0])] = (Hex(fields[1]), fields.Length > 2 ? Hex(fields[2]) : 0);
                    break;
                case 'C':
                    byte value = byte.Parse(fields[^1], CultureInfo.InvariantCulture);
                    for (int rune = Hex(fields[0]); rune <= Hex(fields[^2]); rune++) Classes[rune] = value;
                    break;
            }
        }

        private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
