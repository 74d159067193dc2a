using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Numbers that go wrong: found in the step where they do, with the place named, and nothing of them is saved.</summary>
[Collection("command line")]
public class NumberTests
{
    private static readonly string[] Short = ["--device", "cpu", "--phantoms", "20", "--batch", "4", "--sample-steps", "0", "--checkpoint-every", "1"];

    [Theory]
    [InlineData("1e18", 1)]
    [InlineData("30", 20)]
    public void A_learning_rate_that_explodes_stops_the_run_and_nothing_bad_is_saved(string rate, int latest)
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run");
        (int code, _, string error) = CommandLine.Run([.. Short, "--lr", rate, "--steps", "20", "--out", run]);
        Assert.Equal(1, code);
        string line = Assert.Single(error.Trim().Split('\n'));
        Assert.Matches(@"^error: step \d+: .*(unet|text_encoder)\.[a-z0-9_.]+.*--lr", line);
        Assert.InRange(int.Parse(line.Split(' ')[2].TrimEnd(':'), System.Globalization.CultureInfo.InvariantCulture), 1, latest);
        foreach (string file in Directory.GetFiles(Path.Combine(run, "checkpoints"), "*"))
        {
            using SafetensorsReader reader = SafetensorsReader.Open(file);
            Assert.All(reader.Names, name => Assert.True(FiniteCheck.FirstBad(reader.ReadFloat32(name)) < 0, name));
        }
    }

    [Theory]
    [InlineData(SafetensorsDType.F32)]
    [InlineData(SafetensorsDType.F16)]
    [InlineData(SafetensorsDType.BF16)]
    public void A_weight_that_is_not_finite_is_named_when_the_model_is_loaded(SafetensorsDType type)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("linear.safetensors");
        var values = new float[8 * 8];
        values[37] = float.NaN;
        var writer = new SafetensorsWriter();
        writer.AddFloat32("weight", [8, 8], values, type);
        writer.AddFloat32("bias", [8], new float[8]);
        writer.Save(path);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        var error = Assert.Throws<EngineException>(() => WeightLoader.Load(new Linear(8, 8), reader, Device.Cpu, key => key));
        Assert.StartsWith($"{path}: tensor 'weight' is not finite (NaN or infinity first at element 37)", error.Message);
    }

    [Fact]
    public void Finite_values_of_every_length_are_told_from_others()
    {
        for (int n = 0; n < 40; n++)
        {
            var values = new float[n];
            Array.Fill(values, float.MaxValue);
            Assert.Equal(-1, FiniteCheck.FirstBad(values));
            for (int i = 0; i < n; i++)
            {
                values[i] = i % 2 == 0 ? float.NegativeInfinity : float.NaN;
                Assert.Equal(i, FiniteCheck.FirstBad(values));
                values[i] = -0f;
            }
        }
    }

    [Fact]
    public void Kept_latents_that_are_not_finite_are_made_again()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("latents.safetensors");
        LatentCache.Write(path, new Shape(1, 1, 2), 2, [1, 2, float.NaN, 4], [0, 0, 0, 0]);
        Assert.Null(LatentCache.Read(path, 2));
        LatentCache.Write(path, new Shape(1, 1, 2), 2, [1, 2, 3, 4], [0, 0, 0, 0]);
        Assert.NotNull(LatentCache.Read(path, 2));
    }

    [Fact]
    public void A_checkpoint_that_is_not_finite_is_not_written()
    {
        using var folder = new TemporaryFolder();
        var state = new Dictionary<string, Adapters.HostTensor> { ["unet.a.lora_A"] = new([2], [1, float.PositiveInfinity]) };
        var error = Assert.Throws<EngineException>(() => new CheckpointFile(3, 1, 0, state).Save(folder.Path));
        Assert.Contains("unet.a.lora_A", error.Message);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }
}
