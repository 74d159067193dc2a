using System.Globalization;
using System.Text.Json;

namespace SeLoRA.Adapters;

/// <summary>
/// What an adapter file says about the run that made it, under the keys that kohya's tools (<c>ss_</c>) and model managers
/// (<c>modelspec.</c>) read. It has no place for captions, tags, paths or folder names: those would leak patient data. A null is not
/// written.
/// </summary>
public sealed record AdapterMetadata
{
    /// <summary>Name of the method: <c>lora</c>, <c>selora</c>.</summary>
    public string Algorithm { get; init; } = "lora";

    /// <summary>Further settings of the method, such as lambda, as text.</summary>
    public IReadOnlyDictionary<string, string> NetworkArguments { get; init; } = new Dictionary<string, string>();

    /// <summary>Name of the adapter, for people.</summary>
    public string? OutputName { get; init; }

    /// <summary>Free text.</summary>
    public string? Comment { get; init; }

    /// <summary>When training began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When training ended; also the model's date.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Learning rate of all parts.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Learning-rate schedule.</summary>
    public string? LearningRateSchedule { get; init; }

    /// <summary>Optimiser.</summary>
    public string? Optimizer { get; init; }

    /// <summary>Training images.</summary>
    public int? TrainImages { get; init; }

    /// <summary>Optimiser steps of an epoch.</summary>
    public int? StepsPerEpoch { get; init; }

    /// <summary>Epochs that were planned.</summary>
    public int? Epochs { get; init; }

    /// <summary>Epoch of this file.</summary>
    public int? Epoch { get; init; }

    /// <summary>Step of this file.</summary>
    public long? Step { get; init; }

    /// <summary>Steps that were planned.</summary>
    public long? StepsMax { get; init; }

    /// <summary>Images of a step on the device.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Micro-batches of a step.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>Whether blocks were recomputed in backward.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary><c>no</c>, <c>fp16</c> or <c>bf16</c>.</summary>
    public string MixedPrecision { get; init; } = "no";

    /// <summary>Seed of the run.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Side of the square images, in pixels.</summary>
    public int? Resolution { get; init; }

    /// <summary>File or folder name of the base model, without a path.</summary>
    public string? BaseModelName { get; init; }

    /// <summary>SHA-256 of the base model's file, in hex.</summary>
    public string? BaseModelHash { get; init; }

    /// <summary>What any adapter's file says, whatever is known of its training: base model, ranks, form.</summary>
    /// <param name="modules">What the file holds.</param>
    internal static SortedDictionary<string, string> Basics(IReadOnlyList<AdapterFileModule> modules)
    {
        (int Rank, float Alpha)[] kinds = [.. modules.Select(m => (m.Rank, m.Alpha)).Distinct()];
        return new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["ss_v2"] = "False",
            ["ss_base_model_version"] = "sd_v1",
            ["ss_network_module"] = "networks.lora",
            // kohya's own tools write Dynamic where modules differ.
            ["ss_network_dim"] = kinds.Length == 1 ? Text(kinds[0].Rank) : "Dynamic",
            ["ss_network_alpha"] = kinds.Length == 1 ? Text((double)kinds[0].Alpha) : "Dynamic",
            ["modelspec.sai_model_spec"] = "1.0.1",
            ["modelspec.architecture"] = "stable-diffusion-v1/lora",
            ["modelspec.implementation"] = "diffusers",
        };
    }

    /// <summary>The metadata as keys and values.</summary>
    /// <param name="modules">What the file holds.</param>
    internal SortedDictionary<string, string> ToKeys(IReadOnlyList<AdapterFileModule> modules)
    {
        SortedDictionary<string, string> keys = Basics(modules);
        var arguments = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["algo"] = Algorithm };
        foreach ((string key, string value) in NetworkArguments) arguments[key] = value;
        Add("ss_network_args", JsonSerializer.Serialize(arguments));
        Add("ss_output_name", OutputName);
        Add("ss_training_comment", Comment);
        Add("ss_training_started_at", UnixSeconds(StartedAt));
        Add("ss_training_finished_at", UnixSeconds(FinishedAt));
        Add("ss_learning_rate", LearningRate);
        Add("ss_unet_lr", LearningRate);
        Add("ss_text_encoder_lr", LearningRate);
        Add("ss_lr_scheduler", LearningRateSchedule);
        Add("ss_optimizer", Optimizer);
        Add("ss_num_train_images", TrainImages);
        Add("ss_num_reg_images", TrainImages is null ? null : 0);
        Add("ss_num_batches_per_epoch", StepsPerEpoch);
        Add("ss_num_epochs", Epochs);
        Add("ss_epoch", Epoch);
        Add("ss_steps", Step);
        Add("ss_max_train_steps", StepsMax);
        Add("ss_batch_size_per_device", BatchSize);
        Add("ss_total_batch_size", BatchSize * GradientAccumulation);
        Add("ss_gradient_accumulation_steps", GradientAccumulation);
        Add("ss_gradient_checkpointing", GradientCheckpointing);
        Add("ss_mixed_precision", MixedPrecision);
        Add("ss_seed", Seed);
        Add("ss_resolution", Resolution is { } side ? $"({side}, {side})" : null);
        Add("ss_sd_model_name", BaseModelName);
        Add("ss_new_sd_model_hash", BaseModelHash);
        Add("modelspec.title", OutputName ?? Algorithm);
        Add("modelspec.resolution", Resolution is { } edge ? $"{edge}x{edge}" : null);
        Add("modelspec.date", FinishedAt?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
        Add("modelspec.prediction_type", "epsilon");
        return keys;

        void Add(string key, object? value)
        {
            if (value is not null) keys[key] = Text(value);
        }

        static double? UnixSeconds(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() / 1000.0;
    }

    // Python's str() of a bool is True or False, which is what readers compare with; a float always has its point.
    private static string Text(object value) => value switch
    {
        double number when number == Math.Floor(number) && Math.Abs(number) < 1e15 => number.ToString("F1", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
