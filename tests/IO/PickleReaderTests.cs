using System.IO.Compression;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Pickled state dicts in the layouts of torch.save.</summary>
public class PickleReaderTests
{
    private static readonly (string, long[], float[])[] Two = [("a.weight", [2, 3], [1, 2, 3, 4, 5, 6]), ("b", [], [7])];

    [Theory]
    [InlineData("zip")]
    [InlineData("deflated")]
    [InlineData("legacy")]
    [InlineData("zip", "state_dict")]
    [InlineData("legacy", "model")]
    [InlineData("zip", "ema")]
    [InlineData("zip", "model", "state_dict")]
    public void State_dict_is_read_in_every_form(string form, params string[] wrappers)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("x.ckpt");
        Save(TorchFile.Of(Two, wrappers), path, form);
        using ITensorSource source = TensorFile.Open(path);
        Assert.Equal(["a.weight", "b"], source.Names);
        Assert.Equal([2L, 3L], source.Tensors["a.weight"].Shape);
        Assert.Equal([1f, 2, 3, 4, 5, 6], source.ReadFloat32("a.weight"));
        Assert.Equal([7f], source.ReadFloat32("b"));
        var part = new byte[8];
        source.CopyBytes("a.weight", 8, part);
        Assert.Equal(TorchFile.Floats(3, 4), part);
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("deflated")]
    [InlineData("legacy")]
    public void Shared_storage_offset_and_strides_are_followed(string form)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("x.pt");
        var file = new TorchFile();
        string key = file.Storage(TorchFile.Floats(0, 1, 2, 3, 4, 5, 6));
        file.Text("}(").String("turned").Tensor(key, "FloatStorage", 7, 1, [3, 2], [1, 3])
            .String("part").Tensor(key, "FloatStorage", 7, 2, [2], [1])
            .String("half").Tensor(file.Storage([0, 0x3c, 0, 0xc0], 2), "HalfStorage", 2, 0, [2], [1])
            .String("count").Tensor(file.Storage([5, 0, 0, 0, 0, 0, 0, 0], 8), "LongStorage", 1, 0, [], [])
            .String("none").Tensor(file.Storage([]), "FloatStorage", 0, 0, [0], [1]).Text("u.");
        Save(file, path, form);
        using ITensorSource source = TensorFile.Open(path);
        Assert.Equal([1f, 4, 2, 5, 3, 6], source.ReadFloat32("turned"));
        Assert.Equal([2f, 3], source.ReadFloat32("part"));
        Assert.Equal([1f, -2], source.ReadFloat32("half"));
        Assert.Equal([5L], source.ReadInt64("count"));
        Assert.Empty(source.ReadFloat32("none"));
        var last = new byte[8];
        source.CopyBytes("turned", 16, last);
        Assert.Equal(TorchFile.Floats(3, 6), last);
    }

    [Fact]
    public void Big_endian_numbers_are_turned()
    {
        using var folder = new TemporaryFolder();
        var file = new TorchFile();
        file.Text("}(").String("x").Tensor(file.Storage([0x3f, 0x80, 0, 0]), "FloatStorage", 1, 0, [1], [1]).Text("u.").SaveZip(folder.File("x"), byteOrder: "big");
        using ITensorSource source = TensorFile.Open(folder.File("x"));
        Assert.Equal([1f], source.ReadFloat32("x"));
    }

    [Fact]
    public void Values_beside_the_weights_that_real_checkpoints_have_are_passed_over()
    {
        using var folder = new TemporaryFolder();
        var file = new TorchFile();
        file.Text("}(").String("callbacks").Text("}(").Global("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint").Text("}u")
            .String("score").Global("numpy.core.multiarray", "scalar").Text("(").Global("numpy", "dtype").Text("(").String("f8").Int(0).Int(1).Text("tR(").Int(3)
            .String("<").Text("NNNtb").Global("_codecs", "encode").Text("(").String("x").String("latin1").Text("tRtR")
            .String("state_dict").Text("}(").String("x").Global("torch._utils", "_rebuild_parameter").Text("(")
            .Tensor(file.Storage(TorchFile.Floats(4)), "FloatStorage", 1, 0, [1], [1]).Raw(0x88).Global("collections", "OrderedDict").Text(")RtRuu.");
        file.SaveZip(folder.File("x"));
        using ITensorSource source = TensorFile.Open(folder.File("x"));
        Assert.Equal([4f], source.ReadFloat32("x"));
    }

    private static void Save(TorchFile file, string path, string form)
    {
        if (form == "legacy") file.SaveLegacy(path);
        else file.SaveZip(path, form == "zip" ? CompressionLevel.NoCompression : CompressionLevel.Optimal);
    }
}
