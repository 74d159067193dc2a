namespace SeLoRA.Engine;

/// <summary>What was queued on a stream, as one launch.</summary>
internal sealed class CudaGraph : IDisposable
{
    private readonly CudaGraphApi api;
    private readonly nint stream;
    private nint executable;

    private CudaGraph(CudaGraphApi api, nint stream, nint executable) => (this.api, this.stream, this.executable) = (api, stream, executable);

    /// <summary>Captures what <paramref name="queue"/> queues on a stream, which does not run it.</summary>
    /// <exception cref="EngineException">The driver refused a call; the message has its words.</exception>
    public static CudaGraph Capture(CudaGraphApi api, nint stream, Action queue)
    {
        api.BeginCapture(stream);
        try
        {
            queue();
        }
        catch
        {
            api.AbandonCapture(stream);
            throw;
        }
        return new CudaGraph(api, stream, api.Instantiate(api.EndCapture(stream)));
    }

    /// <summary>Queues all of it.</summary>
    public void Launch() => api.Launch(executable, stream);

    /// <summary>Waits for the stream and frees the graph.</summary>
    public void Dispose()
    {
        if (executable != 0) api.Destroy(executable, stream);
        executable = 0;
    }
}
