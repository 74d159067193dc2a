using System.CommandLine;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.WeightsConvert;

/// <summary>The networks by which the names of an adapter are understood. They have shapes but no weights.</summary>
internal static class AdapterNetworks
{
    /// <summary>The option that names another model than SD-1.5.</summary>
    public static Option<string?> ModelOption() => new("--model")
    {
        HelpName = "PATH",
        Description = "Model that the adapter was made for, a folder in diffusers form or a single file; its weights are not read (Stable Diffusion 1.5)",
    };

    /// <summary>U-Net and text encoder of a model folder, or of SD-1.5.</summary>
    public static IReadOnlyList<AdapterRoot> Roots(string? model) => model is null
        ? Roots(new UNet2DConditionModel(new UNetConfig()), new ClipTextModel(new ClipTextConfig()))
        : Roots(ModelFolder.Open(model));

    /// <summary>U-Net and text encoder of a model folder.</summary>
    public static IReadOnlyList<AdapterRoot> Roots(ModelFolder folder)
    {
        using ModelPart unet = folder.OpenUNet(), text = folder.OpenTextEncoder();
        return Roots(unet.Module, text.Module);
    }

    private static AdapterRoot[] Roots(Module unet, Module text) => [new AdapterRoot("unet", unet), new AdapterRoot("text_encoder", text)];
}
