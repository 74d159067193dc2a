namespace SeLoRA.Engine;

/// <summary>How <see cref="StepReplay.Run"/> did the work.</summary>
public enum StepRun
{
    /// <summary>As it stands.</summary>
    Plain,

    /// <summary>As it stands, and it was recorded.</summary>
    Recorded,

    /// <summary>From the recording; the work's own code did not run.</summary>
    Replayed,
}

/// <summary>
/// Work that is done again and again on the same tensors in the same shapes. On a GPU it runs plainly the first time, so that kernels
/// are compiled, is recorded the second time and replayed from then on; where a tensor it uses was exchanged, it begins anew. On the host it
/// always runs plainly. One thread uses it; others may use the backend meanwhile, and wait while the work is recorded.
/// </summary>
/// <param name="backend">Where it runs.</param>
/// <param name="work">See <see cref="GpuBackend.Record"/>; it may be begun anew after it was broken off.</param>
public sealed class StepReplay(IBackend backend, Action work) : IDisposable
{
    private readonly GpuBackend? gpu = backend as GpuBackend;
    private RecordedStep? recorded;
    private bool warm;

    /// <summary>Why the work is not recorded although it runs on a GPU; null while nothing is wrong.</summary>
    public string? Problem { get; private set; }

    /// <summary>Does the work.</summary>
    public StepRun Run()
    {
        if (recorded is { IsCurrent: false }) Forget();
        if (recorded is not null)
        {
            recorded.Replay();
            return StepRun.Replayed;
        }
        if (gpu is not null && Problem is null && warm)
        {
            try
            {
                recorded = gpu.Record(work);
                return StepRun.Recorded;
            }
            catch (EngineException e)
            {
                // Whatever it was: if the work itself is at fault, it says so again.
                Problem = e.Message;
            }
        }
        work();
        warm = true;
        return StepRun.Plain;
    }

    /// <summary>Drops the recording; the work is recorded anew after it ran once more.</summary>
    public void Forget()
    {
        recorded?.Dispose();
        recorded = null;
        warm = false;
    }

    /// <summary>Drops the recording.</summary>
    public void Dispose() => Forget();
}
