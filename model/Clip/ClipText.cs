using System.Globalization;
using System.Text;

namespace SeLoRA.Model;

/// <summary>
/// CLIP's treatment of text before byte-pair encoding, as the Hugging Face tokenizer of SD-1.5 does it: NFC, white space
/// collapsed, lower case, words split. No HTML entity is unescaped and no curly quote is straightened.
/// </summary>
internal static class ClipText
{
    private const string DottedI = "i\u0307";
    private const int CapitalDottedI = 0x130, CapitalSigma = 0x3A3, SmallSigma = 0x3C3, FinalSigma = 0x3C2;
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Space,
        Letter,
        Digit,
        Other,
    }

    /// <summary>NFC, runs of white space to one blank, full Unicode lower case.</summary>
    public static string Normalize(string text) => Lower(CollapseSpace(UnicodeNfc.Normalize(text)));

    /// <summary>
    /// The words of normalised text: contractions ('s 't 're 've 'm 'll 'd), runs of letters, single digits, runs of
    /// anything else but white space. Works on code points, as letters exist beyond 16 bits.
    /// </summary>
    public static IEnumerable<string> Split(string text)
    {
        int i = 0;
        while (i < text.Length)
        {
            Kind kind = KindAt(text, i, out int next);
            if (Contraction(text, i) is { } contraction)
            {
                yield return contraction;
                i += contraction.Length;
                continue;
            }

            if (kind is Kind.Letter or Kind.Other)
                while (next < text.Length && KindAt(text, next, out int after) == kind) next = after;
            if (kind != Kind.Space) yield return text[i..next];
            i = next;
        }
    }

    private static string? Contraction(string text, int i)
    {
        if (text[i] != '\'') return null;
        foreach (string contraction in Contractions)
            if (text.AsSpan(i).StartsWith(contraction, StringComparison.Ordinal)) return contraction;
        return null;
    }

    private static Kind KindAt(string text, int i, out int next)
    {
        Rune rune = RuneAt(text, i, out next);
        if (Rune.IsWhiteSpace(rune)) return Kind.Space;
        return Rune.IsLetter(rune) ? Kind.Letter : Rune.IsNumber(rune) ? Kind.Digit : Kind.Other;
    }

    private static Rune RuneAt(string text, int i, out int next)
    {
        bool whole = Rune.TryGetRuneAt(text, i, out Rune rune);
        next = i + (whole ? rune.Utf16SequenceLength : 1);
        return whole ? rune : Rune.ReplacementChar;
    }

    private static string CollapseSpace(string text)
    {
        var result = new StringBuilder(text.Length);
        bool space = false;
        foreach (char c in text)
        {
            bool isSpace = char.IsWhiteSpace(c);
            if (!isSpace) result.Append(c);
            else if (!space) result.Append(' ');
            space = isSpace;
        }

        return result.ToString();
    }

    // Simple case mapping, and the two unconditional special cases of Unicode's lower case: capital I with dot becomes
    // two code points, and a capital sigma that ends a word becomes the final one.
    private static string Lower(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length;)
        {
            int start = i;
            Rune rune = RuneAt(text, i, out i);
            if (rune.Value == CapitalDottedI) result.Append(DottedI);
            else if (rune.Value == CapitalSigma) result.Append((char)(EndsWord(text, start) ? FinalSigma : SmallSigma));
            else result.Append(Rune.ToLowerInvariant(rune).ToString());
        }

        return result.ToString();
    }

    // Condition Final_Sigma of the Unicode Standard, section 3.13: a cased letter before, none after, apart from
    // characters that case ignores (marks, apostrophes, ...).
    private static bool EndsWord(string text, int sigma)
    {
        int i = sigma - 1;
        while (i >= 0 && IgnoredByCase(text, ref i, -1)) { }
        if (i < 0 || !IsCased(text, i)) return false;
        i = sigma + 1;
        while (i < text.Length && IgnoredByCase(text, ref i, +1)) { }
        return i >= text.Length || !IsCased(text, i);
    }

    private static bool IgnoredByCase(string text, ref int i, int direction)
    {
        int start = direction < 0 && i > 0 && char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1]) ? i - 1 : i;
        Rune rune = RuneAt(text, start, out int next);
        bool ignored = Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
                or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol
            || rune.Value is '\'' or '.' or ':' or 0xB7 or 0x387 or 0x55F or 0x5F4 or 0x2018 or 0x2019 or 0x2024 or 0x2027
                or 0xFE13 or 0xFE52 or 0xFE55 or 0xFF07 or 0xFF0E or 0xFF1A;
        if (ignored) i = direction < 0 ? start - 1 : next;
        return ignored;
    }

    private static bool IsCased(string text, int i)
    {
        if (i > 0 && char.IsLowSurrogate(text[i])) i--;
        Rune rune = RuneAt(text, i, out _);
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
                or UnicodeCategory.TitlecaseLetter
            || rune.Value is 0xAA or 0xBA or >= 0x2160 and <= 0x217F or >= 0x24B6 and <= 0x24E9;
    }
}
