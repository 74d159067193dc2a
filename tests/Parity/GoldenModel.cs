using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>A golden file of a network: config, seed, cases, and the tolerances of the manifest beside it.</summary>
public sealed class GoldenModel : IDisposable
{
    private readonly JsonElement tolerances;

    private readonly DType precision;

    private GoldenModel(string file, DType precision)
    {
        this.precision = precision;
        Name = Path.GetFileNameWithoutExtension(file);
        Reader = GoldenData.Open(file);
        Seed = long.Parse(Reader.Metadata["seed"], CultureInfo.InvariantCulture);
        Cases = Json("cases");
        Inputs = Json("inputs");
        Sampled = Json("sampled");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(GoldenData.File("models/manifest.json")));
        tolerances = manifest.RootElement.GetProperty("tolerances").GetProperty("recommended_float32").Clone();
    }

    /// <summary>The file's name without folder and ending.</summary>
    public string Name { get; }

    public SafetensorsReader Reader { get; }

    public long Seed { get; }

    /// <summary>The network's <c>config.json</c>.</summary>
    public string Config => Reader.Metadata["config"];

    public JsonElement Cases { get; }

    public JsonElement Inputs { get; }

    public JsonElement Sampled { get; }

    /// <param name="file">Path below the golden folder.</param>
    /// <param name="precision">What the network computes in; tolerances are that type's.</param>
    public static GoldenModel Open(string file, DType precision = DType.F32) => new(file, precision);

    /// <summary>Every case of the files that match, full-size ones (their names say sd15) or the others.</summary>
    /// <param name="pattern">Such as <c>unet_*.safetensors</c>.</param>
    /// <param name="full">Full-size files only, or all but these.</param>
    public static IEnumerable<(string File, string Case)> Enumerate(string pattern, bool full)
    {
        foreach (string file in GoldenData.Enumerate("models", pattern))
        {
            if (file.Contains("sd15", StringComparison.Ordinal) != full) continue;
            using GoldenModel golden = Open(file);
            foreach (JsonProperty one in golden.Cases.EnumerateObject()) yield return (file, one.Name);
        }
    }

    /// <summary>Fills a network with the file's hash weights, to compute in the chosen type; their variance gain its config names where it is not 1.</summary>
    public void FillWeights(Module module, Device device, string prefix = "")
    {
        module.SetPrecision(precision);
        using JsonDocument config = JsonDocument.Parse(Config);
        double gain = config.RootElement.TryGetProperty("variance_gain", out JsonElement g) ? g.GetDouble() : 1;
        var buffer = new float[module.NamedParameters().Max(p => p.Parameter.FileShape.Count)];
        foreach ((string name, Parameter parameter) in module.NamedParameters())
        {
            long[] shape = [.. parameter.FileShape.ToArray().Select(axis => (long)axis)];
            Span<float> values = buffer.AsSpan(0, (int)parameter.FileShape.Count);
            HashTensor.FillWeight(prefix + name, shape, Seed, 0, values, gain);
            parameter.Load(values, device);
        }
    }

    /// <summary>Largest relative L2 distance of a kind of value.</summary>
    public double Tolerance(string kind) => precision == DType.F32 ? tolerances.GetProperty(kind).GetDouble() : NarrowTolerance.Of(precision, kind);

    public void Dispose() => Reader.Dispose();

    private JsonElement Json(string key)
    {
        using JsonDocument document = JsonDocument.Parse(Reader.Metadata[key]);
        return document.RootElement.Clone();
    }
}

/// <summary>One case of a golden file: its inputs, and a comparison of every value that it stores.</summary>
public sealed partial class GoldenCase
{
    private readonly GoldenModel golden;
    private readonly string name;
    private readonly HashSet<string> left;

