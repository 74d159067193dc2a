using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>
/// The functions of the CUDA driver that ILGPU lacks: capture of a stream as a graph. Each under its name in the driver API, with the
/// signature of <c>cuda.h</c> (CUDA 11.4 and later); handles are pointers, results <c>CUresult</c>.
/// </summary>
internal sealed unsafe class CudaGraphApi
{
    /// <summary><c>CU_STREAM_CAPTURE_MODE_RELAXED</c>: other threads' and the pool's calls of the driver do not break the capture.</summary>
    public const int Relaxed = 2;

    private static readonly Lazy<CudaGraphApi> Loaded = new(() => DriverProbe.TryLoadCuda(out nint library)
        ? new CudaGraphApi(name => NativeLibrary.TryGetExport(library, name, out nint address) ? address : 0)
        : Check.Fail<CudaGraphApi>("CUDA graphs: the driver's library was not found"));

    // CUresult cuStreamBeginCapture_v2(CUstream hStream, CUstreamCaptureMode mode)
    private readonly delegate* unmanaged<nint, int, int> streamBeginCapture;

    // CUresult cuStreamEndCapture(CUstream hStream, CUgraph* phGraph)
    private readonly delegate* unmanaged<nint, nint*, int> streamEndCapture;

    // CUresult cuGraphInstantiateWithFlags(CUgraphExec* phGraphExec, CUgraph hGraph, unsigned long long flags)
    private readonly delegate* unmanaged<nint*, nint, ulong, int> graphInstantiate;

    // CUresult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream)
    private readonly delegate* unmanaged<nint, nint, int> graphLaunch;

    // CUresult cuGraphDestroy(CUgraph hGraph), cuGraphExecDestroy(CUgraphExec hGraphExec)
    private readonly delegate* unmanaged<nint, int> graphDestroy, graphExecDestroy;

    // CUresult cuStreamSynchronize(CUstream hStream)
    private readonly delegate* unmanaged<nint, int> streamSynchronize;

    // CUresult cuGetErrorString(CUresult error, const char** pStr)
    private readonly delegate* unmanaged<int, byte**, int> getErrorString;

    /// <param name="address">The address of a function, or 0.</param>
    /// <exception cref="EngineException">A function is missing.</exception>
    public CudaGraphApi(Func<string, nint> address)
    {
        streamBeginCapture = (delegate* unmanaged<nint, int, int>)Find("cuStreamBeginCapture_v2");
        streamEndCapture = (delegate* unmanaged<nint, nint*, int>)Find("cuStreamEndCapture");
        graphInstantiate = (delegate* unmanaged<nint*, nint, ulong, int>)Find("cuGraphInstantiateWithFlags");
        graphLaunch = (delegate* unmanaged<nint, nint, int>)Find("cuGraphLaunch");
        graphDestroy = (delegate* unmanaged<nint, int>)Find("cuGraphDestroy");
        graphExecDestroy = (delegate* unmanaged<nint, int>)Find("cuGraphExecDestroy");
        streamSynchronize = (delegate* unmanaged<nint, int>)Find("cuStreamSynchronize");
        getErrorString = (delegate* unmanaged<int, byte**, int>)Find("cuGetErrorString");

        nint Find(string name)
        {
            nint found = address(name);
            return found != 0 ? found : Check.Fail<nint>($"CUDA graphs: the driver has no {name}; a driver for CUDA 11.4 or later is needed");
        }
    }

    /// <summary>The installed driver's.</summary>
    public static CudaGraphApi Driver => Loaded.Value;

    /// <summary>What is queued on the stream from now on is captured and not run.</summary>
    public void BeginCapture(nint stream) => Good(streamBeginCapture(stream, Relaxed), "cuStreamBeginCapture");

    /// <summary>Ends a capture; the graph.</summary>
    public nint EndCapture(nint stream)
    {
        nint graph = 0;
        Good(streamEndCapture(stream, &graph), "cuStreamEndCapture");
        return graph;
    }

    /// <summary>Ends a capture that went wrong, and drops what there is of it.</summary>
    public void AbandonCapture(nint stream)
    {
        nint graph = 0;
        if (streamEndCapture(stream, &graph) == 0 && graph != 0) graphDestroy(graph);
    }

    /// <summary>Makes a graph that can be launched, and drops the one it is made of.</summary>
    public nint Instantiate(nint graph)
    {
        nint executable = 0;
        int code = graphInstantiate(&executable, graph, 0);
        graphDestroy(graph);
        Good(code, "cuGraphInstantiate");
        return executable;
    }

    /// <summary>Queues a graph.</summary>
    public void Launch(nint executable, nint stream) => Good(graphLaunch(executable, stream), "cuGraphLaunch");

    /// <summary>Frees a graph, once all that is queued is done. Errors are those of earlier work, which the next call that waits tells.</summary>
    public void Destroy(nint executable, nint stream)
    {
        _ = streamSynchronize(stream);
        _ = graphExecDestroy(executable);
    }

    private void Good(int code, string function)
    {
        if (code == 0) return;
        byte* text = null;
        string? meaning = getErrorString(code, &text) == 0 ? Marshal.PtrToStringUTF8((nint)text) : null;
        Check.Fail($"CUDA graphs: {function} failed with error {code}{(meaning is null ? "" : $" ({meaning})")}");
    }
}
