namespace SeLoRA.Engine;

/// <summary>Memory of one device's pool, in bytes.</summary>
/// <param name="InUse">Held by live tensors now.</param>
/// <param name="Reserved">Taken from the system or driver, in use or cached.</param>
/// <param name="PeakInUse">Largest <paramref name="InUse"/> since the last <see cref="IBackend.ResetPeak"/>.</param>
public readonly record struct MemoryStats(long InUse, long Reserved, long PeakInUse);
