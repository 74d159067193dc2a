using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>Makes the mini model from nothing, in two stages whose results lie in one diffusers folder.</summary>
internal static class Pretraining
{
    private const float VaeRate = 2e-3f, DenoiserRate = 1e-3f;

    /// <summary>Runs both stages, or the second alone on an autoencoder that is there.</summary>
    public static void Run(string folder, int count, int vaeSteps, int steps, int batch, ulong seed, Device device, CancellationToken cancel)
    {
        var source = new PhantomData(PhantomStyle.Source, seed, count, MiniModel.Size);
        var target = new PhantomData(PhantomStyle.Target, seed + 1, count / 2, MiniModel.Size);
        var vae = new AutoencoderKL(MiniModel.Vae);
        string vaeFile = Path.Combine(folder, "vae", "diffusion_pytorch_model.safetensors");
        if (vaeSteps > 0)
            VaePretraining.Run(vae, new Joined(source, target), MiniModel.Size, vaeSteps, batch, VaeRate, seed, device, cancel);
        else
        {
            using SafetensorsReader reader = SafetensorsReader.Open(vaeFile);
            WeightLoader.Load(vae, reader, device, StateDictKeys.Vae);
        }

        // The vocabulary knows the words of both domains, as CLIP's knows more than any one data set.
        string[] captions = [.. Captions(source), .. Captions(target)];
        var tokenizer = new ClipTokenizer(ClipVocabularyTrainer.Train(captions, MiniModel.VocabularyMax));
        LatentSet set;
        using (var progress = new ProgressLine("encoding"))
            set = LatentCache.Encode(source, MiniModel.Size, vae, tokenizer, device, (done, n) => progress.Report(done, n), cancel);
        VaeConfig vaeConfig = MiniModel.Vae with { ScalingFactor = 1f / Deviation(set) };
        var scaledVae = new AutoencoderKL(vaeConfig);
        foreach (((string _, Parameter to), (string _, Parameter from)) in scaledVae.NamedParameters().Zip(vae.NamedParameters()))
            to.Load(from.ToFileLayout(), device);
        var model = new StableDiffusionModel(new UNet2DConditionModel(MiniModel.UNet), scaledVae, new ClipTextModel(MiniModel.Text(tokenizer.Vocabulary.Count)), tokenizer,
            MiniModel.Scheduler);
        Directory.CreateDirectory(Path.GetDirectoryName(vaeFile)!);
        WeightSaver.Save(vae, vaeFile, SafetensorsDType.F16);

        DenoiserPretraining.Run(new Denoiser(model.TextEncoder, model.UNet, device), set, tokenizer.Encode(""), vaeConfig.ScalingFactor,
            NoiseSchedule.FromConfig(model.Scheduler), steps, batch, DenoiserRate, seed, cancel);
        ModelFolder.Save(model, folder, SafetensorsDType.F16);
        Console.WriteLine($"written to {folder}");
    }

    private static IEnumerable<string> Captions(PhantomData data) => Enumerable.Range(0, data.Count).Select(data.Caption);

    /// <summary>Standard deviation of all latents: SD-1.5's 0.18215 was chosen the same way.</summary>
    private static float Deviation(LatentSet set)
    {
        double mean = set.Means.Average(v => (double)v);
        double variance = 0;
        for (int i = 0; i < set.Means.Length; i++)
            variance += (set.Means[i] - mean) * (set.Means[i] - mean) + Math.Exp(set.LogVars[i]);
        return (float)Math.Sqrt(variance / set.Means.Length);
    }

    /// <summary>Two data sets, one after the other.</summary>
    private sealed class Joined(PhantomData first, PhantomData second) : IImageTextData
    {
        public int Count => first.Count + second.Count;

        public string Description => first.Description;

        public string Caption(int index) => Of(index, out int i).Caption(i);

        public float[] Pixels(int index, int size) => Of(index, out int i).Pixels(i, size);

        public string ContentKey(int index) => Of(index, out int i).ContentKey(i);

        private PhantomData Of(int index, out int local)
        {
            bool isFirst = index < first.Count;
            local = isFirst ? index : index - first.Count;
            return isFirst ? first : second;
        }
    }
}
