using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Model folders as diffusers lays them out: what is written is read, in every form that is in use, or refused by one line.</summary>
public class ModelFolderTests
{
    private const string UNetFile = "unet/diffusion_pytorch_model.safetensors", VaeFile = "vae/diffusion_pytorch_model.safetensors",
        TextFile = "text_encoder/model.safetensors";

    [Fact]
    public void Saved_model_is_read_back_to_the_last_bit()
    {
        using var folder = new TemporaryFolder();
        StableDiffusionModel model = TinyModel.Create();
        ModelFolder.Save(model, folder.Path, SafetensorsDType.F32);

        StableDiffusionModel read = ModelFolder.Open(folder.Path).Load(Device.Cpu);
        foreach ((Module before, Module after) in TinyModel.Parts(model).Zip(TinyModel.Parts(read))) AssertEqual(before, after, v => v);
        Assert.Equal(model.Tokenizer.Encode("left nodule"), read.Tokenizer.Encode("left nodule"));
        Assert.Equal(model.Tokenizer.MaxLength, read.Tokenizer.MaxLength);
        Assert.Equal("DDIMScheduler", SchedulerFactory.FromConfig(read.Scheduler).ClassName);
        Assert.Equal(model.Scheduler.ToJson(), read.Scheduler.ToJson());
    }

    [Theory]
    [InlineData(SafetensorsDType.F16)]
    [InlineData(SafetensorsDType.BF16)]
    public void Sixteen_bit_model_under_the_fp16_name_is_rounded_once(SafetensorsDType dtype)
    {
        using var folder = new TemporaryFolder();
        StableDiffusionModel model = TinyModel.Create();
        ModelFolder.Save(model, folder.Path, dtype);
        foreach (string file in (string[])[UNetFile, VaeFile, TextFile])
            File.Move(folder.File(file), folder.File(file.Replace(".safetensors", ".fp16.safetensors")));

        StableDiffusionModel read = ModelFolder.Open(folder.Path).Load(Device.Cpu);
        AssertEqual(model.UNet, read.UNet, v => dtype == SafetensorsDType.F16 ? (float)(Half)v : RoundToBFloat16(v));
    }

    [Theory]
    [InlineData("diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model-0000{0}-of-00002.safetensors")]
    [InlineData("diffusion_pytorch_model.safetensors.index.fp16.json", "diffusion_pytorch_model.fp16-0000{0}-of-00002.safetensors")]
    public void Sharded_model_is_read_by_its_index(string indexName, string shardName)
    {
        using var folder = new TemporaryFolder();
        StableDiffusionModel model = TinyModel.Create();
        ModelFolder.Save(model, folder.Path, SafetensorsDType.F32);
        var map = new Dictionary<string, string>();
        using (SafetensorsReader whole = SafetensorsReader.Open(folder.File(UNetFile)))
        {
            for (int shard = 0; shard < 2; shard++)
            {
                string name = string.Format(shardName, shard + 1);
                string[] keys = [.. whole.Names.Where((_, i) => i % 2 == shard)];
                foreach (string key in keys) map.Add(key, name);
                Rewrite(whole, folder.File($"unet/{name}"), key => keys.Contains(key) ? key : null);
            }
        }
        File.Delete(folder.File(UNetFile));
        File.WriteAllText(folder.File($"unet/{indexName}"), JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));

