using System.Globalization;
using System.Text;
using System.Text.Json;
using SeLoRA.Adapters;
using SeLoRA.Train;

namespace SeLoRA.Tests;

/// <summary>A run folder whose numbers are made up: what a report is made from, without training.</summary>
internal static class DrawnRun
{
    /// <summary>Writes a folder of 200 steps with rank tests every 40.</summary>
    /// <param name="folder">Where; it is created.</param>
    /// <param name="settings">Settings over those of a usual run.</param>
    /// <param name="validation">Best validation loss.</param>
    /// <param name="modules">Adapted layers.</param>
    public static void Write(string folder, Dictionary<string, object?>? settings = null, double validation = 0.25, IReadOnlyList<string>? modules = null)
    {
        modules ??= Modules;
        Directory.CreateDirectory(Path.Combine(folder, "samples"));
        var config = new Dictionary<string, object?>
        {
            ["model"] = "mini", ["data"] = "phantoms", ["method"] = "selora", ["lambda"] = 1.1, ["seed"] = 42, ["device"] = "cpu", ["epochs"] = null,
            ["prompts"] = Array.Empty<string>(),
        };
        foreach ((string key, object? value) in settings ?? []) config[key] = value;
        File.WriteAllText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(config));
        var metrics = new StringBuilder(MetricsRow.Header + "\n");
        var ranks = new StringBuilder("step,module,rank,fi_original,fi_expanded,ratio,grown\n");
        int[] rank = [.. modules.Select(_ => 1)];
        for (int step = 0; step <= 200; step++)
        {
            double? loss = step == 0 ? null : 0.1 + 0.4 * Math.Exp(-step / 50.0) + 0.02 * Math.Sin(step * 1.7), time = step == 0 ? null : 70 + step % 7;
            for (int m = 0; m < modules.Count && step > 0 && step % 40 == 0; m++)
            {
                double ratio = 1 + 0.3 / (1 + (m * 7 + step / 40) % 9);
                bool grown = ratio >= 1.1;
                ranks.Append(CultureInfo.InvariantCulture, $"{step},{modules[m]},{rank[m]},1,{ratio},{ratio},{(grown ? 1 : 0)}\n");
                if (grown) rank[m]++;
            }
            double? measured = step % 40 == 0 ? validation + (200 - step) / 1000.0 : null;
            metrics.Append(new MetricsRow(step, 1, loss, measured, rank.Sum(), step == 0 ? null : 1, time, step == 0 ? null : 67).ToCsv() + "\n");
        }
        File.WriteAllText(Path.Combine(folder, "metrics.csv"), metrics.ToString());
        File.WriteAllText(Path.Combine(folder, "ranks.csv"), ranks.ToString());
        foreach (string grid in (string[])["step-000000", "step-000200", "before-after"])
            ImageFile.SavePng(Path.Combine(folder, "samples", grid + ".png"), new RgbImage(64, 48, [.. Enumerable.Range(0, 64 * 48 * 3).Select(i => (byte)(i * 37))]));
        new RunSummary("host", 288, 32, 200, validation, [new AdapterShare("unet", 16, 16, rank.Sum(), 41_120, 4_200_000)],
            modules.Zip(rank).ToDictionary(m => m.First, m => m.Second)).Write(RunFolder.Open(folder));
    }

    private static IReadOnlyList<string> Modules { get; } =
    [
        .. from block in (string[])["down_blocks.0", "down_blocks.1", "up_blocks.0"]
           from part in (string[])["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "ff.net.0.proj"]
           select $"unet.{block}.attentions.0.transformer_blocks.0.{part}",
        "unet.time_embedding.linear_1",
        "text_encoder.text_model.encoder.layers.0.self_attn.q_proj",
    ];
}
