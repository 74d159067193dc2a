using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.WeightsConvert;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Whole models through every form and back, bit for bit.</summary>
public class ConvertCommandTests
{
    private static readonly string[] Parts =
        ["unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"];

    [Fact]
    public void Folder_to_single_file_and_back_is_the_same_to_the_last_bit()
    {
        using var folder = new TemporaryFolder();
        WriteModel(folder.File("model"));
        Succeed(folder, "model", "one.safetensors");
        using (SafetensorsReader one = SafetensorsReader.Open(folder.File("one.safetensors")))
        {
            Assert.Equal([32L, 32, 1, 1], one.Tensors["first_stage_model.encoder.mid.attn_1.q.weight"].Shape);
            Assert.Contains("model.diffusion_model.output_blocks.1.1.conv.weight", one.Names);
            Assert.Equal("pt", one.Metadata["format"]);
        }
        Succeed(folder, "one.safetensors", "again", "--tokenizer", folder.File("model"));
        AssertSame(folder, "model", "again");
        AssertSameModel(ModelFolder.Open(folder.File("model")), ModelFolder.Open(folder.File("again")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pickled_checkpoint_with_position_ids_and_training_leftovers_is_read(bool legacy)
    {
        using var folder = new TemporaryFolder();
        WriteModel(folder.File("model"));
        Succeed(folder, "model", "one.safetensors");
        WritePickle(folder, legacy);
        Succeed(folder, "one.ckpt", "again", "--tokenizer", folder.File("model/tokenizer"));
        AssertSame(folder, "model", "again");

        Assert.Contains("averaged copy", Succeed(folder, "one.ckpt", "plain.safetensors"));
        using SafetensorsReader plain = SafetensorsReader.Open(folder.File("plain.safetensors"));
        Assert.Equal(SafetensorsDType.F32, plain.Tensors["betas"].DType);
        Assert.DoesNotContain(plain.Names, n => n.StartsWith("model_ema."));
    }

    [Fact]
    public void Averaged_copy_takes_the_place_of_the_weights()
    {
        using var folder = new TemporaryFolder();
        WriteModel(folder.File("model"));
        Succeed(folder, "model", "one.safetensors");
        WritePickle(folder, legacy: false);
        Succeed(folder, "one.ckpt", "ema", "--ema");
        Succeed(folder, "one.ckpt", "ema.safetensors", "--ema");
        using SafetensorsReader before = SafetensorsReader.Open(folder.File("model/" + Parts[0])), after = SafetensorsReader.Open(folder.File("ema/" + Parts[0]));
        using SafetensorsReader single = SafetensorsReader.Open(folder.File("ema.safetensors"));
        foreach (string name in before.Names)
        {
            float[] expected = [.. before.ReadFloat32(name).Select(v => v + 1)];
            Assert.Equal(expected, after.ReadFloat32(name));
            Assert.Equal(expected, single.ReadFloat32(LdmNames.UNet(name, new UNetConfig { BlockOutChannels = [32, 64], LayersPerBlock = [1, 1], UpAttention = [false, true] })));
        }
        Refuse(folder, "no averaged copy", "one.safetensors", "x", "--ema");
        Refuse(folder, "no averaged copy", "model", "x", "--ema");
    }

    [Theory]
    [InlineData("fp16", SafetensorsDType.F16)]
    [InlineData("bf16", SafetensorsDType.BF16)]
    public void Type_is_changed_by_rounding_once(string option, SafetensorsDType dtype)
    {
        using var folder = new TemporaryFolder();
        StableDiffusionModel model = WriteModel(folder.File("model"));
        ModelFolder.Save(model, folder.File("expected"), dtype);
        Succeed(folder, "model", "half", "--dtype", option);
        AssertSame(folder, "expected", "half");
    }

    [Fact]
    public void Old_names_of_the_vae_become_the_new_ones_and_a_single_file_is_a_model()
    {
        using var folder = new TemporaryFolder();
        WriteModel(folder.File("model"));
        Succeed(folder, "model", "one.safetensors");
        string vae = folder.File("model/" + Parts[1]);
        var writer = new SafetensorsWriter();
        using (SafetensorsReader reader = SafetensorsReader.Open(vae))
        {
            foreach (string name in reader.Names)
                writer.AddFloat32(name.Replace("to_q", "query").Replace("to_k", "key").Replace("to_v", "value").Replace("to_out.0", "proj_attn"),
                    reader.Tensors[name].Shape, reader.ReadFloat32(name));
        }
        writer.Save(vae);
        Succeed(folder, "model", "two.safetensors");
        AssertSameFile(folder.File("one.safetensors"), folder.File("two.safetensors"));

        string message = Assert.Throws<EngineException>(() => ModelFolder.Open(folder.File("one.safetensors")).LoadTokenizer()).Message;
        Assert.Contains("--tokenizer", message);
        AssertSameModel(ModelFolder.Open(folder.File("model")), ModelFolder.Open(folder.File("one.safetensors"), folder.File("model")));
    }

    [Fact]
    public void Any_pickled_state_dict_becomes_safetensors_under_its_names()
    {
        using var folder = new TemporaryFolder();
        TorchFile.Of([("Conv2d_1a_3x3.conv.weight", [1, 2], [1, 2])]).SaveLegacy(folder.File("inception.pth"));
        Succeed(folder, "inception.pth", "inception.safetensors");
        using SafetensorsReader read = SafetensorsReader.Open(folder.File("inception.safetensors"));
        Assert.Equal([1f, 2], read.ReadFloat32("Conv2d_1a_3x3.conv.weight"));
        Refuse(folder, "no checkpoint of a whole model", "inception.pth", "folder");
    }

    [Fact]
    public void Nothing_is_overwritten_unasked_or_left_half_written()
    {
        using var folder = new TemporaryFolder();
        TorchFile.Of([("x", [1], [1e6f])]).SaveZip(folder.File("x.pt"));
        Succeed(folder, "x.pt", "x.safetensors");
        byte[] before = File.ReadAllBytes(folder.File("x.safetensors"));
        Refuse(folder, "--overwrite", "x.pt", "x.safetensors");
        Refuse(folder, "float16 ends at 65504", "x.pt", "x.safetensors", "--overwrite", "--dtype", "fp16");
        Assert.Equal(before, File.ReadAllBytes(folder.File("x.safetensors")));
        Refuse(folder, "read, not written", "x.safetensors", "y.ckpt");
        Directory.CreateDirectory(folder.File("full/inside"));
        Refuse(folder, "something in it", "x.pt", "full");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path, "*.tmp", new EnumerationOptions { AttributesToSkip = 0 }));
        Assert.Equal(2, Program.Run(["convert", "a", "b", "--dtype", "fp8"], TextWriter.Null, new StringWriter()));
    }

    // Levels of 32 and 64 channels: a single file does not say how many groups and heads there are, so they are SD-1.5's.
    private static StableDiffusionModel WriteModel(string path)
    {
        ClipVocabulary vocabulary = ClipVocabularyTrainer.Train(["left effusion", "right nodule"], ClipVocabularyTrainer.MinSize + 4);
        var unet = new UNetConfig
        {
            BlockOutChannels = [32, 64], LayersPerBlock = [1, 1], AttentionHeads = [8, 8], TransformerLayersPerBlock = [1, 1],
            DownAttention = [true, false], UpAttention = [false, true], CrossAttentionDim = 64,
        };
        var text = new ClipTextConfig
        {
            HiddenSize = 64, IntermediateSize = 96, NumHiddenLayers = 2, NumAttentionHeads = 1, VocabSize = vocabulary.Count, MaxPositionEmbeddings = 10,
        };
        var model = new StableDiffusionModel(new UNet2DConditionModel(unet), new AutoencoderKL(new VaeConfig { BlockOutChannels = [32, 32], LayersPerBlock = 1 }),
            new ClipTextModel(text), new ClipTokenizer(vocabulary, maxLength: 10), SchedulerConfig.Parse("""{"_class_name": "PNDMScheduler"}"""));
        foreach (Module module in TinyModel.Parts(model))
            foreach ((string name, Parameter parameter) in module.NamedParameters())
            {
                var values = new float[parameter.FileShape.Count];
                HashTensor.FillWeight(name, [.. parameter.FileShape.ToArray().Select(d => (long)d)], 1, 0, values);
                parameter.Load(values, Device.Cpu);
            }
        ModelFolder.Save(model, path, SafetensorsDType.F32);
        return model;
    }

    // one.safetensors as a .ckpt: with an averaged copy of everything in the U-Net, one more than the weights, and what else such files have.
    private static void WritePickle(TemporaryFolder folder, bool legacy)
    {
        using SafetensorsReader one = SafetensorsReader.Open(folder.File("one.safetensors"));
        var tensors = one.Names.Select(n => (Name: n, one.Tensors[n].Shape, Values: one.ReadFloat32(n))).ToList();
        tensors.AddRange([.. tensors.Where(t => t.Name.StartsWith("model."))
            .Select(t => ("model_ema." + t.Name["model.".Length..].Replace(".", ""), t.Shape, t.Values.Select(v => v + 1).ToArray()))]);
        tensors.Add(("model_ema.decay", [], [0.999f]));
        tensors.Add(("betas", [2], [0.1f, 0.2f]));
        tensors.Add(("cond_stage_model.transformer.text_model.embeddings.position_ids", [1, 2], [0, 1]));
        TorchFile file = TorchFile.Of(tensors, "state_dict");
        if (legacy) file.SaveLegacy(folder.File("one.ckpt"));
        else file.SaveZip(folder.File("one.ckpt"));
    }

    private static string Succeed(TemporaryFolder folder, string from, string to, params string[] more)
    {
        (StringWriter output, StringWriter error) = (new(), new());
        int code = Program.Run(["convert", folder.File(from), folder.File(to), .. more], output, error);
        Assert.Equal("", error.ToString());
        Assert.Equal(0, code);
        return output.ToString();
    }

    private static void Refuse(TemporaryFolder folder, string expected, string from, string to, params string[] more)
    {
        var error = new StringWriter();
        Assert.Equal(1, Program.Run(["convert", folder.File(from), folder.File(to), .. more], TextWriter.Null, error));
        Assert.Contains(expected, error.ToString());
        Assert.Single(error.ToString().TrimEnd().Split('\n'));
    }

    private static void AssertSame(TemporaryFolder folder, string before, string after)
    {
        foreach (string part in Parts) AssertSameFile(folder.File($"{before}/{part}"), folder.File($"{after}/{part}"));
    }

    private static void AssertSameFile(string before, string after) => Assert.Equal(File.ReadAllBytes(before), File.ReadAllBytes(after));

    private static void AssertSameModel(ModelFolder before, ModelFolder after)
    {
        (StableDiffusionModel a, StableDiffusionModel b) = (before.Load(Device.Cpu), after.Load(Device.Cpu));
        Assert.Equal(a.UNet.Config.ToJson(), b.UNet.Config.ToJson());
        Assert.Equal(a.TextEncoder.Config.ToJson(), b.TextEncoder.Config.ToJson());
        foreach ((Module x, Module y) in TinyModel.Parts(a).Zip(TinyModel.Parts(b)))
            foreach (((_, Parameter p), (_, Parameter q)) in x.NamedParameters().Zip(y.NamedParameters()))
                Assert.Equal(p.ToFileLayout(), q.ToFileLayout());
    }
}
