using System.Text.Json;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>The result of an evaluation: <c>evaluation.json</c>.</summary>
internal sealed record EvaluationFile
{
    /// <summary>Its name in a run folder.</summary>
    public const string Name = "evaluation.json";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Values by the metrics' full names.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Number of generated images, and of the real ones they are held to.</summary>
    public required int Images { get; init; }

    /// <summary>Side of the images in pixels.</summary>
    public required int Size { get; init; }

    /// <summary>Seed of the first image.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Denoising steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Classifier-free guidance scale.</summary>
    public required float Guidance { get; init; }

    /// <summary>Sampler.</summary>
    public required string Scheduler { get; init; }

    /// <summary>Base model.</summary>
    public required string Model { get; init; }

    /// <summary>Adapter file, from the folder of this file.</summary>
    public required string Adapter { get; init; }

    /// <summary>Which images of which data set.</summary>
    public required string Data { get; init; }

    /// <summary>When it was measured.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>What the adapter adds to each network.</summary>
    public required IReadOnlyList<AdapterShare> Networks { get; init; }

    /// <summary>Why numbers deserve little trust.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Writes it into a folder.</summary>
    public void Save(string folder) => AtomicFile.Write(Path.Combine(folder, Name), stream => JsonSerializer.Serialize(stream, this, Json));

    /// <summary>Reads it from a folder.</summary>
    /// <exception cref="EngineException">It is damaged.</exception>
    public static EvaluationFile Read(string folder)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            return JsonSerializer.Deserialize<EvaluationFile>(File.ReadAllText(path), Json) ?? throw new EngineException($"{path}: is empty");
        }
        catch (JsonException e)
        {
            throw new EngineException($"{path}: {e.Message}; delete it to evaluate again", e);
        }
    }
}
