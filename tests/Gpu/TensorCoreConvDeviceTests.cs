using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// The tensor-core convolutions on a CUDA device against double precision; the same bits again in a second run. Skipped where there is no
/// device: the emulation runs the same kernels there.
/// </summary>
public class TensorCoreConvDeviceTests
{
    public static TheoryData<string, string> Kernels => TestDevices.Rows(TensorCoreConvCase.Kernels, ["cuda"]);

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Convolution_agrees_with_double_precision(string kernel, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        var backend = (GpuBackend)Backend.Get(device);
        if (!backend.HasTensorCores) Assert.Skip($"{backend.Name}: older than compute capability 8.0");
        foreach (TensorCoreConvCase test in TensorCoreConvCase.Of(kernel))
        {
            using var scope = new TensorScope();
            var problem = new TensorCoreConvProblem(test);
            byte[] first = Run(backend, problem.Launch, test.Conv);
            problem.Check(first, problem.Expected());
            Assert.Equal(first, Run(backend, problem.Launch, test.Conv));
        }
    }

    private static byte[] Run(GpuBackend backend, TensorCoreLaunch launch, TensorCoreConv2d conv)
    {
        GemmEpilogue epilogue = launch.Epilogue;
        if (epilogue.Bias is not null) epilogue = epilogue with { Bias = Upload(epilogue.Bias) };
        if (epilogue.Residual is not null) epilogue = epilogue with { Residual = Upload(epilogue.Residual) };
        Tensor c = Upload(launch.C);
        backend.Conv2dTensorCore(Within(Upload(launch.A)), Within(Upload(launch.B)), Within(c), conv, epilogue, launch.Plan);
        var bytes = new byte[c.Count * c.DType.SizeInBytes()];
        backend.Download(c, bytes);
        return bytes;

        Tensor Within(Tensor whole) => whole.Alias(new Shape((int)whole.Count - 2 * launch.Guard), launch.Guard);

        Tensor Upload(Tensor x)
        {
            Tensor y = Tensor.Empty(x.Shape, backend.Device, x.DType);
            backend.Upload(TensorCoreProblem.BytesOf(x), y);
            return y;
        }
    }
}
