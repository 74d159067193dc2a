using System.Globalization;
using System.Text.RegularExpressions;

namespace SeLoRA.Train;

/// <summary>The rank an adapted module has reached.</summary>
/// <param name="Module">Its name as in the state dictionary, such as <c>down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_q</c>;
/// a prefix such as <c>unet.</c> does not matter.</param>
/// <param name="Rank">The rank, 0 or more.</param>
public sealed record ModuleRank(string Module, int Rank);

/// <summary>One grid of the heat map: named rows and columns, ranks where a module exists.</summary>
internal sealed partial class RankPanel
{
    private const string TransformerTitle = "U-Net transformer blocks", TimeTitle = "U-Net time embedding",
        TextTitle = "Text encoder", OtherTitle = "Other modules";

    private static readonly string[] s_textRows = ["q", "k", "v", "out", "fc1", "fc2"];

    private static readonly string[] s_transformerRows =
    [
        "attn1.q", "attn1.k", "attn1.v", "attn1.out", "attn2.q", "attn2.k", "attn2.v", "attn2.out", "ff.net.0", "ff.net.2",
        "proj_in", "proj_out",
    ];

    private RankPanel(string title, IReadOnlyList<string> rows, IReadOnlyList<string> columns, Dictionary<(string Row, string Column), int> ranks)
    {
        Title = title;
        Rows = rows;
        Columns = columns;
        Ranks = ranks;
    }

    public string Title { get; }

    public IReadOnlyList<string> Rows { get; }

    public IReadOnlyList<string> Columns { get; }

    public IReadOnlyDictionary<(string Row, string Column), int> Ranks { get; }

    /// <summary>The panels that the names call for; none of them is empty.</summary>
    public static List<RankPanel> Build(IEnumerable<ModuleRank> ranks)
    {
        // (position in data-flow order, column) of everything placed, by panel.
        var cells = new List<(string Panel, string Row, string Column, long Order, int Rank)>();
        foreach (ModuleRank module in ranks) cells.Add(Place(module));
        string[] titles = [TextTitle, TransformerTitle, TimeTitle, OtherTitle];
        return [.. titles.Where(t => cells.Any(c => c.Panel == t)).Select(title =>
        {
            var own = cells.Where(c => c.Panel == title).ToList();
            string[] columns = [.. own.OrderBy(c => c.Order).Select(c => c.Column).Distinct()];
            string[] known = title switch { TextTitle => s_textRows, TransformerTitle => s_transformerRows, _ => [] };
            string[] found = [.. own.Select(c => c.Row).Distinct()];
            string[] rows = [.. known.Where(found.Contains), .. found.Except(known)];
            return new RankPanel(title, rows, columns, own.GroupBy(c => (c.Row, c.Column)).ToDictionary(c => c.Key, c => c.Last().Rank));
        })];
    }

    private static (string Panel, string Row, string Column, long Order, int Rank) Place(ModuleRank module)
    {
        string name = module.Module;
        Match m = TextEncoderName().Match(name);
        if (m.Success) return (TextTitle, m.Groups["part"].Value.Replace("_proj", "", StringComparison.Ordinal), m.Groups["layer"].Value, Number(m, "layer"), module.Rank);

        m = UNetName().Match(name);
        if (m.Success)
        {
            string row = Row(m.Groups["part"].Value);
            bool time = row == "time_emb_proj";
            string side = m.Groups["side"].Value;
            long block = Number(m, "block"), layer = Number(m, "layer"), depth = Number(m, "depth");
            long order = ((side == "down" ? block : side == "mid" ? 1000 : 2000 + block) * 1000 + layer) * 1000 + depth;
            // The middle block has one transformer but two residual blocks.
            string column = (side == "mid" ? (time ? $"mid.{layer}" : "mid") : $"{side}{block}.{layer}") + (depth > 0 ? $".{depth}" : "");
            return (time ? TimeTitle : TransformerTitle, row, column, order, module.Rank);
        }

        m = TimeEmbeddingName().Match(name);
        return m.Success
            ? (TimeTitle, "time_emb_proj", $"linear_{m.Groups["n"].Value}", Number(m, "n") - 10, module.Rank)
            : (OtherTitle, name, "rank", 0, module.Rank);
    }

    // attn1.to_out.0 is drawn as attn1.out, ff.net.0.proj as ff.net.0.
    private static string Row(string part) => part
        .Replace(".to_out.0", ".out", StringComparison.Ordinal)
        .Replace(".to_", ".", StringComparison.Ordinal)
        .Replace("net.0.proj", "net.0", StringComparison.Ordinal);

    private static long Number(Match match, string group) =>
        match.Groups[group].Success ? long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"(^|\.)layers\.(?<layer>\d{1,4})\.(self_attn|mlp)\.(?<part>q_proj|k_proj|v_proj|out_proj|fc1|fc2)$")]
    private static partial Regex TextEncoderName();

    [GeneratedRegex(@"(^|\.)((?<side>down|up)_blocks\.(?<block>\d{1,4})|(?<side>mid)_block)\.(attentions|resnets)\.(?<layer>\d{1,4})\."
        + @"(transformer_blocks\.(?<depth>\d{1,4})\.(?<part>attn[12]\.to_(q|k|v|out\.0)|ff\.net\.(0\.proj|2))|(?<part>proj_in|proj_out|time_emb_proj))$")]
    private static partial Regex UNetName();

    [GeneratedRegex(@"(^|\.)time_embedding\.linear_(?<n>\d)$")]
    private static partial Regex TimeEmbeddingName();
}
