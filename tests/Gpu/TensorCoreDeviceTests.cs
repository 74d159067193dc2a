using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// The tensor-core products on a CUDA device against double precision; the same bits again in a second run. Skipped where there is no
/// device: the emulation runs the same kernels there.
/// </summary>
public class TensorCoreDeviceTests
{
    public static TheoryData<string, string> Kernels => TestDevices.Rows(TensorCoreEmulationPtxTests.Names, ["cuda"]);

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Product_agrees_with_double_precision(string kernel, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        var backend = (GpuBackend)Backend.Get(device);
        if (!backend.HasTensorCores) Assert.Skip($"{backend.Name}: older than compute capability 8.0");
        foreach (TensorCoreCase test in TensorCoreEmulationPtxTests.Cases(kernel))
        {
            using var scope = new TensorScope();
            var problem = new TensorCoreProblem(test);
            byte[] first = Run(backend, problem);
            problem.Check(first, problem.Expected());
            Assert.Equal(first, Run(backend, problem));
        }
    }

    private static byte[] Run(GpuBackend backend, TensorCoreProblem problem)
    {
        GemmEpilogue epilogue = problem.Epilogue;
        if (epilogue.LowRank is { } term) epilogue = epilogue with { LowRank = term with { U = Upload(term.U), V = Upload(term.V) } };
        if (epilogue.Bias is not null) epilogue = epilogue with { Bias = Upload(epilogue.Bias) };
        if (epilogue.Residual is not null) epilogue = epilogue with { Residual = Upload(epilogue.Residual) };
        Tensor c = Upload(problem.C);
        backend.GemmTensorCore(Upload(problem.A), Upload(problem.B), c, problem.Shape, epilogue, problem.Plan);
        var bytes = new byte[c.Count * c.DType.SizeInBytes()];
        backend.Download(c, bytes);
        return bytes;

        Tensor Upload(Tensor x)
        {
            Tensor y = Tensor.Empty(x.Shape, backend.Device, x.DType);
            backend.Upload(TensorCoreProblem.BytesOf(x), y);
            return y;
        }
    }
}
