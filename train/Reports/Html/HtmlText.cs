using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace SeLoRA.Train;

/// <summary>
/// Markup that may stand in a page. It is made from interpolated strings, whose holes are escaped unless they hold markup themselves: text
/// from captions, settings and file names cannot become markup by being forgotten. Tags are closed as in XML.
/// </summary>
internal readonly record struct HtmlText(string Markup)
{
    /// <summary>Nothing.</summary>
    public static readonly HtmlText Empty = new("");

    /// <summary>The literal parts as they are, the holes escaped.</summary>
    public static HtmlText Of(Template template) => new(template.Markup);

    /// <summary>One after the other.</summary>
    public static HtmlText Join(IEnumerable<HtmlText> parts) => new(string.Concat(parts.Select(p => p.Markup)));

    /// <summary>Text for any place in a page, attributes in double quotes included.</summary>
    public static string Escape(string text)
    {
        string encoded = WebUtility.HtmlEncode(text);
        // Control characters are not allowed in a page, escaped or not.
        return encoded.Any(IsControl) ? string.Concat(encoded.Select(c => IsControl(c) ? '\uFFFD' : c)) : encoded;

        static bool IsControl(char c) => char.IsControl(c) && c is not ('\n' or '\r' or '\t') || c is '\uFFFE' or '\uFFFF';
    }

    /// <inheritdoc/>
    public override string ToString() => Markup;

    /// <summary>What the compiler makes of an interpolated string that is handed to <see cref="Of"/>.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Template
    {
        private readonly StringBuilder text;

        /// <summary>Called by the compiler.</summary>
        public Template(int literalLength, int formattedCount) => text = new StringBuilder(literalLength + 16 * formattedCount);

        /// <summary>The finished markup.</summary>
        public string Markup => text.ToString();

        /// <summary>A literal part.</summary>
        public void AppendLiteral(string literal) => text.Append(literal);

        /// <summary>A hole with markup.</summary>
        public void AppendFormatted(HtmlText markup) => text.Append(markup.Markup);

        /// <summary>A hole with text.</summary>
        public void AppendFormatted(string? value) => text.Append(Escape(value ?? ""));

        /// <summary>A hole with a number.</summary>
        public void AppendFormatted<T>(T value, string? format = null)
            where T : IFormattable => text.Append(Escape(value.ToString(format, CultureInfo.InvariantCulture)));
    }
}