        AssertEqual(model.UNet, ModelFolder.Open(folder.Path).LoadUNet(Device.Cpu), v => v);
    }

    [Fact]
    public void Names_of_older_checkpoints_are_accepted()
    {
        using var folder = new TemporaryFolder();
        StableDiffusionModel model = TinyModel.Create();
        ModelFolder.Save(model, folder.Path, SafetensorsDType.F32);
        Replace(folder.File(VaeFile), key => key.Contains("attentions")
            ? key.Replace("to_q", "query").Replace("to_k", "key").Replace("to_v", "value").Replace("to_out.0", "proj_attn") : key,
            (key, shape) => key.Contains("attentions") && shape.Length == 2 ? [.. shape, 1, 1] : shape);
        Replace(folder.File(TextFile), key => key["text_model.".Length..], extra: writer =>
            writer.AddInt64("embeddings.position_ids", [1, 3], new long[] { 0, 1, 2 }));

        StableDiffusionModel read = ModelFolder.Open(folder.Path).Load(Device.Cpu);
        AssertEqual(model.Vae, read.Vae, v => v);
        AssertEqual(model.TextEncoder, read.TextEncoder, v => v);
    }

    [Fact]
    public void Keys_that_do_not_fit_are_one_line_that_lists_them_all()
    {
        using var folder = new TemporaryFolder();
        ModelFolder.Save(TinyModel.Create(), folder.Path, SafetensorsDType.F32);
        string file = folder.File(UNetFile);
        Replace(file, key => key is "conv_in.bias" or "conv_out.weight" ? null : key,
            (key, shape) => key == "conv_norm_out.weight" ? [2, shape[0] / 2] : shape,
            writer =>
            {
                writer.AddFloat32("class_embedding.weight", [2], new float[2]);
                writer.AddFloat32("surplus", [1], new float[1]);
            });

        var error = Assert.Throws<EngineException>(() => ModelFolder.Open(folder.Path).LoadUNet(Device.Cpu));
        Assert.StartsWith(file + ": ", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Contains("2 missing: conv_in.bias, conv_out.weight", error.Message);
        Assert.Contains("2 unexpected: ", error.Message);
        Assert.Contains("class_embedding.weight", error.Message);
        Assert.Contains("surplus", error.Message);
        Assert.Contains("1 misshapen: conv_norm_out.weight (2x4 in the file, 8 in the model)", error.Message);
    }

    [Fact]
    public void Pickled_weights_are_read_where_there_are_no_safetensors()
    {
        using var folder = new TemporaryFolder();
        StableDiffusionModel model = TinyModel.Create();
        ModelFolder.Save(model, folder.Path, SafetensorsDType.F32);
        using (SafetensorsReader vae = SafetensorsReader.Open(folder.File(VaeFile)))
            TorchFile.Of(vae.Names.Select(n => (n, vae.Tensors[n].Shape, vae.ReadFloat32(n)))).SaveZip(folder.File("vae/diffusion_pytorch_model.bin"));
        File.Delete(folder.File(VaeFile));
        AssertEqual(model.Vae, ModelFolder.Open(folder.Path).LoadVae(Device.Cpu), v => v);

        File.Delete(folder.File("vae/diffusion_pytorch_model.bin"));
        string message = Assert.Throws<EngineException>(() => ModelFolder.Open(folder.Path).LoadVae(Device.Cpu)).Message;
        Assert.Contains("has no weights", message);
    }

    [Fact]
    public void Folders_that_are_no_model_are_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such folder", Assert.Throws<EngineException>(() => ModelFolder.Open(folder.File("absent"))).Message);

        Directory.CreateDirectory(folder.File("unet"));
        Directory.CreateDirectory(folder.File("vae"));
        string message = Assert.Throws<EngineException>(() => ModelFolder.Open(folder.Path)).Message;
        Assert.EndsWith("it lacks text_encoder, tokenizer, scheduler", message);

        ModelFolder.Save(TinyModel.Create(), folder.Path, SafetensorsDType.F32);
        File.WriteAllText(folder.File("model_index.json"), """{"_class_name": "StableDiffusionXLPipeline"}""");
        Assert.Contains("StableDiffusionXLPipeline", Assert.Throws<EngineException>(() => ModelFolder.Open(folder.Path)).Message);
    }

    [Fact]
    public void Weight_beyond_float16_is_refused_and_the_old_file_stays()
    {
        using var folder = new TemporaryFolder();
        StableDiffusionModel model = TinyModel.Create();
        ModelFolder.Save(model, folder.Path, SafetensorsDType.F16);
        byte[] before = File.ReadAllBytes(folder.File(UNetFile));
        Parameter bias = model.UNet.NamedParameters().Single(p => p.Name == "conv_in.bias").Parameter;
        float[] values = bias.ToFileLayout();
        values[3] = 1e5f;
        bias.Load(values, Device.Cpu);

        string message = Assert.Throws<EngineException>(() => ModelFolder.Save(model, folder.Path, SafetensorsDType.F16)).Message;
        Assert.Contains("conv_in.bias has the value 100000", message);
        Assert.Equal(before, File.ReadAllBytes(folder.File(UNetFile)));
    }

    private static void AssertEqual(Module expected, Module actual, Func<float, float> rounded)
    {
        var parameters = actual.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter);
        Assert.Equal(expected.NamedParameters().Count(), parameters.Count);
        foreach ((string name, Parameter parameter) in expected.NamedParameters())
            Assert.Equal(parameter.ToFileLayout().Select(rounded), parameters[name].ToFileLayout());
    }

    private static float RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }

    private static void Replace(string file, Func<string, string?> keys, Func<string, long[], long[]>? shapes = null,
        Action<SafetensorsWriter>? extra = null)
    {
        string temporary = file + ".new";
        using (SafetensorsReader reader = SafetensorsReader.Open(file)) Rewrite(reader, temporary, keys, shapes, extra);
        File.Move(temporary, file, overwrite: true);
    }

    private static void Rewrite(SafetensorsReader reader, string file, Func<string, string?> keys,
        Func<string, long[], long[]>? shapes = null, Action<SafetensorsWriter>? extra = null)
    {
        var writer = new SafetensorsWriter();
        foreach (string key in reader.Names)
        {
            if (keys(key) is not { } name) continue;
            long[] shape = reader.Tensors[key].Shape;
            writer.AddFloat32(name, shapes?.Invoke(key, shape) ?? shape, reader.ReadFloat32(key));
        }
        extra?.Invoke(writer);
        writer.Save(file);
    }
}
