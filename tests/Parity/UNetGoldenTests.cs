using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The U-Net against diffusers: outputs, activations after every block, gradients.</summary>
[Trait("Category", "Golden")]
public class UNetGoldenTests
{
    public static TheoryData<string, string, bool, string> SmallCases()
    {
        var data = new TheoryData<string, string, bool, string>();
        foreach ((string file, string name) in GoldenModel.Enumerate("unet_*.safetensors", full: false))
        {
            data.Add(file, name, true, "cpu");
            foreach (string device in TestDevices.Names) data.Add(file, name, false, device);
        }
        return data;
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SmallCases))]
    public void Small_network_equals_the_reference(string file, string name, bool checkpointBlocks, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file);
        var unet = new UNet2DConditionModel(UNetConfig.Parse(golden.Config, golden.Name)) { CheckpointBlocks = checkpointBlocks };
        golden.FillWeights(unet, device);
        var one = new GoldenCase(golden, name);
        if (one.Module is null) RunNetwork(unet, one, device);
        else RunModule(unet, one, device);
    }

    [Fact]
    public void Linear_layers_come_in_the_order_of_the_reference()
    {
        using JsonDocument lora = JsonDocument.Parse(File.ReadAllBytes(GoldenData.File("train/lora.json")));
        using SafetensorsReader reader = GoldenData.Open("train/lora_Bzero.safetensors");
        using JsonDocument config = JsonDocument.Parse(reader.Metadata["config"]);
        var unet = new UNet2DConditionModel(UNetConfig.Parse(config.RootElement.GetProperty("unet").GetRawText(), reader.Path));

        string[] expected = [.. lora.RootElement.GetProperty("modules").EnumerateArray()
            .Select(m => $"{m[0].GetString()} {m[1].GetInt32()} {m[2].GetInt32()} {m[3].GetBoolean()}")];
        string[] actual = [.. unet.NamedModules().Where(m => m.Module is Linear { IsPointwise: false })
            .Select(m => (m.Name, Linear: (Linear)m.Module))
            .Select(m => $"{m.Name} {m.Linear.InFeatures} {m.Linear.OutFeatures} {m.Linear.Bias is not null}")];
        Assert.Equal(expected, actual);
    }

    internal static void RunNetwork(UNet2DConditionModel unet, GoldenCase golden, Device device)
    {
        IReadOnlyList<string> gradients = golden.Gradients;
        var parameters = unet.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter);
        foreach (string name in gradients)
            if (parameters.TryGetValue(name, out Parameter? parameter)) parameter.Trainable = true;
        using Tensor sample = golden.Input("sample", device), context = golden.Input("encoder_hidden_states", device);
        sample.RequiresGrad = gradients.Contains("sample");
        context.RequiresGrad = gradients.Contains("encoder_hidden_states");
        float[] timesteps = [.. golden.Integers("timesteps").Select(t => (float)t)];
        try
        {
            unet.Probe = (module, y) => golden.Compare("act:" + module, y);
            using Tensor y = unet.Forward(sample, timesteps, context);
            golden.Compare("out", y);
            if (gradients.Count > 0)
            {
                using Tensor probe = golden.Input("probe_out", device);
                golden.CompareLoss(y, probe);
                y.Backward(probe);
                foreach (string name in gradients)
                {
                    Tensor of = name == "sample" ? sample : name == "encoder_hidden_states" ? context : parameters[name].Value;
                    Assert.True(of.Grad is not null, $"{name} has no gradient");
                    golden.Compare("grad:" + name, of.Grad);
                }
            }
            golden.AssertAllCompared();
        }
        finally
        {
            unet.Probe = null;
            foreach (Parameter parameter in parameters.Values.Where(p => p.Trainable))
            {
                parameter.Value.ZeroGrad();
                parameter.Trainable = false;
            }
        }
    }

    private static void RunModule(UNet2DConditionModel unet, GoldenCase golden, Device device)
    {
        using Tensor hidden = golden.Input("hidden_states", device);
        string second = golden.Description.GetProperty("inputs")[1].GetString()!;
        using Tensor other = golden.Input(second, device);
        using Tensor y = unet.Find(golden.Module!) switch
        {
            ResnetBlock2D resnet => resnet.Forward(hidden, other),
            Transformer2DModel transformer => transformer.Forward(hidden, other),
            var module => throw new InvalidOperationException($"{golden.Module} is {module}"),
        };
        golden.Compare("out", y);
        golden.AssertAllCompared();
    }
}
