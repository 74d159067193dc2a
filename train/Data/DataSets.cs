using System.Security.Cryptography;

namespace SeLoRA.Train;

/// <summary>What to train on and, where the data say so themselves, what to validate on.</summary>
internal sealed record DataSplits(IImageTextData Train, IImageTextData? Validation);

/// <summary>Opens the data set that a run names.</summary>
internal static class DataSets
{
    /// <summary>Opens and checks the data.</summary>
    /// <param name="config">Resolved options.</param>
    /// <param name="note">Receives what the user should know: skipped rows, unused files.</param>
    public static DataSplits Open(RunConfig config, Action<string> note)
    {
        bool phantoms = config.Dataset == "phantoms" || (config.Dataset == "auto" && config.Data == RunConfig.PhantomData);
        if (phantoms) return new DataSplits(new PhantomData(PhantomStyle.Target, config.Seed, config.Phantoms, config.Size!.Value), null);
        ImageFolderSplits splits = ImageFolder.LoadSplits(config.Data, config.SkipBad, config.Column == "text" ? null : config.Column);
        return new DataSplits(Open(splits.Train, note), splits.Validation is null ? null : Open(splits.Validation, note));
    }

    private static ImageFolderData Open(ImageFolder folder, Action<string> note)
    {
        foreach (string text in folder.Notes) note($"          {text}");
        if (folder.Problems.Count > 0) note($"          {folder.Problems.Count} rows skipped; the first: {folder.Problems[0]}");
        return new ImageFolderData(folder);
    }

    private sealed class ImageFolderData(ImageFolder folder) : IImageTextData
    {
        public int Count => folder.Samples.Count;

        public string Description => $"{folder.Folder}: {Count} images with captions";

        public string Caption(int index) => folder.Samples[index].Caption;

        public float[] Pixels(int index, int size) => ImageLoader.LoadSignedUnit(folder.Samples[index].Path, size);

        public string ContentKey(int index)
        {
            using FileStream stream = File.OpenRead(folder.Samples[index].Path);
            return Convert.ToHexString(SHA256.HashData(stream));
        }
    }
}
