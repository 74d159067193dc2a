using System.Text.Json;
using System.Text.Json.Serialization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// Everything that decides a training run; saved as <c>config.json</c> in the run folder and accepted back by <c>--config</c>.
/// Defaults are the paper's (Table 4); the built-in mini model has its own size, steps and learning rate, see <see cref="Resolve"/>.
/// </summary>
internal sealed partial record RunConfig
{
    /// <summary>Name of the built-in demonstration model.</summary>
    public const string MiniModel = "mini";

    /// <summary>Name of the built-in demonstration data.</summary>
    public const string PhantomData = "phantoms";

    // It may quote a key of the file, of any length.
    private const int LongestReason = 200;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary><c>mini</c>, a diffusers folder, a single-file checkpoint, or a name in Hugging Face's cache.</summary>
    public string Model { get; set; } = MiniModel;

    /// <summary>Folder of the tokenizer, in place of the model's own.</summary>
    public string? Tokenizer { get; set; }

    /// <summary>Adapters, as <see cref="SeLoRA.Adapters.AdapterSource.Parse"/> reads them, that are merged into the model before it is trained.</summary>
    public IReadOnlyList<string> Adapters { get; set; } = [];

    /// <summary><c>phantoms</c> or a folder of images with captions.</summary>
    public string Data { get; set; } = PhantomData;

    /// <summary>Layout of the data, one of <see cref="DataSets.Names"/>.</summary>
    public string Dataset { get; set; } = "auto";

    /// <summary>Caption column of the metadata file.</summary>
    public string Column { get; set; } = "text";

    /// <summary>Images drawn when the data are phantoms.</summary>
    public int Phantoms { get; set; } = 320;

    /// <summary>Optimiser steps; null: from epochs, or the default.</summary>
    public int? Steps { get; set; }

    /// <summary>Passes over the data; used when steps is null.</summary>
    public int? Epochs { get; set; }

    /// <summary>Images per forward pass.</summary>
    public int Batch { get; set; } = 8;

    /// <summary>Side of the square training images in pixels; null: 224, mini 64.</summary>
    public int? Size { get; set; }

    /// <summary>Learning rate; null: 1e-4, mini 2e-3.</summary>
    public float? LearningRate { get; set; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; set; } = 42;

    /// <summary>auto, cpu, cuda:i or opencl:i.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>What U-Net and text encoder compute in, one of <see cref="Train.Precision.Names"/>; null: what the device is best at.</summary>
    public string? Precision { get; set; }

    /// <summary>Forward and backward passes per optimiser step.</summary>
    public int GradAccumulation { get; set; } = 1;

    /// <summary>Recompute U-Net blocks in backward to save memory.</summary>
    public bool CheckpointBlocks { get; set; }

    /// <summary>A GPU runs each step's launches one by one instead of replaying them.</summary>
    public bool NoGraphs { get; set; }

    /// <summary>Joint gradient norm limit; 0: none.</summary>
    public float MaxGradNorm { get; set; }

    /// <summary>Share of the images held out for validation.</summary>
    public double Validation { get; set; } = 0.1;

    /// <summary>Steps between sample grids; 0: only before and after.</summary>
    public int SampleEvery { get; set; }

    /// <summary>Steps between checkpoints; 0: at epoch ends.</summary>
    public int CheckpointEvery { get; set; }

    /// <summary>Prompts of the sample grids; empty: chosen from the validation captions.</summary>
    public IReadOnlyList<string> Prompts { get; set; } = [];

    /// <summary>Denoising steps of the sample grids; 0: no samples.</summary>
    public int SampleSteps { get; set; } = 20;

    /// <summary>Classifier-free guidance scale of the sample grids.</summary>
    public float Guidance { get; set; } = 4f;

    /// <summary>Leave out rows whose image is missing or broken instead of stopping.</summary>
    public bool SkipBad { get; set; }

    /// <summary>Run folder; null: <c>runs/&lt;date-time&gt;-&lt;method&gt;</c>.</summary>
    public string? Out { get; set; }

    /// <summary>True for the built-in model.</summary>
    [JsonIgnore]
    public bool IsMini => Model == MiniModel;

