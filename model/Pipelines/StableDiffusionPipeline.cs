using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// Text to image: prompt to hidden states, noise to latents by a scheduler, latents to pixels. One call at a time; several threads
/// have a pipeline each, which may share the model, on the same device or not.
/// </summary>
/// <param name="model">The networks. Nobody may change them, or their adapters, during a call.</param>
/// <param name="scheduler">The sampler, this pipeline's own.</param>
public sealed class StableDiffusionPipeline(StableDiffusionModel model, IScheduler scheduler)
{
    private int running;

    /// <summary>A GPU records the evaluation of the U-Net and replays it, instead of launching its kernels one by one.</summary>
    public bool Replays { get; init; } = true;

    /// <summary>Why a GPU did not replay evaluations in the last call; null where it could.</summary>
    public string? ReplayProblem { get; private set; }

    /// <summary>Evaluations of the last call that were replayed.</summary>
    internal int Replayed { get; private set; }

    /// <summary>Samples images.</summary>
    /// <param name="options">What to make.</param>
    /// <param name="cancellation">Ends the sampling between two steps.</param>
    /// <returns>One image a seed, in the order of the seeds.</returns>
    /// <exception cref="EngineException">A size, a count or the number of steps is impossible, or the result is not finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<SampledImage> Generate(SamplingOptions options, CancellationToken cancellation = default)
    {
        if (options.Count < 1) throw new EngineException($"sampling: count {options.Count}, at least 1 is needed");
        return Generate([.. Enumerable.Repeat(options.Prompt, options.Count)], options, cancellation);
    }

