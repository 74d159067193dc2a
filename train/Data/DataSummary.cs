using System.Text.Encodings.Web;
using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>What a data folder holds, in numbers; as JSON it is what <c>data --json</c> writes.</summary>
internal sealed record DataSummary(
    string Folder, string Layout, string Title, ulong Seed, int Pairs, int? Patients, IReadOnlyList<PartSummary> Splits,
    IReadOnlyList<SizeCount> Sizes, CaptionLengths Captions, IReadOnlyList<string> Notes, IReadOnlyList<DataProblem> Rejects,
    IReadOnlyList<SplitMember> Images)
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Counts.</summary>
    /// <param name="data">The folder, read.</param>
    /// <param name="seed">The seed that drew its split.</param>
    /// <param name="model">Whose tokenizer counts, for the report.</param>
    /// <param name="tokenizer">That tokenizer.</param>
    public static DataSummary Of(DataFolder data, ulong seed, string model, ClipTokenizer tokenizer)
    {
        (string Name, IReadOnlyList<CaptionedImage> Images)[] parts =
            [("train", data.Split.Train), ("validation", data.Split.Validation), ("test", data.Split.Test)];
        CaptionedImage[] all = [.. data.Images];
        // A folder that separates its parts itself says nothing of patients.
        int? Patients(IEnumerable<CaptionedImage> images) => data.DrawsSplit ? images.Select(i => i.Patient).Distinct().Count() : null;
        return new DataSummary(data.Folder, data.Layout, data.Title, seed, all.Length, Patients(all),
            [.. parts.Select(p => new PartSummary(p.Name, p.Images.Count, Patients(p.Images)))],
            [.. all.CountBy(i => (i.Width, i.Height)).Select(c => new SizeCount(c.Key.Width, c.Key.Height, c.Value))
                .OrderByDescending(c => c.Count).ThenBy(c => c.Width).ThenBy(c => c.Height)],
            CaptionLengths.Of(all, model, tokenizer), data.Notes, data.Problems,
            [.. parts.SelectMany(p => p.Images.Select(i => new SplitMember(
                Path.GetRelativePath(data.Folder, i.Path).Replace('\\', '/'), data.DrawsSplit ? i.Patient : null, p.Name)))]);
    }

    /// <summary>Writes the numbers, every reject, and the split of every image.</summary>
    public void WriteJson(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, s_json));
}

/// <summary>One part of a split; patients are null where the data set does not name them.</summary>
internal sealed record PartSummary(string Name, int Pairs, int? Patients);

/// <summary>How many images have a size.</summary>
internal sealed record SizeCount(int Width, int Height, int Count);

/// <summary>In which part an image stands.</summary>
internal sealed record SplitMember(string File, string? Patient, string Split);

/// <summary>Lengths of captions in tokens without start and end; those above <paramref name="Limit"/> lose their end.</summary>
internal sealed record CaptionLengths(string Model, int Limit, int Shortest, int Median, int Percentile95, int Longest, int Cut, double CutShare)
{
    /// <summary>Counts each different caption once and weighs it by its images.</summary>
    public static CaptionLengths Of(IReadOnlyCollection<CaptionedImage> images, string model, ClipTokenizer tokenizer)
    {
        Dictionary<string, int> tokens = images.Select(i => i.Caption).Distinct().ToDictionary(c => c, tokenizer.CountTokens);
        int[] lengths = [.. images.Select(i => tokens[i.Caption]).Order()];
        int limit = tokenizer.MaxLength - 2, cut = lengths.Count(n => n > limit);
        return new CaptionLengths(model, limit, lengths[0], lengths[lengths.Length / 2], lengths[lengths.Length * 95 / 100], lengths[^1],
            cut, (double)cut / lengths.Length);
    }
}
