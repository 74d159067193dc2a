using System.Text;

namespace SeLoRA.WeightsConvert;

/// <summary>Text of a file, which may be hostile, made fit for a terminal.</summary>
internal static class Text
{
    /// <summary>Control characters (escape sequences among them) and lone surrogates become question marks.</summary>
    public static string Clean(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune) || rune == Rune.ReplacementChar) result.Append('?');
            else result.Append(rune);
        }
        return result.ToString();
    }

    /// <summary>The first few of many names, then how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> names, int shown = 5)
    {
        string first = string.Join(", ", names.Take(shown).Select(Clean));
        return names.Count > shown ? $"{first} and {names.Count - shown} more" : first;
    }

    /// <summary>A shape as <c>[320, 768]</c>.</summary>
    public static string Shape(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>Bytes in the largest decimal unit that leaves at least 1.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 1_000_000_000 => $"{bytes / 1e9:0.00} GB",
        >= 1_000_000 => $"{bytes / 1e6:0.0} MB",
        >= 1_000 => $"{bytes / 1e3:0.0} kB",
        _ => $"{bytes} bytes",
    };
}