    public GoldenCase(GoldenModel golden, string name)
    {
        this.golden = golden;
        this.name = name;
        var inputs = golden.Inputs.EnumerateObject().Select(input => input.Name).ToHashSet();
        left = [.. golden.Reader.Names.Where(key => key.StartsWith(name + "/", StringComparison.Ordinal) && !inputs.Contains(key))];
    }

    /// <summary>The case's description.</summary>
    public JsonElement Description => golden.Cases.GetProperty(name);

    /// <summary>The submodule that the case runs, or null for the whole network.</summary>
    public string? Module => Description.TryGetProperty("module", out JsonElement module) ? module.GetString() : null;

    /// <summary>Names of the parameters and inputs whose gradients are stored.</summary>
    public IReadOnlyList<string> Gradients => [.. golden.Reader.Names
        .Where(key => key.StartsWith($"{name}/grad:", StringComparison.Ordinal))
        .Select(key => key[(name.Length + "/grad:".Length)..].Split('@')[0])
        .Distinct()];

    /// <summary>An input on a device; images and feature maps (four axes) become channels-last.</summary>
    public Tensor Input(string input, Device device)
    {
        (float[] values, int[] shape) = Values(input);
        return shape.Length == 4
            ? Tensor.From(Layout.ToChannelsLast(values, shape), new Shape(shape[0], shape[2], shape[3], shape[1]), device)
            : Tensor.From(values, new Shape(shape), device);
    }

    /// <summary>An input of integers, such as token ids or timesteps.</summary>
    public long[] Integers(string input) => golden.Reader.ReadInt64($"{name}/{input}");

    /// <summary>Compares a value with what is stored of it: all of it, samples, statistics, its first elements, its norm.</summary>
    /// <param name="key">Name within the case, such as <c>act:mid_block</c>.</param>
    /// <param name="actual">Channels-last where it has four axes.</param>
    public void Compare(string key, Tensor actual) => Compare(key, Layout.ToReference(actual));

    /// <inheritdoc cref="Compare(string, Tensor)"/>
    public void Compare(string key, float[] actual)
    {
        string kind = key.StartsWith("act:", StringComparison.Ordinal) || key.StartsWith("hidden_states.", StringComparison.Ordinal) ? "act"
            : key.StartsWith("grad:", StringComparison.Ordinal) ? "grad"
            : "out";
        if (Stored(key) is { } whole) Near(actual, whole, kind, key);
        if (Stored(key + "@sample") is { } sample)
        {
            int stride = golden.Sampled.GetProperty($"{name}/{key}").GetProperty("stride").GetInt32();
            Near([.. Enumerable.Range(0, sample.Length).Select(i => actual[i * stride])], sample, kind, key + "@sample");
        }
        if (Stored(key + "@stats") is { } stats) Near(Statistics(actual), stats, "stats", key + "@stats");
        if (Stored(key + "@head") is { } head) Near(actual[..head.Length], head, kind, key + "@head");
        if (kind != "grad") return;
        string input = key["grad:".Length..];
        if (Stored("grad_head:" + input) is { } gradHead) Near(actual[..gradHead.Length], gradHead, kind, "grad_head:" + input);
        if (Stored("grad_norm:" + input) is { } norm) Near([Statistics(actual)[2]], norm, kind, "grad_norm:" + input);
    }

    /// <summary>The loss sum(out * probe) in double.</summary>
    public void CompareLoss(Tensor output, Tensor probe)
    {
        float[] y = output.ToArray(), p = probe.ToArray();
        double loss = 0;
        for (int i = 0; i < y.Length; i++) loss += (double)y[i] * p[i];
        float expected = Stored("loss")![0];
        double distance = Math.Abs(loss - expected) / Math.Max(1, Math.Abs(expected)), tolerance = golden.Tolerance("loss");
        TestContext.Current.TestOutputHelper?.WriteLine($"loss {distance:g3}");
        Assert.True(distance <= tolerance, $"{golden.Name} {name}/loss: {loss} against {expected}, {distance:G3} is above {tolerance:G3}");
    }

