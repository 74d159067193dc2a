using System.Globalization;
using System.Text.Json;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// A golden file of training: the tiny U-Net with hash weights and adapters in all its linear layers, the batch, and the stored arrays
/// over all layers by the layers' names.
/// </summary>
public sealed class TrainGolden : IDisposable
{
    private readonly JsonElement unetConfig;
    private readonly Dictionary<string, int> indices;

    private TrainGolden(string file, Device device)
    {
        Reader = GoldenData.Open(file);
        Name = Path.GetFileNameWithoutExtension(file);
        Seed = long.Parse(Reader.Metadata["seed"], CultureInfo.InvariantCulture);
        Config = JsonElement.Parse(Reader.Metadata["config"]);
        unetConfig = Config.GetProperty("unet");
        using JsonDocument lora = JsonDocument.Parse(File.ReadAllBytes(GoldenData.File("train/lora.json")));
        Summary = lora.RootElement.Clone();
        indices = Summary.GetProperty("modules").EnumerateArray().Select((m, i) => (Name: m[0].GetString()!, i)).ToDictionary(m => m.Name, m => m.i);

        UNet = new UNet2DConditionModel(UNetConfig.Parse(unetConfig.GetRawText(), Name));
        foreach ((string name, Parameter parameter) in UNet.NamedParameters())
            parameter.Load(HashTensor.Weight(name, Long(parameter.FileShape.ToArray()), Seed), device);
        Set = CreateAdapters();
        (Noisy, Noise, Context) = CreateBatch(device);
    }

    public string Name { get; }

    public SafetensorsReader Reader { get; }

    public long Seed { get; }

    public JsonElement Config { get; }

    /// <summary><c>lora.json</c>.</summary>
    public JsonElement Summary { get; }

    public UNet2DConditionModel UNet { get; }

    /// <summary>Attached adapters with the file's initial A and B.</summary>
    public AdapterSet Set { get; }

    /// <summary>(N, H, W, C).</summary>
    public Tensor Noisy { get; }

    public Tensor Noise { get; }

    public Tensor Context { get; }

    public float[] Timesteps => [.. Config.GetProperty("timesteps").EnumerateArray().Select(t => (float)t.GetInt32())];

    /// <summary>B starts at unscaled hash weights, which amplifies rounding 15 times: the reference gives these files wider tolerances.</summary>
    public bool IsHashB => IsHash(Config);

    /// <summary>Names of the layers that are stored in full.</summary>
    public IEnumerable<string> Named => Config.GetProperty("named").EnumerateArray().Select(n => n.GetString()!);

    public static TrainGolden Open(string file, string device) => new(file, TestDevices.Require(device));

    /// <summary>Every file that matches on every device.</summary>
    /// <param name="pattern">Such as <c>lora_*.safetensors</c>.</param>
    /// <param name="hashB">Whether files count whose B starts at hash weights.</param>
    public static TheoryData<string, string> Enumerate(string pattern, bool hashB = true)
    {
        var data = new TheoryData<string, string>();
        foreach (string file in GoldenData.Enumerate("train", pattern))
        {
            if (!hashB && IsHash(ReadConfig(file))) continue;
            foreach (string device in TestDevices.Names) data.Add(file, device);
        }
        return data;
    }

    /// <summary>What a file says of how it was made.</summary>
    public static JsonElement ReadConfig(string file)
    {
        using SafetensorsReader reader = GoldenData.Open(file);
        return JsonElement.Parse(reader.Metadata["config"]);
    }

    public LowRankAdapter Adapter(string module) => (LowRankAdapter)Set.Adapters.Single(a => a.Target.ModuleName == module);

    public double Number(string key) => Config.GetProperty(key).GetDouble();

    public AdamW Optimizer()
    {
        JsonElement betas = Config.GetProperty("betas");
        var optimizer = new AdamW((float)Number("lr"), betas[0].GetSingle(), betas[1].GetSingle(), (float)Number("eps"), (float)Number("weight_decay"));
        Set.AddTo(optimizer);
        return optimizer;
    }

    public Tensor Predict() => UNet.Forward(Noisy, Timesteps, Context);

    /// <summary>Forward and backward of the batch; the loss.</summary>
    public double Backward()
    {
        using var scope = new TensorScope();
        Tensor loss = Ops.MseLoss(Predict(), Noise);
        loss.Backward();
        return loss.Item();
    }

