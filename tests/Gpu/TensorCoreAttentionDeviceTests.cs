using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Attention's tensor-core kernels on a CUDA device against double precision on the host, forward and backward; the same bits again in a second
/// run. Skipped where there is no device: the emulation runs the same kernels there.
/// </summary>
public class TensorCoreAttentionDeviceTests
{
    private const int Guard = TensorCoreAttentionProblem.Guard;

    public static TheoryData<string, string> Kernels => TestDevices.Rows(TensorCoreAttentionCase.Kernels, ["cuda"]);

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Attention_agrees_with_double_precision(string kernel, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        var backend = (GpuBackend)Backend.Get(device);
        if (!backend.HasTensorCores) Assert.Skip($"{backend.Name}: older than compute capability 8.0");
        foreach (TensorCoreAttentionCase test in TensorCoreAttentionCase.Of(kernel))
        {
            using var scope = new TensorScope();
            var problem = new TensorCoreAttentionProblem(test);
            var reference = new TensorCoreAttentionReference(problem);
            byte[][] first = Run(backend, problem);
            float[] y = TensorCoreAttentionProblem.Inner(first[0], test.DType);
            reference.Check(y, TensorCoreAttentionProblem.Inner(first[1], DType.F32));
            reference.Check(y, TensorCoreAttentionProblem.Inner(first[2], test.DType), TensorCoreAttentionProblem.Inner(first[3], test.DType),
                TensorCoreAttentionProblem.Inner(first[4], test.DType));
            Assert.Equal(first, Run(backend, problem));
        }
    }

    /// <summary>Bytes of y, lse, dq, dk and dv, guards included.</summary>
    private static byte[][] Run(GpuBackend backend, TensorCoreAttentionProblem problem)
    {
        Tensor[] all = [problem.Y, problem.Lse, problem.Dq, problem.Dk, problem.Dv, problem.Q, problem.K, problem.V, problem.Dy];
        Tensor[] whole = [.. all.Select(Upload)], within = [.. whole.Select(x => x.Alias(new Shape((int)x.Count - 2 * Guard), Guard))];
        (Tensor y, Tensor lse, Tensor dq, Tensor dk, Tensor dv) = (within[0], within[1], within[2], within[3], within[4]);
        (Tensor q, Tensor k, Tensor v, Tensor dy) = (within[5], within[6], within[7], within[8]);
        backend.AttentionTensorCore(q, k, v, y, lse, problem.Test.Shape);
        backend.AttentionBackwardTensorCore(q, k, v, y, lse, dy, dq, dk, dv, problem.Test.Shape);
        return [.. whole[..5].Select(Download)];

        Tensor Upload(Tensor x)
        {
            Tensor result = Tensor.Empty(x.Shape, backend.Device, x.DType);
            backend.Upload(TensorCoreProblem.BytesOf(x), result);
            return result;
        }

        byte[] Download(Tensor x)
        {
            var bytes = new byte[x.Count * x.DType.SizeInBytes()];
            backend.Download(x, bytes);
            return bytes;
        }
    }
}
