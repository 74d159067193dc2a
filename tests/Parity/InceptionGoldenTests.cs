using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Inception v3 at its one size against pytorch-fid: the prepared image, the maps of three layers, the pooled features.</summary>
[Trait("Category", "Golden")]
public class InceptionGoldenTests
{
    public static TheoryData<string, string, string> Cases()
    {
        var data = new TheoryData<string, string, string>();
        foreach ((string file, string name) in GoldenModel.Enumerate("inception_*.safetensors", full: false))
            foreach (string device in (string[])["cpu", "cuda"]) data.Add(file, name, device);
        return data;
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void Network_equals_the_reference(string file, string name, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file);
        using (JsonDocument config = JsonDocument.Parse(golden.Config))
        {
            Assert.True(config.RootElement.GetProperty("resize_input").GetBoolean());
            Assert.True(config.RootElement.GetProperty("normalize_input").GetBoolean());
        }
        var network = new InceptionV3();
        golden.FillWeights(network, device);
        var one = new GoldenCase(golden, name);
        using var scope = new TensorScope();
        Tensor images = one.Input("image", device);

        network.Probe = (key, y) => one.Compare(key, y);
        one.Compare("features_2048", network.Features(images, InceptionLayer.FinalPool));
        one.AssertAllCompared();

        // What lies behind a layer is not computed for it.
        var seen = new List<string>();
        network.Probe = (key, _) => seen.Add(key);
        Tensor first = network.Features(images, InceptionLayer.FirstPool);
        Assert.Equal(["act:preprocessed", "features_64"], seen);
        Assert.Equal(new Shape(images.Shape[0], 64), first.Shape);
        foreach ((_, Parameter parameter) in network.NamedParameters()) parameter.Unload();
    }
}