    /// <summary>Forward and backward of one sample's own loss.</summary>
    public void Backward(int sample)
    {
        using var scope = new TensorScope();
        Tensor prediction = UNet.Forward(Noisy.Narrow(sample, 1), [Timesteps[sample]], Context.Narrow(sample, 1));
        Ops.MseLoss(prediction, Noise.Narrow(sample, 1)).Backward();
    }

    public double Loss()
    {
        using var scope = new TensorScope();
        using IDisposable noGrad = Autograd.NoGrad();
        return Ops.MseLoss(Predict(), Noise).Item();
    }

    /// <summary>A stored array over all layers, in the order of the set's adapters.</summary>
    public double[] PerLayer(string name)
    {
        SafetensorsEntry entry = Reader.Tensors[name];
        ReadOnlySpan<byte> bytes = Reader.Bytes(name);
        var values = new double[entry.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = entry.DType switch
            {
                SafetensorsDType.F64 => BitConverter.ToDouble(bytes[(8 * i)..]),
                SafetensorsDType.I32 => BitConverter.ToInt32(bytes[(4 * i)..]),
                SafetensorsDType.U8 => bytes[i],
                _ => throw new InvalidOperationException($"{name} is {entry.DType}"),
            };
        }
        return [.. Set.Adapters.Select(a => values[indices[a.Target.ModuleName]])];
    }

    /// <summary>Rows that are tested: hash tensors of the given name, with twice the variance of a weight.</summary>
    internal RowSource HashRows(Func<string, int, string> name) => (module, row, inFeatures) =>
        HashTensor.Weight(name(module["unet.".Length..], row), [1, inFeatures], Seed, gain: 2);

    public void Dispose()
    {
        Set.Dispose();
        foreach ((_, Parameter parameter) in UNet.NamedParameters()) parameter.Unload();
        Noisy.Dispose();
        Noise.Dispose();
        Context.Dispose();
        Reader.Dispose();
    }

    private AdapterSet CreateAdapters()
    {
        int rank = Config.TryGetProperty("rank_start", out JsonElement start) ? start.GetInt32() : Config.GetProperty("rank").GetInt32();
        var config = new LoRAConfig { Rank = rank, Scale = (float)Number("scale") };
        AdapterSet set = config.Create([new AdapterRoot("unet", UNet)], AdapterTargets.All, seed: 0);
        float factor = (float)Number("B_factor");
        foreach (LowRankAdapter adapter in set.Adapters.Cast<LowRankAdapter>())
        {
            string module = adapter.Target.ModuleName;
            float[] a = HashTensor.Weight($"{module}.lora_A", [rank, adapter.Buffer.InFeatures], Seed);
            float[] b = HashTensor.Weight($"{module}.lora_B", [adapter.Buffer.OutFeatures, rank], Seed);
            adapter.Buffer.Load(a, [.. b.Select(v => v * factor)]);
        }
        return set.Attach();
    }

    private (Tensor Noisy, Tensor Noise, Tensor Context) CreateBatch(Device device)
    {
        int[] shape = [.. Config.GetProperty("latents").EnumerateArray().Select(a => a.GetInt32())];
        int[] context = [.. Config.GetProperty("context").EnumerateArray().Select(a => a.GetInt32())];
        float[] latents = HashTensor.Input("input:latents", Long(shape), Seed), noise = HashTensor.Input("input:noise", Long(shape), Seed);
        var noisy = new float[latents.Length];
        NoiseSchedule schedule = NoiseSchedule.FromConfig(SchedulerConfig.Parse(Config.GetProperty("scheduler").GetRawText(), Name));
        schedule.AddNoise(latents, noise, [.. Timesteps.Select(t => (int)t)], noisy);
        if (Reader.Tensors.ContainsKey("noisy_latents"))
            Closeness.AssertMaxAbs(noisy, Reader.ReadFloat32("noisy_latents"), 2e-6, $"{Name} noisy_latents");
        return (Image(noisy), Image(noise),
            Tensor.From(HashTensor.Input("input:context", Long(context), Seed), new Shape(context), device));

        Tensor Image(float[] values) =>
            Tensor.From(Layout.ToChannelsLast(values, shape), new Shape(shape[0], shape[2], shape[3], shape[1]), device);
    }

    private static bool IsHash(JsonElement config) => config.GetProperty("B_init").GetString() == "hash";

    private static long[] Long(int[] shape) => [.. shape.Select(axis => (long)axis)];
}
