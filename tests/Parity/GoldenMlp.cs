using System.Globalization;
using System.Text.Json;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>tanh x.</summary>
public readonly struct TanhOp : IUnaryOp
{
    public static T Value<T>(T x) where T : struct, ILane<T>
    {
        // Of the negative magnitude, so that the exponential cannot overflow.
        T e = T.Exp(T.Of(-2f) * T.Abs(x)), t = (T.Of(1f) - e) / (T.Of(1f) + e);
        return T.IfLess(x, T.Of(0f), T.Of(0f) - t, t);
    }

    public static T Grad<T>(T x, T dy) where T : struct, ILane<T>
    {
        T t = Value(x);
        return dy * (T.Of(1f) - t * t);
    }
}

/// <summary>A golden file of a small network with adapters: fc1, tanh, fc2, ... with hash weights, and its batch.</summary>
internal sealed class GoldenMlp : Module, IDisposable
{
    private readonly Linear[] layers;

    public GoldenMlp(string file, string device)
    {
        Device target = TestDevices.Require(device);
        Reader = GoldenData.Open(file);
        Seed = long.Parse(Reader.Metadata["seed"], CultureInfo.InvariantCulture);
        Config = Json("config");
        Measured = Json("measured_float32_vs_float64");
        int[] dims = [.. Config.GetProperty("dims").EnumerateArray().Select(d => d.GetInt32())];
        layers = [.. Enumerable.Range(1, dims.Length - 1).Select(i => Register($"fc{i}", new Linear(dims[i - 1], dims[i])))];
        foreach ((string name, Parameter parameter) in NamedParameters())
            parameter.Load(HashTensor.Weight(name, [.. parameter.FileShape.ToArray().Select(d => (long)d)], Seed), target);
        X = Stored("x", target);
        Y = Stored("y", target);
    }

    public SafetensorsReader Reader { get; }

    public long Seed { get; }

    public JsonElement Config { get; }

    /// <summary>How far the reference in float32 is from itself in double.</summary>
    public JsonElement Measured { get; }

    public Tensor X { get; }

    public Tensor Y { get; }

    /// <summary>Every file that matches on every device.</summary>
    public static Xunit.TheoryData<string, string> Enumerate(string pattern)
    {
        var data = new Xunit.TheoryData<string, string>();
        foreach (string file in GoldenData.Enumerate("adapters", pattern))
            foreach (string device in TestDevices.Names) data.Add(file, device);
        return data;
    }

    public int Int(string key) => Config.GetProperty(key).GetInt32();

    public double Number(string key) => Config.GetProperty(key).GetDouble();

    public AdamW Optimizer(AdapterSet set)
    {
        var optimizer = new AdamW((float)Number("lr"));
        set.AddTo(optimizer);
        return optimizer;
    }

    public Tensor Forward(Tensor x)
    {
        using var scope = new TensorScope();
        for (int i = 0; i < layers.Length; i++)
        {
            x = layers[i].Forward(x);
            if (i < layers.Length - 1) x = Ops.Unary<TanhOp>("Tanh", x);
        }
        return scope.Return(x);
    }

    /// <summary>Forward and backward of the batch; its mean squared error.</summary>
    public double Backward()
    {
        using var scope = new TensorScope();
        Tensor loss = Ops.MseLoss(Forward(X), Y);
        loss.Backward();
        return loss.Item();
    }

    public float[] Predict()
    {
        using IDisposable noGrad = Autograd.NoGrad();
        using Tensor y = Forward(X);
        return y.ToArray();
    }

    /// <summary>A stored tensor of any number type.</summary>
    public double[] Values(string name)
    {
        SafetensorsEntry entry = Reader.Tensors[name];
        ReadOnlySpan<byte> bytes = Reader.Bytes(name);
        var values = new double[entry.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = entry.DType switch
            {
                SafetensorsDType.F64 => BitConverter.ToDouble(bytes[(8 * i)..]),
                SafetensorsDType.F32 => BitConverter.ToSingle(bytes[(4 * i)..]),
                SafetensorsDType.I32 => BitConverter.ToInt32(bytes[(4 * i)..]),
                SafetensorsDType.U8 => bytes[i],
                _ => throw new InvalidOperationException($"{name} is {entry.DType}"),
            };
        }
        return values;
    }

    public void Dispose()
    {
        foreach ((_, Parameter parameter) in NamedParameters()) parameter.Unload();
        X.Dispose();
        Y.Dispose();
        Reader.Dispose();
    }

    private Tensor Stored(string name, Device device) =>
        Tensor.From(Reader.ReadFloat32(name), new Shape([.. Reader.Tensors[name].Shape.Select(d => (int)d)]), device);

    private JsonElement Json(string key)
    {
        using JsonDocument document = JsonDocument.Parse(Reader.Metadata[key]);
        return document.RootElement.Clone();
    }
}
