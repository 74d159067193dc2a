using System.Security.Cryptography;

namespace SeLoRA.Train;

/// <summary>What to train on and, where the data say so themselves, what to validate on and what to keep for the test.</summary>
internal sealed record DataSplits(IImageTextData Train, IImageTextData? Validation, IImageTextData? Test);

/// <summary>Opens the data set that a run names.</summary>
internal static class DataSets
{
    /// <summary>Every name that <c>--dataset</c> takes.</summary>
    public static string[] Names { get; } = [.. DataLayouts.Names, "phantoms"];

    /// <summary>Opens and checks the data.</summary>
    /// <param name="config">Resolved options.</param>
    /// <param name="note">Receives what the user should know: skipped rows, unused files.</param>
    /// <param name="cancel">Ends the checks between two images.</param>
    public static DataSplits Open(RunConfig config, Action<string> note, CancellationToken cancel)
    {
        if (ArePhantoms(config)) return new DataSplits(new PhantomData(PhantomStyle.Target, config.Seed, config.Phantoms, config.Size!.Value), null, null);
        DataFolder folder = Load(config, cancel);
        foreach (string text in folder.Notes) note($"          {text}");
        if (folder.Problems.Count > 0) note($"          {folder.Problems.Count} rows skipped; the first: {folder.Problems[0]}");
        return new DataSplits(Data(folder.Split.Train)!, Data(folder.Split.Validation), Data(folder.Split.Test));

        IImageTextData? Data(IReadOnlyList<CaptionedImage> images) => images.Count == 0 ? null : new FolderData(folder, images);
    }

    /// <summary>Whether the data are drawn rather than read.</summary>
    public static bool ArePhantoms(RunConfig config) =>
        config.Dataset == "phantoms" || (config.Dataset == "auto" && config.Data == RunConfig.PhantomData);

    /// <summary>Reads and splits the folder that a run names, with a line that follows it.</summary>
    public static DataFolder Load(RunConfig config, CancellationToken cancel)
    {
        using var progress = new ProgressLine("checking images");
        DataFolder folder = DataFolder.Load(config.Data, config.Dataset, config.Seed, config.SkipBad,
            config.Column == "text" ? null : config.Column, (done, total) => progress.Report(done, total), cancel);
        // Where the split is drawn, so is a validation part that the published one lacks: by patient.
        return folder.DrawsSplit ? folder with { Split = folder.Split.WithValidation(config.Validation, config.Seed) } : folder;
    }

    private sealed class FolderData(DataFolder folder, IReadOnlyList<CaptionedImage> images) : IImageTextData
    {
        public int Count => images.Count;

        public string Description => $"{folder.Folder} ({folder.Layout}): {Count} images with captions";

        public string Caption(int index) => images[index].Caption;

        public float[] Pixels(int index, int size) => ImageLoader.LoadSignedUnit(images[index].Path, size);

        public string ContentKey(int index)
        {
            using FileStream stream = File.OpenRead(images[index].Path);
            return Convert.ToHexString(SHA256.HashData(stream));
        }
    }
}
