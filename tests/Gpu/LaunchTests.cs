using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>What a launch costs: kernels are compiled once, and launching again allocates nothing.</summary>
public class LaunchTests
{
    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Launching_again_allocates_nothing(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        var backend = (GpuBackend)Backend.Get(device);
        using var scope = new TensorScope();
        Tensor a = Tensor.Zeros(new Shape(64, 48), device), b = Tensor.Zeros(new Shape(48, 32), device), c = Tensor.Zeros(new Shape(64, 32), device);
        var shape = new GemmShape(64, 32, 48);
        void Launch()
        {
            backend.Fill(a, 2f);
            backend.Scale(a, 3f, a);
            backend.Gemm(a, b, c, shape, new GemmEpilogue());
        }
        Launch();
        backend.Synchronize();
        long launches = backend.LaunchCount, before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++) Launch();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        backend.Synchronize();
        Assert.True(backend.LaunchCount - launches >= 150);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void A_kernel_that_a_device_has_no_room_for_is_told_and_refused()
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require("opencl"));
        using GpuBackend.Turn turn = backend.Enter();
        Assert.True(new Kernel<int>(SmallKernel).Fits(backend));
        var large = new Kernel<int>(LargeKernel);
        Assert.False(large.Fits(backend));
        string message = Assert.Throws<EngineException>(() => large.Run(backend, 1, 0)).Message;
        Assert.StartsWith($"opencl:0 ({backend.Name}): LaunchTests.LargeKernel runs in groups of {NoDevice} threads, and this device has room for ", message);
    }

    private const int NoDevice = 1 << 20;

    [Kernel]
    private static void SmallKernel(int args)
    {
    }

    [Kernel(threads: NoDevice)]
    private static void LargeKernel(int args)
    {
    }

    [Fact]
    public void Every_marked_kernel_is_compiled_by_the_tests()
    {
        HashSet<(Type?, string)> covered = [.. KernelMethods.All.Values.Select(m => (m.DeclaringType, m.Name))];
        Assert.All(KernelMethods.Marked, m => Assert.Contains((m.DeclaringType, m.Name), covered));
    }
}
