using System.CommandLine;
using SeLoRA.Adapters;
using SeLoRA.Model;

namespace SeLoRA.WeightsConvert;

/// <summary>The networks by which the names of an adapter are understood. They have shapes but no weights.</summary>
internal static class AdapterNetworks
{
    /// <summary>The option that names another model than SD-1.5.</summary>
    public static Option<string?> ModelOption() => new("--model")
    {
        HelpName = "DIR",
        Description = "Folder of the model that the adapter was made for, in diffusers form; only its config files are read (Stable Diffusion 1.5)",
    };

    /// <summary>U-Net and text encoder of a model folder, or of SD-1.5.</summary>
    public static IReadOnlyList<AdapterRoot> Roots(string? model) => model is null
        ? Roots(new UNetConfig(), new ClipTextConfig())
        : Roots(ModelFolder.Open(model));

    /// <summary>U-Net and text encoder of a model folder.</summary>
    public static IReadOnlyList<AdapterRoot> Roots(ModelFolder folder) => Roots(folder.ReadUNetConfig(), folder.ReadTextConfig());

    private static AdapterRoot[] Roots(UNetConfig unet, ClipTextConfig text) =>
        [new AdapterRoot("unet", new UNet2DConditionModel(unet)), new AdapterRoot("text_encoder", new ClipTextModel(text))];
}
