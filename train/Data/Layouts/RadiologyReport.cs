using System.Text.RegularExpressions;

namespace SeLoRA.Train;

/// <summary>Captions out of the reports of Indiana University.</summary>
internal static partial class RadiologyReport
{
    /// <summary>
    /// Impression, then findings: what a tokenizer cuts off is the end, and the impression says what matters. The XXXX that stand for
    /// removed names go, with the space and the punctuation that they leave.
    /// </summary>
    /// <returns>The caption; empty where both are empty or nothing but marks.</returns>
    public static string Caption(string findings, string impression)
    {
        string text = Spaces().Replace($"{impression} {findings}", " ").Trim();
        if (text.Contains("XXXX", StringComparison.Ordinal))
        {
            text = Marks().Replace(text, " ").Replace("( )", "", StringComparison.Ordinal);
            text = Spaces().Replace(text, " ");
            text = SpaceBefore().Replace(text, "$1");
            text = Repeated().Replace(text, "$1").Trim(' ', ',', ';', ':').TrimStart('.', ' ');
        }
        return text.Any(char.IsLetter) ? text : "";
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    // "x-XXXX", "XXXX/XXXX" and "XXXX's" are one word each.
    // From the beginning of a run of marks only: else a long run would be walked from each of its characters.
    [GeneratedRegex(@"(?:(?<![-/])[-/]+)?X{4,}([-/']+X{4,})*('\w+)?[-/]*")]
    private static partial Regex Marks();

    [GeneratedRegex(@" ([.,;:)])")]
    private static partial Regex SpaceBefore();

    [GeneratedRegex(@"[.,;:]+([.,;:])")]
    private static partial Regex Repeated();
}
