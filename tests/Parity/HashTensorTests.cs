using System.Globalization;
using System.Text.Json;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The hash rules against the check values that the golden manifest holds, to the last bit.</summary>
[Trait("Category", "Golden")]
public class HashTensorTests
{
    [Fact]
    public void State_and_bits_equal_the_manifest()
    {
        JsonElement check = HashCheck();
        string name = check.GetProperty("name").GetString()!;
        long seed = check.GetProperty("seed").GetInt64();
        ulong state = HashTensor.State(name, seed);

        Assert.Equal(Hex(check.GetProperty("fnv1a64")), HashTensor.Fnv1a64(name));
        Assert.Equal(Hex(check.GetProperty("state")), state);
        int index = 0;
        foreach (JsonElement z in check.GetProperty("z").EnumerateArray()) Assert.Equal(Hex(z), HashTensor.Bits(state, index++));
    }

    [Theory]
    [InlineData("v", 0)]
    [InlineData("v_at_1000000", 1_000_000)]
    public void Symmetric_equals_the_manifest(string key, long first)
    {
        JsonElement check = HashCheck();
        ulong state = HashTensor.State(check.GetProperty("name").GetString()!, check.GetProperty("seed").GetInt64());
        float[] expected = Floats(check.GetProperty(key));
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], HashTensor.Symmetric(state, first + i));
    }

    [Fact]
    public void Weights_inputs_and_images_equal_the_manifest()
    {
        JsonElement check = HashCheck();
        long seed = check.GetProperty("seed").GetInt64();
        IEnumerable<JsonElement> rows = check.GetProperty("values").EnumerateArray()
            .Append(check.GetProperty("input"))
            .Append(check.GetProperty("image"));
        foreach (JsonElement row in rows)
        {
            string name = row.GetProperty("name").GetString()!;
            long[] shape = [.. row.GetProperty("shape").EnumerateArray().Select(axis => axis.GetInt64())];
            float[] expected = Floats(row);
            float[] actual = HashTensor.ByName(name, shape, seed);
            Assert.Equal(expected, actual[..expected.Length]);
        }
    }

    [Fact]
    public void Long_tensors_filled_in_parallel_equal_single_elements()
    {
        long[] shape = [1000, 1001];
        float[] whole = HashTensor.Weight("long.weight", shape, 3);
        var part = new float[777];
        HashTensor.FillWeight("long.weight", shape, 3, 600_123, part);
        Assert.Equal(whole[600_123..(600_123 + part.Length)], part);

        ulong state = HashTensor.State("long.weight", 3);
        float scale = (float)Math.Sqrt(3.0 / 1001);
        foreach (int i in new[] { 0, (1 << 18) - 1, 1 << 18, 700_000, whole.Length - 1 })
            Assert.Equal(HashTensor.Symmetric(state, i) * scale, whole[i]);
    }

    [Fact]
    public void Variance_gain_scales_matrices_only()
    {
        Assert.Equal((float)Math.Sqrt(2), HashTensor.Weight("w", [8, 3], 1, gain: 2)[5] / HashTensor.Weight("w", [8, 3], 1)[5], 1e-6f);
        Assert.Equal(HashTensor.Weight("b", [8], 1), HashTensor.Weight("b", [8], 1, gain: 2));
    }

    private static JsonElement HashCheck()
    {
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(GoldenData.File("models/manifest.json")));
        return manifest.RootElement.GetProperty("hash_check").Clone();
    }

    private static ulong Hex(JsonElement text) =>
        ulong.Parse(text.GetString()!.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // "dec" is the float32 printed as a double: reading it back and rounding gives the same float32.
    private static float[] Floats(JsonElement row) =>
        [.. row.GetProperty("dec").EnumerateArray().Select(value => (float)value.GetDouble())];
}
