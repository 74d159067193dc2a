using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The U-Net of SD-1.5 with hash weights, built once for all cases of a file (3.4 GB).</summary>
public sealed class FullSizeUNet : IDisposable
{
    private (string File, Device Device, DType Precision) made;
    private UNet2DConditionModel? unet;

    public UNet2DConditionModel Get(GoldenModel golden, Device device, DType precision)
    {
        if (unet is not null && made == (golden.Name, device, precision)) return unet;
        Dispose();
        made = (golden.Name, device, precision);
        var network = new UNet2DConditionModel(UNetConfig.Parse(golden.Config, golden.Name));
        golden.FillWeights(network, device);
        return unet = network;
    }

    public void Dispose()
    {
        foreach ((_, Parameter parameter) in unet?.NamedParameters() ?? []) parameter.Unload();
    }
}

/// <summary>
/// The real networks with hash weights, on the host and CUDA, there in 16 bits too; the VAE computes in float32 always. One after the
/// other: together they would take 4.3 GB.
/// </summary>
[Trait("Category", "Golden")]
[Trait("Size", "Full")]
[Collection(nameof(FullSizeGoldenTests))]
[CollectionDefinition(nameof(FullSizeGoldenTests), DisableParallelization = true)]
public class FullSizeGoldenTests(FullSizeUNet shared) : IClassFixture<FullSizeUNet>
{
    private const string Precision = "Precision", UNets = "unet_*.safetensors", Texts = "clip_text_*.safetensors";

    public static TheoryData<string, string, string> UNetCases() => Cases(UNets, TestDevices.FullSize);

    public static TheoryData<string, string, string> UNetNarrowCases() => Cases(UNets, TestDevices.FullSizeGpus);

    public static TheoryData<string, string, string> VaeCases() => Cases("vae_*.safetensors", TestDevices.FullSize);

    public static TheoryData<string, string, string> ClipTextCases() => Cases(Texts, TestDevices.FullSize);

    public static TheoryData<string, string, string> ClipTextNarrowCases() => Cases(Texts, TestDevices.FullSizeGpus);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(UNetCases))]
    [Trait(Precision, "fp32")]
    public void UNet_equals_the_reference(string file, string name, string device) => RunUNet(file, name, device, DType.F32);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(UNetNarrowCases))]
    [Trait(Precision, "bf16")]
    public void UNet_in_bfloat16_is_near_the_reference(string file, string name, string device) => RunUNet(file, name, device, DType.BF16);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(UNetNarrowCases))]
    [Trait(Precision, "fp16")]
    public void UNet_in_float16_is_near_the_reference(string file, string name, string device) => RunUNet(file, name, device, DType.F16);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(VaeCases))]
    [Trait(Precision, "fp32")]
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
    [Trait(Precision, "fp32")]
    public void Clip_text_encoder_equals_the_reference(string file, string name, string device) => RunClipText(file, name, device, DType.F32);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ClipTextNarrowCases))]
    [Trait(Precision, "bf16")]
    public void Clip_text_encoder_in_bfloat16_is_near_the_reference(string file, string name, string device) => RunClipText(file, name, device, DType.BF16);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ClipTextNarrowCases))]
    [Trait(Precision, "fp16")]
    public void Clip_text_encoder_in_float16_is_near_the_reference(string file, string name, string device) => RunClipText(file, name, device, DType.F16);

    private void RunUNet(string file, string name, string deviceName, DType precision)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file, precision);
        UNetGoldenTests.RunNetwork(shared.Get(golden, device, precision), new GoldenCase(golden, name), device);
    }

    private static void RunClipText(string file, string name, string deviceName, DType precision)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file, precision);
        ClipTextGoldenTests.Run(golden, name, device);
    }

    private static TheoryData<string, string, string> Cases(string pattern, IEnumerable<string> devices)
    {
        var data = new TheoryData<string, string, string>();
        // By device, so that the U-Net's weights are made once a device.
        foreach (string device in devices)
            foreach ((string file, string name) in GoldenModel.Enumerate(pattern, full: true)) data.Add(file, name, device);
        return data;
    }
}
