using System.Text.Json;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Files that another implementation wrote: all open, and their facts hold.</summary>
[Trait("Category", "Golden")]
public class GoldenSafetensorsTests
{
    [Theory]
    [InlineData("models")]
    [InlineData("schedulers")]
    [InlineData("images")]
    [InlineData("metrics")]
    [InlineData("train")]
    [InlineData("adapters")]
    public void Every_file_opens_and_every_tensor_is_read(string subfolder)
    {
        foreach (string file in GoldenData.Files(subfolder, "*.safetensors"))
        {
            using SafetensorsReader reader = GoldenData.Open(file);
            Assert.NotEmpty(reader.Names);
            foreach (SafetensorsEntry tensor in reader.Tensors.Values)
                Assert.Equal(tensor.ElementCount, reader.ReadFloat32(tensor.Name).Length);
            if (reader.Metadata.TryGetValue("config", out string? config)) JsonDocument.Parse(config).Dispose();
        }
    }

    [Fact]
    public void Stored_inputs_equal_their_hash()
    {
        int compared = 0;
        foreach (string file in GoldenData.Files("models", "*.safetensors"))
        {
            using SafetensorsReader reader = GoldenData.Open(file);
            long seed = long.Parse(reader.Metadata["seed"]);
            using JsonDocument inputs = JsonDocument.Parse(reader.Metadata["inputs"]);
            foreach (JsonProperty input in inputs.RootElement.EnumerateObject())
            {
                // "then" scales or shifts the hash tensor: for those the stored values count.
                if (input.Value.GetProperty("hash").GetString() is not { } hash || input.Value.TryGetProperty("then", out _)) continue;
                if (!reader.Tensors.TryGetValue(input.Name, out SafetensorsEntry? stored)) continue;
                Assert.Equal(reader.ReadFloat32(input.Name), HashTensor.ByName(hash, stored.Shape, seed));
                compared++;
            }
        }
        Assert.True(compared > 0, "no stored input has a hash");
    }
}
