using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The networks of a Stable Diffusion model with what belongs to them.</summary>
public sealed class StableDiffusionModel
{
    /// <summary>Puts the parts together.</summary>
    /// <param name="unet">The denoising network.</param>
    /// <param name="vae">Images to latents and back.</param>
    /// <param name="textEncoder">Reads the prompts.</param>
    /// <param name="tokenizer">Makes token ids of prompts.</param>
    /// <param name="scheduler">The model's own scheduler and its noise schedule.</param>
    /// <exception cref="EngineException">The parts do not fit each other.</exception>
    public StableDiffusionModel(UNet2DConditionModel unet, AutoencoderKL vae, ClipTextModel textEncoder, ClipTokenizer tokenizer,
        SchedulerConfig scheduler)
    {
        int latents = vae.Config.LatentChannels;
        if (unet.Config.InChannels != latents || unet.Config.OutChannels != latents)
        {
            throw new EngineException($"model: the U-Net has {unet.Config.InChannels} channels in and {unet.Config.OutChannels} out, the " +
                $"VAE's latents {latents}; models for inpainting, depth or instructions are not supported");
        }
        if (unet.Config.CrossAttentionDim != textEncoder.Config.HiddenSize)
        {
            throw new EngineException($"model: the U-Net reads text of width {unet.Config.CrossAttentionDim}, the text encoder's is " +
                $"{textEncoder.Config.HiddenSize}");
        }
        if (tokenizer.Vocabulary.Count > textEncoder.Config.VocabSize || tokenizer.MaxLength > textEncoder.Config.MaxPositionEmbeddings)
        {
            throw new EngineException($"model: the tokenizer has {tokenizer.Vocabulary.Count} tokens and texts of {tokenizer.MaxLength}, the " +
                $"text encoder holds {textEncoder.Config.VocabSize} and {textEncoder.Config.MaxPositionEmbeddings}");
        }
        (UNet, Vae, TextEncoder, Tokenizer, Scheduler) = (unet, vae, textEncoder, tokenizer, scheduler);
    }

    /// <summary>The denoising network.</summary>
    public UNet2DConditionModel UNet { get; }

    /// <summary>Images to latents and back.</summary>
    public AutoencoderKL Vae { get; }

    /// <summary>Reads the prompts.</summary>
    public ClipTextModel TextEncoder { get; }

    /// <summary>Makes token ids of prompts.</summary>
    public ClipTokenizer Tokenizer { get; }

    /// <summary>The model's own scheduler and its noise schedule.</summary>
    public SchedulerConfig Scheduler { get; }

    /// <summary>Where the U-Net's weights lie; all parts are expected there.</summary>
    public Device Device => UNet.NamedParameters().First().Parameter.Value.Device;

    /// <summary>Hidden states of texts, recorded for gradients where the text encoder has trainable parameters.</summary>
    /// <param name="ids">Token ids, <see cref="ClipTokenizer.MaxLength"/> a text.</param>
    /// <returns>(N, 77, width).</returns>
    public Tensor EncodeText(ReadOnlySpan<int> ids) => TextEncoder.Forward(ids, ids.Length / Tokenizer.MaxLength);

    /// <summary>Mean and log-variance of the latents of images, one after the other so that memory for one is enough.</summary>
    /// <param name="images">RGB in [-1, 1], each height x width x 3, one behind the other.</param>
    /// <param name="height">A multiple of <see cref="VaeConfig.Factor"/>.</param>
    /// <param name="width">A multiple of <see cref="VaeConfig.Factor"/>.</param>
    /// <returns>Each (N, height/8, width/8, 4), flat, on the host; not scaled.</returns>
    /// <exception cref="EngineException">The values do not make whole images, or a side is no multiple of the factor.</exception>
    public (float[] Mean, float[] LogVar) EncodeImages(ReadOnlySpan<float> images, int height, int width)
    {
        int size = height * width * Vae.Config.InChannels;
        if (size <= 0 || images.Length % size != 0)
            throw new EngineException($"EncodeImages: {images.Length} values do not make images of {height}x{width}x{Vae.Config.InChannels}");
        int count = images.Length / size, latent = height / Vae.Config.Factor * (width / Vae.Config.Factor) * Vae.Config.LatentChannels;
        var means = new float[count * latent];
        var logvars = new float[count * latent];
        using IDisposable noGrad = Autograd.NoGrad();
        for (int i = 0; i < count; i++)
        {
            using var scope = new TensorScope();
            Tensor image = Tensor.From(images.Slice(i * size, size), new Shape(1, height, width, Vae.Config.InChannels), Device);
            (Tensor mean, Tensor logvar) = Vae.Encode(image);
            mean.CopyTo(means.AsSpan(i * latent, latent));
            logvar.CopyTo(logvars.AsSpan(i * latent, latent));
        }
        return (means, logvars);
    }
}
