using System.Text.Json;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Single operations against PyTorch, on every device: results, losses, gradients of all inputs and parameters.</summary>
[Trait("Category", "Golden")]
public class OpGoldenTests
{
    private const string File = "models/ops.safetensors", Attention = "sdpa";

    /// <summary>What the engine has no operation for: images are resized and batch norms folded on the host, and a long vector's sums are tested apart.</summary>
    private static readonly string[] Absent = ["bilinear_up", "bilinear_down", "batch_norm_eval", "reduce_long"];

    public static TheoryData<string, string> Cases() =>
        TestDevices.Rows(GoldenModel.Enumerate("ops.safetensors", full: false).Select(one => one.Case).Except(Absent), TestDevices.Names);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void Operation_equals_the_reference(string name, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(File);
        var one = new GoldenCase(golden, name);
        using var scope = new TensorScope();
        JsonElement description = one.Description;
        string[] names = [.. Names(description, "inputs"), .. Names(description, "params")];
        bool attends = name.StartsWith(Attention, StringComparison.Ordinal);
        Tensor[] x = [.. names.Where(input => input is not ("ids" or "timesteps")).Select(input => attends ? Tokens(golden, name, input, device) : one.Input(input, device))];
        foreach (Tensor input in x) input.RequiresGrad = one.Gradients.Count > 0;
        Tensor y = Run(one, description, name, x, device);
        Compare("out", y);
        if (one.Gradients.Count > 0)
        {
            Tensor probe = attends ? Tokens(golden, name, "probe_out", device) : one.Input("probe_out", device).Reshape(y.Shape);
            one.CompareLoss(y, probe);
            y.Backward(probe);
            foreach ((string input, Tensor tensor) in names.Where(input => input != "ids").Zip(x)) Compare("grad:" + input, tensor.Grad!);
            foreach (Tensor input in x) input.ZeroGrad();
        }
        one.AssertAllCompared();

        void Compare(string key, Tensor value)
        {
            if (attends) one.Compare(key, Heads(value, golden.Reader.Tensors[$"{name}/{key}"].Shape));
            else one.Compare(key, value);
        }
    }

    private static Tensor Run(GoldenCase one, JsonElement description, string name, Tensor[] x, Device device) => name switch
    {
        "linear" or "linear_nobias" => Ops.Linear(x[0], x[1], x.ElementAtOrDefault(2)),
        "silu" => Ops.Silu(x[0]),
        "gelu" => Ops.Gelu(x[0]),
        "quick_gelu" => Ops.QuickGelu(x[0]),
        "relu" => Ops.Relu(x[0]),
        "geglu" => Ops.Geglu(x[0]),
        "geglu_proj" => Ops.Geglu(Ops.Linear(x[0], x[1], x[2])),
        "softmax" => Ops.Softmax(x[0]),
        "upsample2x" => Ops.UpsampleNearest(x[0], 2 * x[0].Shape[1], 2 * x[0].Shape[2]),
        "upsample_to_size" => Ops.UpsampleNearest(x[0], description.GetProperty("size")[0].GetInt32(), description.GetProperty("size")[1].GetInt32()),
        "embedding" => Ops.Embedding(x[0], [.. one.Integers("ids").Select(id => (int)id)], new Shape(3, 11)),
        "timestep_embedding" => Ops.TimestepEmbedding([.. one.Integers("timesteps").Select(t => (float)t)], description.GetProperty("dim").GetInt32(), device),
        "mse_loss" => Ops.MseLoss(x[0], x[1]),
        "concat" => Ops.Concat(x[0], x[1]),
        "reduce_mean" => Ops.Mean(x[0]),
        "reduce_sum" => Ops.Sum(x[0]),
        "reduce_sumsq" => Ops.SumSquares(x[0]),
        "reduce_mean_last" => Ops.Mean(x[0], 2),
        "reduce_sum_mid" => Ops.Sum(x[0], 1),
        "max_pool3_s2" => Ops.MaxPool2d(x[0], 3, 2),
        "max_pool3_s1_p1" => Ops.MaxPool2d(x[0], 3, 1, 1),
        "avg_pool3_s1_p1" => Ops.AvgPool2d(x[0], 3, 1, 1),
        _ when name.StartsWith("conv", StringComparison.Ordinal) => Convolve(description, x),
        _ when name.StartsWith("group_norm", StringComparison.Ordinal) =>
            Ops.GroupNorm(x[0], x[1], x[2], description.GetProperty("groups").GetInt32(), description.GetProperty("eps").GetSingle()),
        _ when name.StartsWith("layer_norm", StringComparison.Ordinal) => Ops.LayerNorm(x[0], x[1], x[2], description.GetProperty("eps").GetSingle()),
        _ when name.StartsWith(Attention, StringComparison.Ordinal) =>
            Ops.Attention(x[0], x[1], x[2], name switch { "sdpa_causal" => 3, "sdpa_d160" => 2, _ => 4 }, causal: name == "sdpa_causal"),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "an operation that this file does not know"),
    };

    private static Tensor Convolve(JsonElement description, Tensor[] x)
    {
        int[] sides = description.TryGetProperty("pad_left_right_top_bottom", out JsonElement pad) ? [.. pad.EnumerateArray().Select(p => p.GetInt32())] : [0, 0, 0, 0];
        return Ops.Conv2d(x[0], x[1], x.ElementAtOrDefault(2), description.GetProperty("stride").GetInt32(), new Padding(sides[2], sides[3], sides[0], sides[1]));
    }

    private static IEnumerable<string> Names(JsonElement description, string key) => description.GetProperty(key).EnumerateArray().Select(name => name.GetString()!);

    /// <summary>(B, heads, L, D) of the file as (B, L, heads D).</summary>
    private static Tensor Tokens(GoldenModel golden, string name, string input, Device device)
    {
        long[] shape = golden.Reader.Tensors[$"{name}/{input}"].Shape;
        float[] values = golden.Reader.ReadFloat32($"{name}/{input}");
        return Tensor.From(Swapped(values, (int)shape[0], (int)shape[1], (int)shape[2], (int)shape[3]), new Shape((int)shape[0], (int)shape[2], (int)(shape[1] * shape[3])), device);
    }

    private static float[] Heads(Tensor tokens, long[] shape) =>
        Swapped(tokens.ToArray(), (int)shape[0], (int)shape[2], (int)shape[1], (int)shape[3]);

    /// <summary>(a, b, c, d) as (a, c, b, d).</summary>
    private static float[] Swapped(float[] values, int a, int b, int c, int d)
    {
        var result = new float[values.Length];
        for (int i = 0; i < a; i++)
            for (int j = 0; j < b; j++)
                for (int k = 0; k < c; k++) Array.Copy(values, ((i * b + j) * c + k) * d, result, ((i * c + k) * b + j) * d, d);
        return result;
    }
}
