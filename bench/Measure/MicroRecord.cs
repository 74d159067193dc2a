using System.Globalization;
using System.Text.Json.Nodes;

namespace SeLoRA.Bench;

/// <summary>The result of one operator in one phase, under the keys that <c>compare</c> joins by.</summary>
/// <param name="Json">The line to be.</param>
/// <param name="Rate">GFLOP/s or GB/s.</param>
/// <param name="Summary">For people.</param>
internal sealed record MicroRecord(JsonObject Json, double Rate, string Summary)
{
    /// <summary>What every program knows of it.</summary>
    public static MicroRecord Of(MicroShape op, string phase, string dtype, CallTime time, long work)
    {
        double rate = work / time.Milliseconds / 1e6;
        string unit = op.Flops > 0 ? "gflop_s" : "gb_s";
        var json = new JsonObject
        {
            ["task"] = "micro", ["op"] = op.Op, ["shape"] = op.Text, ["phase"] = phase, ["dtype"] = dtype,
            ["ms"] = Math.Round(time.Milliseconds, 5), ["ms_min"] = Math.Round(time.Min, 5), ["ms_max"] = Math.Round(time.Max, 5),
            ["chunks"] = time.Chunks, ["calls_per_chunk"] = time.CallsPerChunk, ["cpus_used"] = Math.Round(time.CpusUsed, 2),
            [unit] = Math.Round(rate, 2), ["used_by"] = op.UsedBy, ["tf32"] = false,
        };
        return new MicroRecord(json, rate, string.Create(CultureInfo.InvariantCulture,
            $"{op.Op,-16} {op.Text,-44} {phase,-14} {dtype} {time.Milliseconds,10:F4} ms {rate,9:F1} {unit}"));
    }
}