    /// <summary>Samples one image for each of several prompts; those of a batch go through the U-Net together.</summary>
    /// <param name="prompts">What the images show; the first has the seed of the options, the next one the next seed.</param>
    /// <param name="options">How to make them; its prompt and count are not read.</param>
    /// <param name="cancellation">Ends the sampling between two steps.</param>
    /// <returns>One image a prompt, in their order.</returns>
    /// <inheritdoc cref="Generate(SamplingOptions, CancellationToken)" path="/exception"/>
    public IReadOnlyList<SampledImage> Generate(IReadOnlyList<string> prompts, SamplingOptions options, CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref running, 1) != 0) throw new EngineException("sampling: the pipeline is at work for another call; make one for each thread");
        try
        {
            return Sample(prompts, options, cancellation);
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }

    /// <summary>
    /// The noise that sampling starts from, before <see cref="IScheduler.InitNoiseSigma"/>: draw i of Philox under the stream
    /// <c>latents</c> of the seed is element i in the engine's order (row, column, channel). It is drawn on the host, so a seed
    /// gives the same latents whatever device computes.
    /// </summary>
    /// <param name="seed">The image's seed.</param>
    /// <param name="latents">Receives height x width x channels values.</param>
    public static void InitialNoise(ulong seed, Span<float> latents) => Philox.FillNormal(latents, Philox.StreamSeed(seed, "latents"));

    private List<SampledImage> Sample(IReadOnlyList<string> prompts, SamplingOptions options, CancellationToken cancellation)
    {
        (int height, int width) = Size(options);
        if (options.BatchSize < 1) throw new EngineException($"sampling: batch size {options.BatchSize}, at least 1 is needed");
        using IDisposable noGrad = Autograd.NoGrad();
        var images = new List<SampledImage>();
        // Adapters may be others at the next call: a recording serves this one alone.
        using var unet = new DenoisingStep(model.UNet, Replays);
        while (images.Count < prompts.Count)
        {
            int first = images.Count, batch = Math.Min(options.BatchSize, prompts.Count - first);
            ulong[] seeds = [.. Enumerable.Range(first, batch).Select(i => options.Seed + (ulong)i)];
            float[] latents = Denoise(unet, [.. prompts.Skip(first).Take(batch)], options, seeds, height / model.Vae.Config.Factor, width / model.Vae.Config.Factor,
                (step, steps) => options.Progress?.Invoke(new SamplingProgress(first, prompts.Count, step, steps)), cancellation);
            int length = latents.Length / batch;
            for (int i = 0; i < batch; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                images.Add(Decode(latents.AsSpan(i * length, length), height, width, seeds[i]));
            }
        }
        (Replayed, ReplayProblem) = (unet.Replayed, unet.Problem);
        return images;
    }

    private (int Height, int Width) Size(SamplingOptions options)
    {
        int factor = model.Vae.Config.Factor, whole = model.UNet.Config.SampleSize * factor;
        int height = options.Height == 0 ? whole : options.Height, width = options.Width == 0 ? whole : options.Width;
        if (height < factor || width < factor || height % factor != 0 || width % factor != 0)
            throw new EngineException($"sampling: size {width}x{height}, both sides must be multiples of {factor}");
        return (height, width);
    }

    private float[] Denoise(DenoisingStep unet, string[] prompts, SamplingOptions options, ulong[] seeds, int height, int width, Action<int, int> progress,
        CancellationToken cancellation)
    {
        int batch = seeds.Length, channels = model.Vae.Config.LatentChannels, length = height * width * channels;
        bool guided = options.GuidanceScale > 1f;
        int rows = guided ? 2 * batch : batch;
        using var outer = new TensorScope();
        Tensor context = Context(prompts, guided ? options.NegativePrompt : null);

        scheduler.SetTimesteps(options.Steps);
        var latents = new float[batch * length];
        for (int i = 0; i < batch; i++) InitialNoise(seeds[i], latents.AsSpan(i * length, length));
        for (int i = 0; i < latents.Length; i++) latents[i] *= scheduler.InitNoiseSigma;

        // Each image has a stream of its own for the noise of stochastic samplers, so that a batch does not change an image.
        ulong[] streams = Array.ConvertAll(seeds, seed => Philox.StreamSeed(seed, "sampler"));
        ulong drawn = 0;
        void Noise(Span<float> destination)
        {
            for (int i = 0; i < batch; i++) Philox.FillNormal(destination.Slice(i * length, length), streams[i], drawn);
            drawn += (ulong)length;
        }

        unet.Begin(new Shape(rows, height, width, channels), context);
        var input = new float[rows * length];
        var output = new float[rows * length];
        int steps = scheduler.Timesteps.Length;
        for (int step = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            scheduler.ScaleModelInput(latents, step, input.AsSpan(0, latents.Length));
            if (guided) input.AsSpan(0, latents.Length).CopyTo(input.AsSpan(latents.Length));
            unet.Run(input, scheduler.Timesteps[step], output);
            // Unconditional first, as diffusers has it.
            if (guided)
            {
                for (int i = 0; i < latents.Length; i++)
                    output[i] += options.GuidanceScale * (output[latents.Length + i] - output[i]);
            }
            scheduler.Step(output.AsSpan(0, latents.Length), step, latents, latents, Noise);
            progress(step + 1, steps);
        }
        return latents;
    }

    /// <summary>Hidden states for a batch: the negative prompt's for the first half where there is one, then the prompts'.</summary>
    private Tensor Context(string[] prompts, string? negative)
    {
        string[] rows = negative is null ? prompts : [.. Enumerable.Repeat(negative, prompts.Length), .. prompts], texts = [.. rows.Distinct()];
        using var scope = new TensorScope();
        Tensor encoded = model.EncodeText([.. texts.SelectMany(model.Tokenizer.Encode)]);
        float[] values = encoded.ToArray();
        int row = values.Length / texts.Length;
        var repeated = new float[rows.Length * row];
        for (int i = 0; i < rows.Length; i++)
            values.AsSpan(Array.IndexOf(texts, rows[i]) * row, row).CopyTo(repeated.AsSpan(i * row));
        return scope.Return(Tensor.From(repeated, encoded.Shape.With(0, rows.Length), encoded.Device));
    }

    private SampledImage Decode(ReadOnlySpan<float> latents, int height, int width, ulong seed)
    {
        VaeConfig config = model.Vae.Config;
        var scaled = new float[latents.Length];
        for (int i = 0; i < scaled.Length; i++) scaled[i] = latents[i] / config.ScalingFactor;
        using var scope = new TensorScope();
        Tensor z = Tensor.From(scaled, new Shape(1, height / config.Factor, width / config.Factor, config.LatentChannels), model.Device);
        float[] pixels = model.Vae.Decode(z).ToArray();
        for (int i = 0; i < pixels.Length; i++)
        {
            if (!float.IsFinite(pixels[i])) throw new EngineException($"sampling: the image of seed {seed} is not finite");
            pixels[i] = Math.Clamp(pixels[i] / 2f + 0.5f, 0f, 1f);
        }
        return new SampledImage(width, height, pixels, seed);
    }
}