    /// <summary>Reads a config file; unknown keys and wrong types are one line that names file and key.</summary>
    public static RunConfig Read(string path)
    {
        if (!File.Exists(path)) throw new EngineException($"{path}: no such config file");
        try
        {
            return JsonSerializer.Deserialize<RunConfig>(File.ReadAllText(path), Json)
                ?? throw new EngineException($"{path}: empty config, a JSON object is needed");
        }
        catch (JsonException e)
        {
            string what = e.Message.Split(" Path:")[0];
            if (e.Path is ['$', '.', .. string key] && !KnownKeys().Contains(key.Split('.', '[')[0])) what = $"unknown key '{key}', remove it";
            throw new EngineException($"{path}: {(what.Length > LongestReason ? what[..LongestReason] + "..." : what)} (line {e.LineNumber + 1}); "
                + $"known keys: {string.Join(", ", KnownKeys())}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The config as JSON text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Fills in what depends on model and method, and checks every value; errors name the option.</summary>
    public RunConfig Resolve()
    {
        RunConfig c = this with
        {
            Rank = Rank ?? DefaultRank(Method),
            Size = Size ?? (IsMini ? 64 : 224),
            LearningRate = LearningRate ?? (IsMini ? 2e-3f : 1e-4f),
            Steps = Steps ?? (Epochs is null ? IsMini ? 200 : 1000 : null),
        };
        Named("--model", c.Model);
        Named("--data", c.Data);
        Named("--column", c.Column);
        Named("--device", c.Device);
        c.CheckMethod();
        OneOf("--dataset", c.Dataset, DataSets.Names);
        if (c.Precision is not null) OneOf("--precision", c.Precision, Train.Precision.Names);
        Positive("--batch", c.Batch);
        Positive("--grad-accumulation", c.GradAccumulation);
        Positive("--phantoms", c.Phantoms);
        NotNegative("--checkpoint-every", c.CheckpointEvery);
        NotNegative("--sample-every", c.SampleEvery);
        NotNegative("--sample-steps", c.SampleSteps);
        if (c.Steps is { } steps) Positive("--steps", steps);
        if (c.Epochs is { } epochs) Positive("--epochs", epochs);
        if (!(c.LearningRate > 0) || !float.IsFinite(c.LearningRate.Value))
            throw new EngineException($"--lr {c.LearningRate}: a positive number is needed");
        if (!(c.MaxGradNorm >= 0)) throw new EngineException($"--max-grad-norm {c.MaxGradNorm}: a positive number, or 0 for no limit, is needed");
        if (!float.IsFinite(c.Guidance)) throw new EngineException($"--guidance {c.Guidance}: a number is needed");
        if (c.Adapters is null || c.Adapters.Any(string.IsNullOrWhiteSpace)) throw new EngineException("--adapter: empty; a file or folder is needed");
        if (c.Prompts is null || c.Prompts.Any(string.IsNullOrWhiteSpace)) throw new EngineException("--prompt: empty; a text is needed");
        if (!(c.Validation is >= 0 and < 1)) throw new EngineException($"--validation {c.Validation}: a share from 0 up to, not including, 1");
        if (c.Size % 8 != 0 || c.Size <= 0) throw new EngineException($"--size {c.Size}: a positive multiple of 8 is needed");
        return c;
    }

    private static void Positive(string option, int value)
    {
        if (value < 1) throw new EngineException($"{option} {value}: at least 1 is needed");
    }

    private static void NotNegative(string option, int value)
    {
        if (value < 0) throw new EngineException($"{option} {value}: 0 or more is needed");
    }

    // A config file may hold null or "" where the type says text.
    private static void Named(string option, string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) throw new EngineException($"{option}: empty; see --help for what it takes");
    }

    private static void OneOf(string option, string? value, params string[] known)
    {
        if (!known.Contains(value)) throw new EngineException($"{option} {DataText.Shown(value ?? "")}: one of {string.Join(", ", known)} is needed");
    }

    private static IEnumerable<string> KnownKeys() =>
        typeof(RunConfig).GetProperties().Where(p => p.Name is not (nameof(IsMini) or "EqualityContract"))
            .Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name));
}
