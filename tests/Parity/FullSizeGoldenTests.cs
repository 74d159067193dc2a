using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The U-Net of SD-1.5 with hash weights, built once for all cases of a file (3.4 GB).</summary>
public sealed class FullSizeUNet : IDisposable
{
    private (string File, Device Device) made;
    private UNet2DConditionModel? unet;

    public UNet2DConditionModel Get(GoldenModel golden, Device device)
    {
        if (unet is not null && made == (golden.Name, device)) return unet;
        Dispose();
        made = (golden.Name, device);
        var network = new UNet2DConditionModel(UNetConfig.Parse(golden.Config, golden.Name));
        golden.FillWeights(network, device);
        return unet = network;
    }

    public void Dispose()
    {
        foreach ((_, Parameter parameter) in unet?.NamedParameters() ?? []) parameter.Unload();
    }
}

/// <summary>The real networks with hash weights, on the host and CUDA. One after the other: together they would take 4.3 GB.</summary>
[Trait("Category", "Golden")]
[Trait("Size", "Full")]
[Collection(nameof(FullSizeGoldenTests))]
[CollectionDefinition(nameof(FullSizeGoldenTests), DisableParallelization = true)]
public class FullSizeGoldenTests(FullSizeUNet shared) : IClassFixture<FullSizeUNet>
{
    public static TheoryData<string, string, string> UNetCases() => Cases("unet_*.safetensors");

    public static TheoryData<string, string, string> VaeCases() => Cases("vae_*.safetensors");

    public static TheoryData<string, string, string> ClipTextCases() => Cases("clip_text_*.safetensors");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(UNetCases))]
    public void UNet_equals_the_reference(string file, string name, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file);
        UNetGoldenTests.RunNetwork(shared.Get(golden, device), new GoldenCase(golden, name), device);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(VaeCases))]
    public void Vae_equals_the_reference(string file, string name, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file);
        var vae = new AutoencoderKL(VaeConfig.Parse(golden.Config, golden.Name));
        golden.FillWeights(vae, device);
        VaeGoldenTests.Run(vae, new GoldenCase(golden, name), device);
        foreach ((_, Parameter parameter) in vae.NamedParameters()) parameter.Unload();
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ClipTextCases))]
    public void Clip_text_encoder_equals_the_reference(string file, string name, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file);
        ClipTextGoldenTests.Run(golden, name, device);
    }

    private static TheoryData<string, string, string> Cases(string pattern)
    {
        var data = new TheoryData<string, string, string>();
        // By device, so that the U-Net's weights are made once a device.
        foreach (string device in (string[])["cpu", "cuda"])
            foreach ((string file, string name) in GoldenModel.Enumerate(pattern, full: true)) data.Add(file, name, device);
        return data;
    }
}