    /// <summary>Fails where the file stores something that was not compared.</summary>
    public void AssertAllCompared() => Assert.True(left.Count == 0, $"{golden.Name} {name}: not compared: {string.Join(", ", left)}");

    private float[]? Stored(string key)
    {
        string full = $"{name}/{key}";
        if (!golden.Reader.Tensors.ContainsKey(full)) return null;
        left.Remove(full);
        return golden.Reader.ReadFloat32(full);
    }

    private void Near(float[] actual, float[] expected, string kind, string key)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{kind} {Distance.RelativeL2(actual, expected):g3} {key}");
        Closeness.AssertRelativeL2(actual, expected, golden.Tolerance(kind), $"{golden.Name} {name}/{key}");
    }

    private (float[] Values, int[] Shape) Values(string input)
    {
        JsonElement description = golden.Inputs.GetProperty($"{name}/{input}");
        int[] shape = [.. description.GetProperty("shape").EnumerateArray().Select(axis => axis.GetInt32())];
        if (description.GetProperty("stored").GetBoolean()) return (golden.Reader.ReadFloat32($"{name}/{input}"), shape);

        float[] values = HashTensor.ByName(description.GetProperty("hash").GetString()!, [.. shape.Select(a => (long)a)], golden.Seed);
        if (!description.TryGetProperty("then", out JsonElement then)) return (values, shape);
        Match formula = ScaledAndShifted().Match(then.GetString()!);
        Assert.True(formula.Success, $"{golden.Name} {name}/{input}: formula '{then}' is not understood");
        float scale = float.Parse(formula.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        float shift = float.Parse(formula.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        for (int i = 0; i < values.Length; i++)
        {
            float scaled = values[i] * scale;
            values[i] = scaled + shift;
        }
        return (values, shape);
    }

    private static float[] Statistics(float[] values)
    {
        double sum = 0, squares = 0, largest = 0;
        foreach (float v in values)
        {
            sum += v;
            squares += (double)v * v;
            largest = Math.Max(largest, Math.Abs((double)v));
        }
        double mean = sum / values.Length, centred = 0;
        foreach (float v in values) centred += (v - mean) * (v - mean);
        return [(float)mean, (float)Math.Sqrt(centred / values.Length), (float)Math.Sqrt(squares), (float)largest];
    }

    [GeneratedRegex(@"^float32\(x \* ([-+.eE0-9]+)\) \+ ([-+.eE0-9]+)$")]
    private static partial Regex ScaledAndShifted();
}

/// <summary>Between the references' layout (channels second) and the engine's (channels last).</summary>
public static class Layout
{
    /// <summary>(N, C, H, W) to (N, H, W, C).</summary>
    public static float[] ToChannelsLast(float[] values, int[] shape)
    {
        int n = shape[0], c = shape[1], pixels = shape[2] * shape[3];
        var result = new float[values.Length];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < c; j++)
                for (int p = 0; p < pixels; p++) result[(i * pixels + p) * c + j] = values[(i * c + j) * pixels + p];
        return result;
    }

    /// <summary>A tensor's values; one of four axes as (N, C, H, W). Convolution weights, (O, KH, KW, I), become (O, I, KH, KW) alike.</summary>
    public static float[] ToReference(Tensor tensor)
    {
        using IDisposable noGrad = Autograd.NoGrad();
        float[] values = Ops.Cast(tensor.Detach(), DType.F32).ToArray();
        if (tensor.Shape.Rank != 4) return values;
        int n = tensor.Shape[0], pixels = tensor.Shape[1] * tensor.Shape[2], c = tensor.Shape[3];
        var result = new float[values.Length];
        for (int i = 0; i < n; i++)
            for (int p = 0; p < pixels; p++)
                for (int j = 0; j < c; j++) result[(i * c + j) * pixels + p] = values[(i * pixels + p) * c + j];
        return result;
    }
}
