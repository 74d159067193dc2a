using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The VAE against diffusers: moments, decoded image, activations, gradient of decode.</summary>
[Trait("Category", "Golden")]
public class VaeGoldenTests
{
    public static TheoryData<string, string, string> SmallCases()
    {
        var data = new TheoryData<string, string, string>();
        foreach ((string file, string name) in GoldenModel.Enumerate("vae_*.safetensors", full: false))
            foreach (string device in TestDevices.Names) data.Add(file, name, device);
        return data;
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SmallCases))]
    public void Small_network_equals_the_reference(string file, string name, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file);
        var vae = new AutoencoderKL(VaeConfig.Parse(golden.Config, golden.Name));
        golden.FillWeights(vae, device);
        Run(vae, new GoldenCase(golden, name), device);
    }

    internal static void Run(AutoencoderKL vae, GoldenCase golden, Device device)
    {
        string input = golden.Description.GetProperty("inputs")[0].GetString()!;
        using Tensor x = golden.Input(input, device);
        x.RequiresGrad = golden.Gradients.Contains(input);
        using var scope = new TensorScope();
        vae.Probe = (module, y) => golden.Compare("act:" + module, y);
        if (golden.Module is not null)
        {
            golden.Compare("out", vae.Find(golden.Module) switch
            {
                ResnetBlock2D resnet => resnet.Forward(x),
                VaeAttention attention => attention.Forward(x),
                var module => throw new InvalidOperationException($"{golden.Module} is {module}"),
            });
        }
        else if (input == "image")
        {
            (Tensor mean, Tensor logvar) = vae.Encode(x);
            golden.Compare("mean", mean);
            golden.Compare("logvar", logvar);
        }
        else
        {
            Tensor image = vae.Decode(x);
            golden.Compare("image", image);
            if (x.RequiresGrad)
            {
                Tensor probe = golden.Input("probe_image", device);
                golden.CompareLoss(image, probe);
                image.Backward(probe);
                golden.Compare("grad:" + input, x.Grad!);
                x.ZeroGrad();
            }
        }
        vae.Probe = null;
        golden.AssertAllCompared();
    }
}
