using System.Text;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>A page in one file: heading, contents, sections. Its policy forbids scripts and anything from outside the file.</summary>
internal sealed class HtmlPage(string title, string subtitle)
{
    private readonly List<(string Id, string Title, HtmlText Content)> sections = [];

    /// <summary>Appends a section with its heading; one without content is left out.</summary>
    public void Section(string heading, params IEnumerable<HtmlText> content)
    {
        HtmlText joined = HtmlText.Join(content);
        if (joined.Markup.Length > 0) sections.Add(($"s{sections.Count + 1}", heading, joined));
    }

    /// <summary>Content that opens on a click.</summary>
    public static HtmlText Details(string summary, HtmlText content) =>
        HtmlText.Of($"<details><summary>{summary}</summary>{content}</details>\n");

    /// <summary>A paragraph.</summary>
    public static HtmlText Note(string text) => HtmlText.Of($"<p>{text}</p>\n");

    /// <summary>The whole page.</summary>
    public override string ToString()
    {
        HtmlText contents = HtmlText.Join(sections.Select(s => HtmlText.Of($"<li><a href=\"#{s.Id}\">{s.Title}</a></li>")));
        HtmlText main = HtmlText.Join(sections.Select(s => HtmlText.Of(
            $"<section id=\"{s.Id}\" aria-labelledby=\"{s.Id}h\"><h2 id=\"{s.Id}h\">{s.Title}</h2>\n{s.Content}</section>\n")));
        return HtmlText.Of($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <link rel="icon" href="data:," />
            <title>{title}</title>
            <style>{new HtmlText(HtmlStyle.Css)}</style>
            </head>
            <body>
            <header><h1>{title}</h1><p>{subtitle}</p></header>
            <nav aria-label="Sections"><ul>{contents}</ul></nav>
            <main>
            {main}</main>
            </body>
            </html>

            """).Markup;
    }

    /// <summary>Writes the page; it appears under its name only when it is whole.</summary>
    /// <exception cref="EngineException">The file cannot be written.</exception>
    public void Save(string path) => AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(ToString())));
}
