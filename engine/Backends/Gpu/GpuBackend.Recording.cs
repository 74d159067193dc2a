using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <summary>What is noted of the step that is being recorded; null when none is.</summary>
    internal Recorder? Recorder { get; private set; }

    /// <summary>
    /// Does <paramref name="step"/> once and keeps what it queued, to be repeated by <see cref="RecordedStep.Replay"/>. All of the backend is
    /// the step's meanwhile: other threads wait. Its kernels should have run before: CUDA may refuse to load one in the middle.
    /// </summary>
    /// <param name="step">Operations on this backend; it may neither upload nor read nor wait (for another thread either, which may be
    /// waiting for the backend), nor depend on numbers that change.</param>
    /// <exception cref="EngineException">
    /// The step did what cannot be recorded, or the driver refused, whose words are given. Nothing of the step was done on the device then.
    /// </exception>
    public RecordedStep Record(Action step)
    {
        using Turn turn = Enter();
        Recorder?.Refuse("records another");
        var recorder = new Recorder(this, pool, keepsCalls: accelerator is not CudaAccelerator);
        CudaGraph? graph = null;
        try
        {
            Recorder = recorder;
            try
            {
                if (accelerator is CudaAccelerator) graph = CudaGraph.Capture(CudaGraphApi.Driver, ((CudaStream)Stream).StreamPtr, step);
                else step();
            }
            finally
            {
                Recorder = null;
            }
            // Nothing ran yet, so that a step that cannot be recorded may be done plainly instead, once.
            if (graph is null) recorder.Repeat();
            else graph.Launch();
            return new RecordedStep(this, recorder, graph);
        }
        catch (Exception e)
        {
            graph?.Dispose();
            recorder.Dispose();
            if (e is AcceleratorException) throw Failed("recording a step", e);
            throw;
        }
    }

    /// <summary>Bytes of a block of the backend's pool.</summary>
    internal static ArrayView<byte> Slice(MemoryPool.Block block, long offset, long bytes) =>
        AcceleratorMemory.Slice(block.Segment, block.Offset + offset, bytes);
}
