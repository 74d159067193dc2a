using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>A whole Stable Diffusion model in one file (.safetensors, .ckpt), under the names of the original code.</summary>
public sealed class SingleFileCheckpoint
{
    /// <summary>The scheduler of SD-1.x, which such a file does not say.</summary>
    internal const string Scheduler = """
        {
          "_class_name": "PNDMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
          "clip_sample": false, "num_train_timesteps": 1000, "prediction_type": "epsilon", "set_alpha_to_one": false,
          "skip_prk_steps": true, "steps_offset": 1
        }
        """;

    private const string EmaPrefix = "model_ema.";

    // Beside the networks' weights: what training left behind.
    private static readonly string[] Ignored = [$"{LdmNames.VaePrefix}loss.", $"{LdmNames.VaePrefix}model_ema.", $"{LdmNames.TextPrefix}text_projection", $"{LdmNames.TextPrefix}logit_scale"];

    private readonly ITensorSource source;
    private readonly LdmConfig config;

    private SingleFileCheckpoint(ITensorSource source)
    {
        this.source = source;
        config = new LdmConfig(source);
    }

    /// <summary>Whether the file has the names of one.</summary>
    /// <param name="source">An open file.</param>
    public static bool Is(ITensorSource source) => source.Names.Any(n => n.StartsWith(LdmNames.UNetPrefix, StringComparison.Ordinal));

    /// <summary>Checks the kind of the model.</summary>
    /// <param name="source">An open file.</param>
    /// <exception cref="EngineException">No single-file checkpoint, or one of another Stable Diffusion.</exception>
    public static SingleFileCheckpoint Of(ITensorSource source)
    {
        bool Has(string prefix) => source.Names.Any(n => n.StartsWith(prefix, StringComparison.Ordinal));
        if (!Is(source))
            throw new EngineException($"{source.Path}: is no checkpoint of a whole model: it has no tensors {LdmNames.UNetPrefix}*");
        string? other = Has("conditioner.") ? "SDXL" : Has("cond_stage_model.model.") ? "Stable Diffusion 2" : null;
        if (other is not null) throw new EngineException($"{source.Path}: is a checkpoint of {other}; only Stable Diffusion 1.x is supported");
        return new SingleFileCheckpoint(source);
    }

    /// <summary>The U-Net.</summary>
    /// <param name="ema">Take the averaged copy of its weights.</param>
    internal (UNetConfig Config, Func<UNet2DConditionModel, Func<string, string?>> Keys) UNet(bool ema)
    {
        if (ema && !source.Names.Any(n => n.StartsWith(EmaPrefix, StringComparison.Ordinal)))
            throw new EngineException($"{source.Path}: has no averaged copy (EMA) of the U-Net's weights");
        UNetConfig unet = config.UNet();
        return (unet, module => ema
            ? Names(module, name => LdmNames.Ema(name, unet), null)
            : Names(module, name => LdmNames.UNet(name, unet), LdmNames.UNetPrefix));
    }

    /// <summary>The VAE.</summary>
    internal (VaeConfig Config, Func<AutoencoderKL, Func<string, string?>> Keys) Vae()
    {
        VaeConfig vae = config.Vae();
        return (vae, module => Names(module, name => LdmNames.Vae(name, vae), LdmNames.VaePrefix));
    }

    /// <summary>The text encoder.</summary>
    internal (ClipTextConfig Config, Func<string, string?> Keys) Text() => (config.Text(), key =>
        key.StartsWith(LdmNames.TextPrefix, StringComparison.Ordinal) && !IsIgnored(key)
            ? StateDictKeys.ClipText(key[LdmNames.TextPrefix.Length..]) : null);

    // A name of this part that leads nowhere is kept, so that it is reported; those of other parts are not this one's matter.
    private static Func<string, string?> Names(Module module, Func<string, string> ldm, string? prefix)
    {
        var names = module.NamedParameters().ToDictionary(p => ldm(p.Name), p => p.Name, StringComparer.Ordinal);
        return key => names.GetValueOrDefault(key)
            ?? (prefix is not null && key.StartsWith(prefix, StringComparison.Ordinal) && !IsIgnored(key) ? key : null);
    }

    private static bool IsIgnored(string key) => Array.Exists(Ignored, prefix => key.StartsWith(prefix, StringComparison.Ordinal));
}
