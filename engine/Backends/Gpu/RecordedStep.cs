namespace SeLoRA.Engine;

/// <summary>
/// A sequence of launches and copies on a GPU that can be repeated at once, with the same arguments at the same addresses: a CUDA graph, or
/// on OpenCL a list. What changes from one time to the next must lie in tensors that were made before and outlive it; what it leaves
/// behind can be read from the tensors that were made in it, as long as their handles are kept. Made by <see cref="GpuBackend.Record"/>.
/// </summary>
public sealed class RecordedStep : IDisposable
{
    private readonly GpuBackend backend;
    private readonly Recorder recorder;
    private readonly CudaGraph? graph;
    private bool disposed;

    internal RecordedStep(GpuBackend backend, Recorder recorder, CudaGraph? graph) =>
        (this.backend, this.recorder, this.graph) = (backend, recorder, graph);

    /// <summary>Kernels that a replay runs.</summary>
    public long Launches => recorder.Launches;

    /// <summary>Bytes of the device's pool that are kept for it.</summary>
    public long ReservedBytes => recorder.ReservedBytes;

    /// <summary>False once a tensor that it uses was freed by its owner, or exchanged: then it must be recorded anew.</summary>
    public bool IsCurrent
    {
        get
        {
            using GpuBackend.Turn turn = backend.Enter();
            return !disposed && recorder.IsCurrent;
        }
    }

    /// <summary>Queues the whole step.</summary>
    /// <exception cref="EngineException">It is disposed or not <see cref="IsCurrent"/>, or another step is being recorded.</exception>
    public void Replay()
    {
        using GpuBackend.Turn turn = backend.Enter();
        if (!IsCurrent) Check.Fail($"{backend.Device}: a recorded step was replayed after {(disposed ? "it was disposed" : "a tensor that it uses was freed")}");
        backend.Recorder?.Refuse("replays another");
        if (graph is null) recorder.Repeat();
        else graph.Launch();
        backend.CountLaunches(recorder.Launches);
    }

    /// <summary>Frees the recording. Tensors made in it that are still held keep their memory.</summary>
    public void Dispose()
    {
        using GpuBackend.Turn turn = backend.Enter();
        if (disposed) return;
        disposed = true;
        graph?.Dispose();
        recorder.Dispose();
    }
}
