using System.Globalization;
using System.Text.RegularExpressions;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Montgomery County's chest X-rays: an image and a text file with sex, age and reading for each case.</summary>
internal sealed partial class MontgomeryLayout : IDataLayout
{
    private const string Readings = "ClinicalReadings", Images = "CXR_png", Files = $"{Images}/*.png and {Readings}/*.txt";

    /// <inheritdoc/>
    public string Name => "montgomery";

    /// <inheritdoc/>
    public string Title => "Montgomery County CXR";

    /// <inheritdoc/>
    public string Needs => Files;

    /// <inheritdoc/>
    public SplitShares Shares { get; } = new(Validation: 0, Test: 0.2);

    /// <inheritdoc/>
    public bool IsAt(string folder) => Directory.Exists(Path.Combine(folder, Readings));

    /// <inheritdoc/>
    public LayoutRows Read(string folder, ulong seed)
    {
        var result = new LayoutRows(Path.Combine(folder, Readings), [], []);
        // Names of both folders: an image without a reading is a bad row, and so is a reading without an image.
        string[] names = [.. Names(folder, Images, ".png").Union(Names(folder, Readings, ".txt"), StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Dictionary<string, Reading> readings = names.ToDictionary(n => n, n => ReadText(Path.Combine(folder, Readings, n + ".txt")), StringComparer.Ordinal);
        foreach (string name in names)
        {
            Reading reading = readings[name];
            result.Rows.Add(new CaptionedRow(Path.Combine(folder, Readings, name + ".txt"), reading.Line, $"{Images}/{name}.png", reading.Caption)
            {
                Patient = Patient(name, readings),
                Problem = reading.Problem,
            });
        }
        result.Note(readings.Values.Count(r => r.SameAs is not null), "images are of a patient who has another one, and stay in that one's split");
        result.Note(readings.Values.Count(r => r.Problem is null && !r.HasFindings), "captions have no findings: the reading has none");
        return result;
    }

    private static IEnumerable<string> Names(string folder, string part, string extension)
    {
        string path = Path.Combine(folder, part);
        if (!Directory.Exists(path)) throw new EngineException($"{folder}: no folder {part}; montgomery needs {Files}");
        return Directory.EnumerateFiles(path).Where(f => Path.GetExtension(f).Equals(extension, StringComparison.OrdinalIgnoreCase))
            .Select(f => Path.GetFileNameWithoutExtension(f)!);
    }

    private sealed record Reading(string Caption, bool HasFindings, string? SameAs, int Line, string? Problem);

    // The image that a reading points to is the patient's name; a reading that points back ends the walk.
    private static string Patient(string name, Dictionary<string, Reading> readings)
    {
        var walked = new SortedSet<string>(StringComparer.Ordinal);
        for (string? at = name; at is not null && walked.Add(at); at = readings.GetValueOrDefault(at)?.SameAs) name = at;
        return readings.GetValueOrDefault(name)?.SameAs is null ? name : walked.Min!;
    }

    private static Reading ReadText(string path)
    {
        if (!File.Exists(path)) return Bad(0, $"{Readings}/{Path.GetFileName(path)}: no such file");
        string[] lines;
        try
        {
            lines = CsvTable.ReadText(path, reader => reader.ReadToEnd()).Split('\n', StringSplitOptions.TrimEntries);
        }
        catch (EngineException e)
        {
            return Bad(0, e.Message);
        }
        Match sex = Sex().Match(lines[0]);
        if (!sex.Success) return Bad(1, $"'{DataText.Shown(lines[0])}'; expected Patient's Sex: F, M or O");
        Match age = Age().Match(lines.Length > 1 ? lines[1] : "");
        if (!age.Success) return Bad(2, $"'{DataText.Shown(lines.Length > 1 ? lines[1] : "")}'; expected Patient's Age: 027Y");
        string findings = string.Join(' ', lines.Skip(2).Where(l => l.Length > 0));
        Match same = SameAs().Match(findings);
        findings = SameAs().Replace(findings, "").Replace("NO REPORT", "", StringComparison.OrdinalIgnoreCase).Trim();
        string years = int.Parse(age.Groups[1].Value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)
            + age.Groups[2].Value.ToUpperInvariant() switch { "M" => " months", "D" => " days", _ => "" };
        string caption = $"age:{years}, gender:{sex.Groups[1].Value.ToUpperInvariant()}" + (findings.Length > 0 ? $", findings:{findings}" : "");
        return new Reading(caption, findings.Length > 0, same.Success ? same.Groups[1].Value : null, 0, null);

        static Reading Bad(int line, string problem) => new("", false, null, line, problem);
    }

    [GeneratedRegex(@"^Patient.?s Sex:\s*([FMO])$", RegexOptions.IgnoreCase)]
    private static partial Regex Sex();

    [GeneratedRegex(@"^Patient.?s Age:\s*([0-9]{1,3})\s*([YMD]?)$", RegexOptions.IgnoreCase)]
    private static partial Regex Age();

    // From the beginning of white space only: else a long run of it would be walked from each of its characters.
    [GeneratedRegex(@"(?<!\s)\s*(?:\(\s*)?same p(?:atien)?t as (\w+)\s*\)?", RegexOptions.IgnoreCase)]
    private static partial Regex SameAs();
}
