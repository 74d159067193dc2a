using System.Text;

namespace SeLoRA.Engine;

/// <summary>How names and shapes of a file, which may be hostile, are put into a message.</summary>
internal static class SafetensorsText
{
    private const int LongestName = 120;

    public static string Quote(string name)
    {
        var text = new StringBuilder("'");
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, LongestName)))
            text.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        return text.Append(name.Length > LongestName ? "...'" : "'").ToString();
    }

    public static string Shape(ReadOnlySpan<long> shape)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < shape.Length; i++) text.Append(i == 0 ? "" : ", ").Append(shape[i]);
        return text.Append(']').ToString();
    }

    /// <summary>The first few of many names, then how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> names, int shown = 8)
    {
        string first = string.Join(", ", names.Take(shown).Select(Quote));
        return names.Count > shown ? $"{first} and {names.Count - shown} more" : first;
    }
}
