using System.Text.Json;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>What a finished run says of itself beyond its tables: <c>summary.json</c> in the run folder.</summary>
/// <param name="Device">What computed.</param>
/// <param name="TrainImages">Images trained on.</param>
/// <param name="ValidationImages">Images held out.</param>
/// <param name="BestStep">Step of the adapter that was kept.</param>
/// <param name="BestValidation">Its validation loss; null without validation.</param>
/// <param name="Networks">Number of adapters and trainable share of each network, of the adapter that was kept.</param>
/// <param name="Ranks">Rank of each layer, of the adapter that was kept.</param>
internal sealed record RunSummary(string Device, int TrainImages, int ValidationImages, int BestStep, double? BestValidation,
    IReadOnlyList<AdapterShare> Networks, IReadOnlyDictionary<string, int> Ranks)
{
    private const string FileName = "summary.json";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Writes the file.</summary>
    public void Write(RunFolder folder) => folder.WriteText(FileName, JsonSerializer.Serialize(this, Json));

    /// <summary>Reads a run folder's summary; null where the run has not ended.</summary>
    /// <exception cref="EngineException">The file is not what a run writes.</exception>
    public static RunSummary? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            RunSummary? summary = JsonSerializer.Deserialize<RunSummary>(File.ReadAllText(path), Json);
            return summary is { Networks: not null, Ranks: not null } ? summary : throw new EngineException($"{path}: networks or ranks are missing");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: {DataText.Shown(e.Message)}", e);
        }
    }
}
