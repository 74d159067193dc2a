using System.Runtime.InteropServices;
using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Asks the CUDA and OpenCL drivers directly, one step after the other, and says in one line which step failed and with which code.
/// </summary>
internal static unsafe class DriverProbe
{
    private static readonly string[] CudaNames = OperatingSystem.IsWindows() ? ["nvcuda"] : ["libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"];
    private static readonly string[] OpenClNames = OperatingSystem.IsWindows() ? ["opencl"]
        : OperatingSystem.IsMacOS() ? ["/System/Library/Frameworks/OpenCL.framework/OpenCL"] : ["libOpenCL.so.1", "libOpenCL.so"];

    /// <summary>Why CUDA has no device, or null if it has one.</summary>
    public static string? Cuda() => Cuda(CudaNames);

    /// <summary>Why OpenCL has no device, or null if it has one.</summary>
    public static string? OpenCl() => OpenCl(OpenClNames);

    internal static string? Cuda(string[] names)
    {
        if (!TryLoad(names, out nint library))
            return $"CUDA: loading {string.Join(" or ", names)} failed: no NVIDIA driver is installed here";
        if (!NativeLibrary.TryGetExport(library, "cuInit", out nint init)
            || !NativeLibrary.TryGetExport(library, "cuDeviceGetCount", out nint getCount))
            return $"CUDA: {names[0]} has no cuInit or cuDeviceGetCount: it is no CUDA driver";
        int code = ((delegate* unmanaged<uint, int>)init)(0);
        if (code != 0) return $"CUDA: cuInit failed with error {code}{CudaMeaning(code)}";
        int count = 0;
        code = ((delegate* unmanaged<int*, int>)getCount)(&count);
        if (code != 0) return $"CUDA: cuDeviceGetCount failed with error {code}{CudaMeaning(code)}";
        return count > 0 ? null : "CUDA: the driver lists no device (is CUDA_VISIBLE_DEVICES empty?)";
    }

    internal static string? OpenCl(string[] names)
    {
        if (!TryLoad(names, out nint library))
            return $"OpenCL: loading {string.Join(" or ", names)} failed: no OpenCL loader is installed here (Debian: ocl-icd-libopencl1 and a driver)";
        if (!NativeLibrary.TryGetExport(library, "clGetPlatformIDs", out nint getPlatforms)
            || !NativeLibrary.TryGetExport(library, "clGetDeviceIDs", out nint getDevices))
            return $"OpenCL: {names[0]} has no clGetPlatformIDs or clGetDeviceIDs: it is no OpenCL loader";
        uint count = 0;
        int code = ((delegate* unmanaged<uint, nint*, uint*, int>)getPlatforms)(0, null, &count);
        if (code != 0) return $"OpenCL: clGetPlatformIDs failed with error {code}{(code == -1001 ? " (no driver is registered in /etc/OpenCL/vendors)" : "")}";
        if (count == 0) return "OpenCL: clGetPlatformIDs lists no platform: no driver is installed";
        var platforms = new nint[count];
        fixed (nint* p = platforms) code = ((delegate* unmanaged<uint, nint*, uint*, int>)getPlatforms)(count, p, null);
        if (code != 0) return $"OpenCL: clGetPlatformIDs failed with error {code}";
        string problem = "OpenCL: no platform lists a device";
        foreach (nint platform in platforms)
        {
            uint devices = 0;
            const ulong all = 0xFFFFFFFF;
            code = ((delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)getDevices)(platform, all, 0, null, &devices);
            if (code == 0 && devices > 0) return null;
            if (code is not 0 and not -1) problem = $"OpenCL: clGetDeviceIDs failed with error {code}";
        }
        return problem;
    }

    /// <summary>
    /// ILGPU imports <c>cuda</c> and <c>OpenCL</c>, names that on Linux only development packages provide: lead them to the files that
    /// drivers install. Under WSL ILGPU sets a resolver of its own, and an assembly takes only one.
    /// </summary>
    public static void ResolveLibraries()
    {
        if (!OperatingSystem.IsLinux() || Directory.Exists("/usr/lib/wsl/lib")) return;
        NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, static (name, _, _) => name switch
        {
            "cuda" when TryLoad(CudaNames, out nint cuda) => cuda,
            "OpenCL" when TryLoad(OpenClNames, out nint openCl) => openCl,
            _ => 0,
        });
    }

    /// <summary>The CUDA driver's library.</summary>
    public static bool TryLoadCuda(out nint library) => TryLoad(CudaNames, out library);

    private static bool TryLoad(string[] names, out nint library)
    {
        foreach (string name in names)
            if (NativeLibrary.TryLoad(name, out library)) return true;
        library = 0;
        return false;
    }

    private static string CudaMeaning(int code) => code switch
    {
        34 => " (the library is a stub, not a driver)",
        100 => " (no device)",
        101 => " (invalid device)",
        802 or 803 => " (driver and library versions do not fit)",
        804 => " (this card does not support forward compatibility)",
        999 => " (unknown; is the kernel module loaded?)",
        _ => "",
    };
}
