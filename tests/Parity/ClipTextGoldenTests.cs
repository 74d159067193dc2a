using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The text encoder against transformers: hidden states of every layer, pooled feature, gradients.</summary>
[Trait("Category", "Golden")]
public class ClipTextGoldenTests
{
    public static TheoryData<string, string, string> SmallCases()
    {
        var data = new TheoryData<string, string, string>();
        foreach ((string file, string name) in GoldenModel.Enumerate("clip_text_*.safetensors", full: false))
            foreach (string device in TestDevices.Names) data.Add(file, name, device);
        return data;
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SmallCases))]
    public void Small_network_equals_the_reference(string file, string name, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file);
        Run(golden, name, device);
    }

    internal static void Run(GoldenModel golden, string name, Device device)
    {
        var text = new ClipTextModel(ClipTextConfig.Parse(golden.Config, golden.Name));
        golden.FillWeights(text, device);
        var one = new GoldenCase(golden, name);
        var parameters = text.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter);
        foreach (string gradient in one.Gradients) parameters[gradient].Trainable = true;

        int[] ids = [.. one.Integers("input_ids").Select(id => (int)id)];
        int batch = golden.Inputs.GetProperty($"{name}/input_ids").GetProperty("shape")[0].GetInt32();
        using var scope = new TensorScope();
        text.Probe = (key, y) => one.Compare(key, y);
        Tensor hidden = text.Forward(ids, batch);
        one.Compare("last_hidden_state", hidden);
        one.Compare("pooled", text.Pool(hidden.Detach(), ids));
        if (one.Gradients.Count > 0)
        {
            Tensor probe = one.Input("probe_last_hidden_state", device);
            one.CompareLoss(hidden, probe);
            hidden.Backward(probe);
            foreach (string gradient in one.Gradients) one.Compare("grad:" + gradient, parameters[gradient].Value.Grad!);
        }
        one.AssertAllCompared();
    }
}
