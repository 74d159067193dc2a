using System.Globalization;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// What a run needs to go on bit for bit: adapters with ranks, Adam moments and what rank control smooths over steps, step counters and the best validation so far. Random
/// state is not needed: every draw is a function of seed and step.
/// </summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="BestValidation">Lowest validation loss so far; infinite before the first.</param>
/// <param name="BestStep">Step it was measured after.</param>
/// <param name="Tensors">State of adapters and optimiser by name.</param>
internal sealed record CheckpointFile(int Step, double BestValidation, int BestStep, IReadOnlyDictionary<string, HostTensor> Tensors)
{
    private const int Kept = 2;

    /// <summary>State of loss scaling; null without.</summary>
    public LossScaling? Scaling { get; init; }

    /// <summary>Writes <c>step-000120.safetensors</c> whole or not at all, and deletes all but the newest two.</summary>
    public void Save(string folder)
    {
        var writer = new SafetensorsWriter();
        writer.Metadata["step"] = Step.ToString(CultureInfo.InvariantCulture);
        writer.Metadata["best_validation"] = BestValidation.ToString("R", CultureInfo.InvariantCulture);
        writer.Metadata["best_step"] = BestStep.ToString(CultureInfo.InvariantCulture);
        if (Scaling is { } scaling)
        {
            writer.Metadata["loss_scale"] = scaling.Scale.ToString("R", CultureInfo.InvariantCulture);
            writer.Metadata["loss_scale_good_steps"] = scaling.GoodSteps.ToString(CultureInfo.InvariantCulture);
            writer.Metadata["updates"] = scaling.Updates.ToString(CultureInfo.InvariantCulture);
        }
        foreach ((string name, HostTensor tensor) in Tensors)
            writer.AddFloat32(name, [.. tensor.Shape.Select(d => (long)d)], tensor.Values);
        writer.Save(Path.Combine(folder, $"step-{Step:D6}.safetensors"));
        foreach (string old in Files(folder).Reverse().Skip(Kept)) File.Delete(old);
    }

    /// <summary>The newest checkpoint of a run, or null.</summary>
    public static CheckpointFile? Newest(string folder) => Files(folder).LastOrDefault() is { } path ? Read(path) : null;

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "step-*.safetensors").Order(StringComparer.Ordinal) : [];

    private static CheckpointFile Read(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        string Value(string key) => reader.Metadata.TryGetValue(key, out string? value)
            ? value
            : throw new EngineException($"{path}: metadata has no '{key}', so this is no training checkpoint");
        var tensors = reader.Names.ToDictionary(name => name, name =>
            new HostTensor([.. reader.Tensors[name].Shape.Select(d => (int)d)], reader.ReadFloat32(name)));
        return new CheckpointFile(int.Parse(Value("step"), CultureInfo.InvariantCulture),
            double.Parse(Value("best_validation"), CultureInfo.InvariantCulture),
            int.Parse(Value("best_step"), CultureInfo.InvariantCulture), tensors)
        {
            Scaling = reader.Metadata.ContainsKey("loss_scale")
                ? new LossScaling(float.Parse(Value("loss_scale"), CultureInfo.InvariantCulture),
                    int.Parse(Value("loss_scale_good_steps"), CultureInfo.InvariantCulture), long.Parse(Value("updates"), CultureInfo.InvariantCulture))
                : null,
        };
    }
}

/// <summary>State of loss scaling.</summary>
/// <param name="Scale">Factor of the loss.</param>
/// <param name="GoodSteps">Good steps since it changed.</param>
/// <param name="Updates">Updates that the optimiser has made: steps less those that overflowed.</param>
internal sealed record LossScaling(float Scale, int GoodSteps, long Updates);
