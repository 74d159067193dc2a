using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace SeLoRA.Engine;

/// <summary>A GPU (or OpenCL processor) that can be opened.</summary>
/// <param name="Device">What to pass as device.</param>
/// <param name="Name">The device's own name.</param>
/// <param name="MemoryBytes">Size of its memory in bytes.</param>
/// <param name="IsProcessor">True for an OpenCL device that is a CPU: used only when named.</param>
public readonly record struct FoundDevice(Device Device, string Name, long MemoryBytes, bool IsProcessor);

/// <summary>What <see cref="DeviceDiscovery.List"/> found.</summary>
/// <param name="Devices">Devices that can be opened, CUDA first.</param>
/// <param name="Problems">One line for each interface or device that is absent or refused: the step that failed, and what helps.</param>
public sealed record DeviceList(IReadOnlyList<FoundDevice> Devices, IReadOnlyList<string> Problems);

/// <summary>
/// Finds and opens GPU devices. ILGPU swallows every error of enumeration, so the drivers are also asked directly, step by step
/// (see <see cref="DriverProbe"/>). Setting SELORA_OPENCL_FORCE_GENERIC=1 accepts OpenCL devices that do not report the generic
/// address space: PoCL 3.1 has it without saying so; a device that truly lacks it then fails when a kernel is compiled.
/// </summary>
public static class DeviceDiscovery
{
    private static readonly Lock Gate = new();
    private static Session? session;

    /// <summary>ILGPU's one context of the process: a second one with CUDA would throw under WSL.</summary>
    private sealed record Session(Context Context, CudaDevice[] Cuda, CLDevice[] OpenCl, List<string> Problems);

    /// <summary>All devices besides the host, and why others are missing.</summary>
    public static DeviceList List()
    {
        Session s = Start();
        var devices = new List<FoundDevice>();
        for (int i = 0; i < s.Cuda.Length; i++)
            devices.Add(new FoundDevice(Device.Cuda(i), s.Cuda[i].Name.Trim(), s.Cuda[i].MemorySize, false));
        for (int i = 0; i < s.OpenCl.Length; i++)
            devices.Add(new FoundDevice(Device.OpenCl(i), s.OpenCl[i].Name.Trim(), s.OpenCl[i].MemorySize, !IsGpu(s.OpenCl[i])));
        return new DeviceList(devices, s.Problems);
    }

    /// <summary>The first CUDA device, else the first OpenCL GPU, else the host. An OpenCL device that is a CPU is never chosen.</summary>
    public static Device Auto()
    {
        Session s = Start();
        if (s.Cuda.Length > 0) return Device.Cuda();
        int gpu = Array.FindIndex(s.OpenCl, IsGpu);
        return gpu >= 0 ? Device.OpenCl(gpu) : Device.Cpu;
    }

    /// <summary>Opens a GPU device; an error says which step failed.</summary>
    public static IBackend Open(Device device)
    {
        Session s = Start();
        int count = device.Kind == DeviceKind.Cuda ? s.Cuda.Length : s.OpenCl.Length;
        if (device.Index >= count)
        {
            string kind = device.Kind == DeviceKind.Cuda ? "CUDA" : "OpenCL";
            string why = string.Join("; ", s.Problems.Where(p => p.StartsWith(kind, StringComparison.Ordinal)));
            if (why.Length == 0) why = count == 0 ? $"no {kind} device" : $"{kind} devices are numbered 0 to {count - 1}";
            Check.Fail($"{device}: no such device: {why}");
        }
        try
        {
            Accelerator accelerator = device.Kind == DeviceKind.Cuda
                ? s.Cuda[device.Index].CreateCudaAccelerator(s.Context)
                : s.OpenCl[device.Index].CreateCLAccelerator(s.Context);
            return new GpuBackend(device, accelerator);
        }
        catch (Exception e) when (e is AcceleratorException or NotSupportedException)
        {
            throw new EngineException($"{device}: creating its context failed: {e.GetBaseException().Message}", e);
        }
    }

    private static bool IsGpu(CLDevice device) => (device.DeviceType & CLDeviceType.CL_DEVICE_TYPE_GPU) != 0;

    private static Session Start()
    {
        lock (Gate) return session ??= Create();
    }

    private static Session Create()
    {
        var problems = new List<string>();
        if (DriverProbe.Cuda() is string cudaProblem) problems.Add(cudaProblem);
        if (DriverProbe.OpenCl() is string openClProblem) problems.Add(openClProblem);
        DriverProbe.ResolveLibraries();

        bool force = Environment.GetEnvironmentVariable("SELORA_OPENCL_FORCE_GENERIC") == "1";
        var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Cuda().OpenCL(d => Accept(d, force, problems)));
        CudaDevice[] cuda = [.. context.GetCudaDevices()];
        CLDevice[] openCl = [.. context.GetCLDevices()];
        // NVIDIA's OpenCL lists the cards that CUDA has already.
        if (cuda.Length > 0) openCl = Array.FindAll(openCl, d => d.Vendor != CLDeviceVendor.Nvidia);
        if (cuda.Length == 0 && !problems.Exists(p => p.StartsWith("CUDA", StringComparison.Ordinal)))
            problems.Add("CUDA: the driver lists a device, but it is older than ILGPU supports; update the driver");
        return new Session(context, cuda, openCl, problems);
    }

    private static bool Accept(CLDevice device, bool force, List<string> problems)
    {
        if (device.DeviceVersion < CLDeviceVersion.CL20)
        {
            problems.Add($"OpenCL: {device.Name.Trim()} has {device.DeviceVersion}, 2.0 is needed");
            return false;
        }
        if (device.Capabilities.GenericAddressSpace) return true;
        if (force)
        {
            SetGenericAddressSpace(device.Capabilities, true);
            return true;
        }
        problems.Add($"OpenCL: {device.Name.Trim()} does not report the generic address space; "
            + "SELORA_OPENCL_FORCE_GENERIC=1 uses it all the same (PoCL 3.1 has it without saying so)");
        return false;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_GenericAddressSpace")]
    private static extern void SetGenericAddressSpace(CLCapabilityContext capabilities, bool value);
}
