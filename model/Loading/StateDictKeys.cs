namespace SeLoRA.Model;

/// <summary>From the names that checkpoints have used over the years to those of the models here; null for a key to ignore.</summary>
public static class StateDictKeys
{
    /// <summary>The attention of the VAE before diffusers 0.17; the VAE of SD-1.5 as hosted still has these names.</summary>
    public static IReadOnlyList<(string Old, string New)> VaeAttention { get; } =
        [(".query.", ".to_q."), (".key.", ".to_k."), (".value.", ".to_v."), (".proj_attn.", ".to_out.0.")];

    /// <summary>The U-Net's keys: as they are.</summary>
    public static string? UNet(string key) => key;

    /// <summary>The VAE's keys: <c>query</c>, <c>key</c>, <c>value</c> and <c>proj_attn</c> are old names.</summary>
    public static string? Vae(string key)
    {
        if (!key.Contains(".attentions.", StringComparison.Ordinal)) return key;
        foreach ((string old, string name) in VaeAttention) key = key.Replace(old, name, StringComparison.Ordinal);
        return key;
    }

    /// <summary>The text encoder's keys: with or without <c>text_model.</c>; <c>position_ids</c> only counts 0, 1, ... and is ignored.</summary>
    public static string? ClipText(string key)
    {
        const string prefix = "text_model.";
        string name = key.StartsWith(prefix, StringComparison.Ordinal) ? key : prefix + key;
        return name == "text_model.embeddings.position_ids" ? null : name;
    }

    /// <summary>A whole CLIP's keys: as they are, without <c>position_ids</c>.</summary>
    public static string? Clip(string key) => key.EndsWith(".position_ids", StringComparison.Ordinal) ? null : key;

    /// <summary>Inception v3's keys: as they are, without the classifier and the counters of batch normalisation.</summary>
    public static string? Inception(string key) =>
        key.StartsWith("fc.", StringComparison.Ordinal) || key.EndsWith(".num_batches_tracked", StringComparison.Ordinal) ? null : key;
}
