using System.Text.RegularExpressions;
using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>A network that adapters may be attached to, under the name that begins its modules' full names.</summary>
/// <param name="Name"><c>unet</c> or <c>text_encoder</c> for Stable Diffusion; any word without dots otherwise.</param>
/// <param name="Module">The network.</param>
public sealed record AdapterRoot(string Name, Module Module);

/// <summary>A linear layer that gets an adapter.</summary>
/// <param name="Root">The network it belongs to.</param>
/// <param name="ModuleName">Its name within the network, such as <c>mid_block.attentions.0.transformer_blocks.0.attn1.to_q</c>.</param>
/// <param name="Linear">The layer.</param>
public sealed record AdapterTarget(AdapterRoot Root, string ModuleName, Linear Linear)
{
    /// <summary><c>unet.</c> or <c>text_encoder.</c> and the module's name.</summary>
    public string FullName => $"{Root.Name}.{ModuleName}";
}

/// <summary>
/// Which linear layers get an adapter. A selection is a comma-separated list of:
/// <list type="bullet">
/// <item><c>all</c>: every linear layer (the default; 184 in the U-Net of Stable Diffusion 1.5, 72 in its text encoder);</item>
/// <item><c>proj</c>: the projections before and after the transformer blocks, <c>proj_in</c> and <c>proj_out</c>;</item>
/// <item><c>attn</c>: projections of attention (<c>attn1</c>, <c>attn2</c>, <c>self_attn</c>); <c>ff</c>: feed-forward layers
/// (<c>ff</c>, <c>mlp</c>); <c>time</c>: <c>time_embedding</c> and <c>time_emb_proj</c>;</item>
/// <item>a glob (<c>*</c>, <c>?</c>) that must match the whole name, with or without the network's name in front, or the name from one of
/// its dots on: <c>to_q</c>, <c>attn2.to_*</c>, <c>unet.mid_block.*</c>;</item>
/// <item><c>re:</c> and a regular expression, searched in the full name;</item>
/// <item>any of these after <c>!</c>: taken out again. A list of exclusions only starts from <c>all</c>.</item>
/// </list>
/// In Stable Diffusion 1.5 <c>proj_in</c> and <c>proj_out</c> are 1x1 convolutions: no other word or pattern means them than <c>proj</c> and
/// patterns that name them. Other convolutions get no adapter.
/// </summary>
public sealed class AdapterTargets
{
    private readonly List<(string Text, bool Exclude, Func<AdapterTarget, bool> Matches)> rules = [];

    private AdapterTargets(string text) => Text = text;

    /// <summary>Every linear layer.</summary>
    public static AdapterTargets All => Parse("all");

    /// <summary>The selection as it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a selection; an empty or malformed part is an error that names it.</summary>
    /// <param name="text">See the class.</param>
    /// <exception cref="EngineException">An empty part or an invalid regular expression.</exception>
    public static AdapterTargets Parse(string text)
    {
        var targets = new AdapterTargets(text);
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            bool exclude = part.StartsWith('!');
            string pattern = exclude ? part[1..].Trim() : part;
            if (pattern.Length == 0)
                throw new EngineException($"targets '{text}': an empty part; give all, attn, ff, time, proj or patterns of module names");
            targets.rules.Add((part, exclude, Rule(pattern)));
        }
        return targets;
    }

    /// <summary>
    /// All layers that can have an adapter, chosen or not, in the order of the networks' modules: linear ones and 1x1 convolutions that
    /// are computed as such (<see cref="Linear.IsPointwise"/>).
    /// </summary>
    /// <param name="roots">The networks.</param>
    public static IEnumerable<AdapterTarget> Layers(params IReadOnlyList<AdapterRoot> roots) =>
        from root in roots
        from named in root.Module.NamedModules()
        where named.Module is Linear
        select new AdapterTarget(root, named.Name, (Linear)named.Module);

    /// <summary>The chosen layers in the order of the networks' modules.</summary>
    /// <param name="roots">The networks.</param>
    /// <exception cref="EngineException">A part of the selection matches no layer, or nothing is left.</exception>
    public IReadOnlyList<AdapterTarget> Select(params IReadOnlyList<AdapterRoot> roots)
    {
        AdapterTarget[] layers = [.. Layers(roots)];
        foreach ((string part, _, Func<AdapterTarget, bool> matches) in rules)
        {
            if (!layers.Any(matches))
            {
                throw new EngineException($"targets: '{part}' matches none of {layers.Length} layers" +
                    (layers.Length > 0 ? $" (the first is {layers[0].FullName})" : "") + "; known words are all, attn, ff, time, proj");
            }
        }
        bool startsFromAll = rules.TrueForAll(r => r.Exclude);
        AdapterTarget[] chosen = [.. layers.Where(layer => IsChosen(layer, startsFromAll && !layer.Linear.IsPointwise))];
        return chosen.Length > 0 ? chosen : throw new EngineException($"targets '{Text}': no linear layer is left");
    }

    private bool IsChosen(AdapterTarget layer, bool chosen)
    {
        foreach ((_, bool exclude, Func<AdapterTarget, bool> matches) in rules)
            if (matches(layer)) chosen = !exclude;
        return chosen;
    }

    private static Func<AdapterTarget, bool> Rule(string pattern) => pattern switch
    {
        "all" => static layer => !layer.Linear.IsPointwise,
        "proj" => static layer => HasSegment(layer, "proj_in", "proj_out"),
        "attn" => static layer => HasSegment(layer, "attn1", "attn2", "self_attn"),
        "ff" => static layer => HasSegment(layer, "ff", "mlp"),
        "time" => static layer => HasSegment(layer, "time_embedding", "time_emb_proj"),
        _ => Named(pattern, pattern.StartsWith("re:", StringComparison.Ordinal) ? Search(pattern) : Glob(pattern)),
    };

    private static Func<AdapterTarget, bool> Named(string pattern, Func<AdapterTarget, bool> matches)
    {
        bool projections = pattern.Contains("proj_in", StringComparison.Ordinal) || pattern.Contains("proj_out", StringComparison.Ordinal);
        return projections ? matches : layer => !layer.Linear.IsPointwise && matches(layer);
    }

    private static bool HasSegment(AdapterTarget layer, params ReadOnlySpan<string> words)
    {
        foreach (string segment in layer.ModuleName.Split('.'))
            if (words.Contains(segment)) return true;
        return false;
    }

    private static Func<AdapterTarget, bool> Search(string pattern)
    {
        try
        {
            var expression = new Regex(pattern[3..], RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            return layer => expression.IsMatch(layer.FullName);
        }
        catch (ArgumentException e)
        {
            throw new EngineException($"targets: '{pattern}' is no regular expression: {e.Message}", e);
        }
    }

    private static Func<AdapterTarget, bool> Glob(string pattern)
    {
        string inner = Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".");
        var expression = new Regex($"(^|\\.)({inner})$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        return layer => expression.IsMatch(layer.FullName);
    }
}
