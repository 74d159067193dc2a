using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>PatchGastricADC22: patches of stomach biopsies, and a table with a caption for each slide.</summary>
internal sealed class PatchGastricLayout : IDataLayout
{
    private const string Captions = "captions.csv", Patches = "patches_captions";
    private const int Subtypes = 5, PatchesPerSubtype = 1000;

    private static readonly string[] s_imageFolders = [Patches, Path.Combine(Patches, Patches), ""];

    /// <inheritdoc/>
    public string Name => "patchgastric";

    /// <inheritdoc/>
    public string Title => FormattableString.Invariant($"PatchGastricADC22, {Subtypes} subtypes, up to {PatchesPerSubtype:N0} patches of each");

    /// <inheritdoc/>
    public string Needs => $"{Captions} (id,subtype,text) and the patches in {Patches}/";

    /// <inheritdoc/>
    public SplitShares Shares { get; } = new(Validation: 0.1, Test: 0.2);

    /// <inheritdoc/>
    public bool IsAt(string folder) =>
        // The name is a common one; the column is not.
        File.Exists(Path.Combine(folder, Captions))
        && CsvTable.ReadText(Path.Combine(folder, Captions), reader => reader.ReadLine() ?? "").Contains("subtype", StringComparison.Ordinal);

    /// <inheritdoc/>
    public LayoutRows Read(string folder, ulong seed)
    {
        string captions = Path.Combine(folder, Captions);
        var result = new LayoutRows(captions, [], []);
        List<Slide> slides = ReadSlides(captions, result.Rows);
        ILookup<string, string> patches = ListPatches(folder);
        IGrouping<string, Slide>[] subtypes = [.. slides.GroupBy(s => s.Subtype, StringComparer.OrdinalIgnoreCase)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)];
        foreach (IGrouping<string, Slide> subtype in subtypes.Take(Subtypes)) Draw(subtype, patches, folder, seed, result);
        result.Note(subtypes.Skip(Subtypes).Sum(g => g.Count()), "slides of rarer subtypes left out");
        HashSet<string> known = [.. slides.Select(s => s.Id)];
        result.Note(patches.Where(p => !known.Contains(p.Key)).Sum(p => p.Count()), $"patches left out: their slide is not in {Captions}");
        return result;
    }

    private sealed record Slide(int Line, string Id, string Subtype, string Text);

    private static void Draw(IGrouping<string, Slide> subtype, ILookup<string, string> patches, string folder, ulong seed, LayoutRows result)
    {
        foreach (Slide slide in subtype.Where(s => !patches.Contains(s.Id)))
            result.Rows.Add(new CaptionedRow(result.Source, slide.Line, slide.Id, "") { Problem = $"{slide.Id}: no patch {slide.Id}_*.jpg in {Patches}" });
        (Slide Slide, string File)[] all = [.. subtype.SelectMany(slide => patches[slide.Id].Select(file => (slide, file)))];
        result.Notes.Add(FormattableString.Invariant($"{DataText.Shown(subtype.Key)}: {Math.Min(all.Length, PatchesPerSubtype):N0} of {all.Length:N0} patches, {subtype.Count():N0} slides"));
        // The draw is by name, hence the same on every file system; the order is the table's.
        result.Rows.AddRange(SeededOrder.Shuffle(all, p => Path.GetFileName(p.File), seed).Take(PatchesPerSubtype)
            .OrderBy(p => p.Slide.Line).ThenBy(p => p.File, StringComparer.Ordinal)
            .Select(p => new CaptionedRow(result.Source, p.Slide.Line, Path.GetRelativePath(folder, p.File), p.Slide.Text) { Patient = p.Slide.Id }));
    }

    private static List<Slide> ReadSlides(string path, List<CaptionedRow> rows)
    {
        CsvTable table = CsvTable.Read(path, "id,subtype,text");
        int id = table.Column("id"), subtype = table.Column("subtype"), text = table.Column("text");
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var slides = new List<Slide>();
        foreach (CsvRow row in table.Rows)
        {
            string name = row[id];
            string? problem = row.Problem ?? (name.Length == 0 ? "empty id" : row[text].Length == 0 ? $"{name}: empty caption" : null);
            if (problem is null && !lines.TryAdd(name, row.Line)) problem = $"{name}: listed before, in row {lines[name]}";
            if (problem is null) slides.Add(new Slide(row.Line, name, row[subtype], row[text]));
            else rows.Add(new CaptionedRow(path, row.Line, name, "") { Problem = problem });
        }
        return slides;
    }

    // A quarter of a million names in one folder: listed once, grouped by slide.
    private static ILookup<string, string> ListPatches(string folder)
    {
        List<string> files = s_imageFolders.Select(f => Path.Combine(folder, f)).Where(Directory.Exists)
            .Select(f => CaptionFiles.Images(f, SearchOption.TopDirectoryOnly).ToList()).FirstOrDefault(f => f.Count > 0)
            ?? throw new EngineException($"{folder}: no patches in {Patches}; expected JPEG files named by slide, such as 0123abcd_7.jpg");
        return files.ToLookup(f => Path.GetFileName(f).Split('_')[0], StringComparer.Ordinal);
    }
}
