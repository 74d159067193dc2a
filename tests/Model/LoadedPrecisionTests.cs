using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>A model that computes in 16 bits on a GPU: what its loading takes of the device's memory, and which bits it gets.</summary>
[Collection(nameof(StepMemoryTests))]
public class LoadedPrecisionTests
{
    public static TheoryData<string, DType> Gpus()
    {
        var data = new TheoryData<string, DType>();
        foreach (string device in TestDevices.Gpus)
            foreach (DType type in (DType[])[DType.BF16, DType.F16]) data.Add(device, type);
        return data;
    }

    // The file has float16: one type is converted, the other one taken as it is.
    [Theory]
    [MemberData(nameof(Gpus))]
    public void The_peak_while_loading_is_what_the_model_takes(string deviceName, DType type)
    {
        Device device = TestDevices.Require(deviceName);
        ModelFolder folder = ModelFolder.Open(MiniModel.Folder);
        UNet2DConditionModel whole = folder.LoadUNet(device);
        IBackend backend = Backend.Get(device);
        long before = SettledMemory.Of(device).InUse;
        backend.ResetPeak();
        UNet2DConditionModel narrow = folder.LoadUNet(device, type);
        MemoryStats after = backend.Memory;
        long expected = narrow.NamedParameters().Sum(p => MemoryPool.RoundUp(p.Parameter.Shape.Count * (p.Parameter.Shape.Rank > 1 ? sizeof(ushort) : sizeof(float))));
        Assert.Equal(after.InUse, after.PeakInUse);
        Assert.InRange(after.InUse - before, 1, expected);

        whole.SetPrecision(type);
        foreach (((string name, Parameter loaded), (_, Parameter set)) in narrow.NamedParameters().Zip(whole.NamedParameters()))
        {
            Assert.Equal(set.Value.DType, loaded.Value.DType);
            Assert.True(set.ToFileLayout().AsSpan().SequenceEqual(loaded.ToFileLayout()), name);
        }
        foreach (Module module in (Module[])[whole, narrow])
            foreach ((_, Parameter parameter) in module.NamedParameters()) parameter.Unload();
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_weight_beyond_float16_is_named(string device)
    {
        using var folder = new TemporaryFolder();
        StableDiffusionModel model = TinyModel.Create();
        Parameter weight = model.UNet.Find("conv_in")!.NamedParameters().First().Parameter;
        float[] values = weight.ToFileLayout();
        values[3] = 1e5f;
        weight.Load(values, Device.Cpu);
        ModelFolder.Save(model, folder.Path, SafetensorsDType.F32);
        string message = Assert.Throws<EngineException>(() => ModelFolder.Open(folder.Path).LoadUNet(TestDevices.Require(device), DType.F16)).Message;
        Assert.EndsWith("tensor 'conv_in.weight' has the value 100000, which is beyond F16: compute in bfloat16 or float32", message);
    }

    [Fact]
    public void The_host_is_asked_for_float32_only()
    {
        ModelFolder folder = ModelFolder.Open(MiniModel.Folder);
        Assert.EndsWith("the host computes in float32", Assert.Throws<EngineException>(() => folder.LoadUNet(Device.Cpu, DType.BF16)).Message);
    }
}
