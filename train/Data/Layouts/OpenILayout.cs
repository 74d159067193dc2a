using System.Globalization;
using System.Text;
using System.Xml;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Indiana University's chest X-rays as Open-i publishes them: one XML file a report, and PNG files.</summary>
internal sealed class OpenILayout : IDataLayout
{
    private const string Reports = "ecgen-radiology";
    private const int DeepestElement = 100;

    private static readonly string[] s_imageFolders = ["NLMCXR_png", "NLMCXR_png/NLMCXR_png", ""];

    /// <inheritdoc/>
    public string Name => "openi";

    /// <inheritdoc/>
    public string Title => "IU X-Ray (Open-i reports), frontal views";

    /// <inheritdoc/>
    public string Needs => $"{Reports}/*.xml, the images in NLMCXR_png/ or beside it, and {IuProjections.FileName}, which tells the views";

    /// <inheritdoc/>
    public SplitShares Shares => IuXrayLayout.IuSplit;

    /// <inheritdoc/>
    public bool IsAt(string folder) => Directory.Exists(Path.Combine(folder, Reports));

    /// <inheritdoc/>
    public LayoutRows Read(string folder, ulong seed)
    {
        string reports = Path.Combine(folder, Reports), projections = Path.Combine(folder, IuProjections.FileName);
        if (!Directory.Exists(reports)) throw new EngineException($"{folder}: no folder {Reports}; {Name} needs {Needs}");
        if (!File.Exists(projections))
            throw new EngineException($"{folder}: no {IuProjections.FileName}; Open-i's reports do not say which images are frontal, "
                + "put that table of the Kaggle copy beside " + Reports);
        var result = new LayoutRows(reports, [], []);
        Dictionary<string, bool> frontal = Views(projections, result.Rows);
        string images = s_imageFolders.First(f => Directory.Exists(Path.Combine(folder, f)));
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        int lateral = 0, unknown = 0, textless = 0, without = 0;
        // By number, so that the order is that of the reports and not of their names.
        foreach (string path in Directory.EnumerateFiles(reports, "*.xml").OrderBy(Number).ThenBy(p => p, StringComparer.Ordinal))
        {
            (string uid, string caption, List<(string Id, int Line)> ids, CaptionedRow? bad) = ReadReport(path);
            if (bad is null && !seen.TryAdd(uid, path))
                bad = new CaptionedRow(path, 0, "", "") { Problem = $"{Path.GetFileName(path)}: CXR{uid} is the report of {Path.GetFileName(seen[uid])} too" };
            if (bad is not null)
            {
                result.Rows.Add(bad);
                continue;
            }
            bool any = false;
            foreach ((string id, int line) in ids)
            {
                if (!frontal.TryGetValue(IuProjections.Key(uid, id), out bool isFrontal)) unknown++;
                else if (!isFrontal) lateral++;
                else if (caption.Length == 0) textless++;
                else result.Rows.Add(new CaptionedRow(path, line, Path.Combine(images, id + ".png"), caption) { Patient = uid });
                any |= isFrontal;
            }
            if (!any) without++;
        }
        result.Note(lateral, "lateral views left out");
        result.Note(unknown, $"images left out: {IuProjections.FileName} does not tell their view");
        result.Note(textless, "frontal views left out: the report has neither findings nor impression");
        result.Note(without, "reports have no frontal view");
        return result;
    }

    private static Dictionary<string, bool> Views(string projections, List<CaptionedRow> rows)
    {
        var frontal = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (IuProjection image in IuProjections.Read(projections))
        {
            if (image.Problem is null) frontal[IuProjections.Key(image.Uid, image.File)] = image.Frontal;
            else rows.Add(new CaptionedRow(projections, image.Line, image.File, "") { Problem = image.Problem });
        }
        return frontal;
    }

    private static (string Uid, string Caption, List<(string Id, int Line)> Images, CaptionedRow? Bad) ReadReport(string path)
    {
        string name = Path.GetFileName(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            Report report = Parse(stream);
            return report.Uid is { } uid && uid.StartsWith("CXR", StringComparison.Ordinal)
                ? (uid[3..], RadiologyReport.Caption(report.Text("FINDINGS"), report.Text("IMPRESSION")), report.Images, null)
                : Bad(0, $"{name}: no uId such as CXR12");
        }
        catch (XmlException e)
        {
            return Bad(e.LineNumber, $"not valid XML: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Bad(0, $"{name}: cannot be read: {e.Message}");
        }

        (string, string, List<(string, int)>, CaptionedRow?) Bad(int line, string problem) =>
            ("", "", [], new CaptionedRow(path, line, name, "") { Problem = problem });
    }

    private sealed record Report(List<(string Label, StringBuilder Text)> Parts, List<(string Id, int Line)> Images)
    {
        public string? Uid { get; set; }

        public string Text(string label) => string.Join(' ', Parts.Where(p => label.Equals(p.Label, StringComparison.OrdinalIgnoreCase)).Select(p => p.Text));
    }

    // Element by element: a tree of a file that nests without end could not be walked.
    private static Report Parse(Stream stream)
    {
        var report = new Report([], []);
        using var reader = XmlReader.Create(stream, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        (StringBuilder? text, int depth) = (null, 0);
        while (reader.Read())
        {
            if (reader.Depth > DeepestElement) throw new XmlException($"elements nested more than {DeepestElement} deep");
            if (text is not null && reader.Depth <= depth) text = null;
            if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace) text?.Append(reader.Value);
            if (reader.NodeType != XmlNodeType.Element) continue;
            int line = ((IXmlLineInfo)reader).LineNumber;
            if (reader.LocalName == "uId") report.Uid ??= reader.GetAttribute("id")?.Trim();
            else if (reader.LocalName == "parentImage" && reader.GetAttribute("id") is { } id) report.Images.Add((id.Trim(), line));
            else if (reader.LocalName == "AbstractText" && text is null)
            {
                (text, depth) = (new StringBuilder(), reader.Depth);
                report.Parts.Add((reader.GetAttribute("Label")?.Trim() ?? "", text));
                if (reader.IsEmptyElement) text = null;
            }
        }
        return report;
    }

    private static int Number(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : int.MaxValue;
}
