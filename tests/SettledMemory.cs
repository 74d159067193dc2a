using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>A device's memory once what was dropped without disposing of it has come back.</summary>
internal static class SettledMemory
{
    /// <summary>
    /// Where a measurement begins: what earlier tests dropped must not come back in the middle of it. Twice, because a finaliser may let go of more.
    /// </summary>
    public static MemoryStats Of(Device device)
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return Backend.Get(device).Memory;
    }
}
