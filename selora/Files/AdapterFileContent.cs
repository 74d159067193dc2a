namespace SeLoRA.Adapters;

/// <summary>Forms of adapter files.</summary>
public enum AdapterFormat
{
    /// <summary>One file with kohya's keys (A1111, ComfyUI), each module's rank and alpha as they are.</summary>
    Kohya,

    /// <summary>One file with the keys of diffusers, <c>unet.[module].lora_A.weight</c>; alphas in its metadata.</summary>
    Diffusers,

    /// <summary>A folder with <c>adapter_config.json</c> and <c>adapter_model.safetensors</c> for each network.</summary>
    Peft,

    /// <summary>Kohya's keys with one alpha for all modules, which every reader scales right: what training writes.</summary>
    SeLoRA,
}

/// <summary>What an adapter file holds.</summary>
/// <param name="Path">The file or folder.</param>
/// <param name="Format">The form of its names; <see cref="AdapterFormat.SeLoRA"/> is read as <see cref="AdapterFormat.Kohya"/>.</param>
/// <param name="Modules">Its modules in the order of the networks.</param>
/// <param name="Metadata">Its metadata about training (<c>ss_</c>, <c>modelspec.</c>) and whatever else others wrote there.</param>
/// <param name="Unmatched">
/// Null if every tensor found its module; else one line: how many of how many did, the first that did not, and the likely reason.
/// </param>
public sealed record AdapterFileContent(
    string Path, AdapterFormat Format, IReadOnlyList<AdapterFileModule> Modules, IReadOnlyDictionary<string, string> Metadata, string? Unmatched);
