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
    /// <exception cref="EngineException">A value is not finite, or the system refuses the writing: what was there stays.</exception>
    public void Save(string folder)
    {
        foreach ((string name, HostTensor tensor) in Tensors)
            if (FiniteCheck.FirstBad(tensor.Values) >= 0) throw new EngineException($"step {Step}: {name} is not finite and was not saved");
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
    /// <exception cref="EngineException">It is damaged; the message names the one before it.</exception>
    public static CheckpointFile? Newest(string folder)
    {
        string[] files = [.. Files(folder)];
        if (files.Length == 0) return null;
        try
        {
            return Read(files[^1]);
        }
        catch (EngineException e) when (files.Length > 1)
        {
            throw new EngineException($"{e.Message}; delete it to go on from {Path.GetFileName(files[^2])}", e);
        }
    }

    // From a million steps on the numbers are longer.
    private static IEnumerable<string> Files(string folder) => Directory.Exists(folder)
        ? Directory.GetFiles(folder, "step-*.safetensors").OrderBy(f => f.Length).ThenBy(f => f, StringComparer.Ordinal)
        : [];

    private static CheckpointFile Read(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        string Value(string key) => reader.Metadata.TryGetValue(key, out string? value)
            ? value
            : throw new EngineException($"{path}: metadata has no '{key}', so this is no training checkpoint");
        int Step(string key) => int.TryParse(Value(key), NumberStyles.None, CultureInfo.InvariantCulture, out int step) ? step : throw Wrong(key, "a step");
        EngineException Wrong(string key, string needed) => new($"{path}: metadata '{key}' is no number, {needed} is needed; so this is no training checkpoint");
        if (!double.TryParse(Value("best_validation"), NumberStyles.Float, CultureInfo.InvariantCulture, out double best) || double.IsNaN(best)) throw Wrong("best_validation", "a loss");
        var tensors = reader.Names.ToDictionary(name => name, name => reader.Tensors[name].Shape.All(d => d <= int.MaxValue)
            ? new HostTensor([.. reader.Tensors[name].Shape.Select(d => (int)d)], reader.ReadFloat32(name))
            : throw new EngineException($"{path}: a tensor has an axis of more than {int.MaxValue}"));
        return new CheckpointFile(Step("step"), best, Step("best_step"), tensors) { Scaling = Scaling() };

        LossScaling? Scaling()
        {
            if (!reader.Metadata.ContainsKey("loss_scale")) return null;
            if (!float.TryParse(Value("loss_scale"), NumberStyles.Float, CultureInfo.InvariantCulture, out float scale) || !(scale > 0 && float.IsFinite(scale)))
                throw Wrong("loss_scale", "a scale");
            return new LossScaling(scale, Step("loss_scale_good_steps"), Step("updates"));
        }
    }
}

/// <summary>State of loss scaling.</summary>
/// <param name="Scale">Factor of the loss.</param>
/// <param name="GoodSteps">Good steps since it changed.</param>
/// <param name="Updates">Updates that the optimiser has made: steps less those that overflowed.</param>
internal sealed record LossScaling(float Scale, int GoodSteps, long Updates);
