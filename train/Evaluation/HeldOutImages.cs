using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>
/// The images that a run has not trained on: the test part of its data set; where there is none, the part that it validated on; of
/// drawn radiographs those behind the run's own.
/// </summary>
internal static class HeldOutImages
{
    /// <summary>Radiographs that are drawn where no number is given.</summary>
    public const int PhantomsDefault = 128;

    /// <summary>Finds them.</summary>
    /// <param name="config">Resolved options of the run; its seed decides which images are held out.</param>
    /// <param name="model">Reads images where the run drew its validation part itself.</param>
    /// <param name="count">How many, spread evenly over the part; null for all.</param>
    /// <param name="cancel">Ends it between two images.</param>
    /// <exception cref="EngineException">Nothing is held out, or less than asked for.</exception>
    public static IImageTextData Open(RunConfig config, StableDiffusionModel model, int? count, CancellationToken cancel)
    {
        if (DataSets.ArePhantoms(config)) return Phantoms(config, count ?? PhantomsDefault);
        DataSplits splits = DataSets.Open(config, Console.WriteLine, cancel);
        if (splits.Test is { } test) return Part(test, Enumerable.Range(0, test.Count), "test part", config, count);
        Console.WriteLine("          there is no test part: the validation part is used, which also chose the adapter, so numbers are too good");
        return splits.Validation is { } validation
            ? Part(validation, Enumerable.Range(0, validation.Count), "validation part", config, count)
            : Part(splits.Train, DrawnByRun(splits.Train, config, model, cancel), "validation part", config, count);
    }

    private static ImageSubset Phantoms(RunConfig config, int count) => new(
        new PhantomData(PhantomStyle.Target, config.Seed, config.Phantoms + count, config.Size!.Value),
        [.. Enumerable.Range(config.Phantoms, count)], $"phantoms: {count} other drawn radiographs than those of the run");

    private static int[] DrawnByRun(IImageTextData all, RunConfig config, StableDiffusionModel model, CancellationToken cancel)
    {
        LatentSet latents;
        using (var progress = new ProgressLine("encoding images"))
            latents = LatentCache.Encode(all, config.Size!.Value, model.Vae, model.Tokenizer, model.Device, (done, n) => progress.Report(done, n), cancel);
        return latents.SplitIndices(config.Validation, config.Seed).Held;
    }

    private static ImageSubset Part(IImageTextData data, IEnumerable<int> indices, string part, RunConfig config, int? count)
    {
        int[] all = [.. indices];
        if (all.Length == 0) throw new EngineException($"{config.Data}: no image is held out for a test or for validation; give the folder a part test/, or --validation");
        int n = count ?? all.Length;
        if (n > all.Length) throw new EngineException($"--count {n}: the {part} of {config.Data} has {all.Length} images");
        return new ImageSubset(data, [.. Enumerable.Range(0, n).Select(i => all[(long)i * all.Length / n])], $"{config.Data}: {n} images of the {part}");
    }
}
