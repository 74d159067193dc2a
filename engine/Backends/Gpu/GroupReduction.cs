using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Sums and maxima over the threads of a group, through a tree in shared memory: no atomics and a fixed order, so the same bits every
/// time. Every thread of the group must call, and every thread gets the result.
/// </summary>
internal static class GroupReduction
{
    public const int Threads = KernelAttribute.DefaultThreads;

    public static float Sum(ArrayView<float> shared, float value)
    {
        Group.Barrier();
        shared[Group.IdxX] = value;
        Group.Barrier();
        for (int width = Threads / 2; width > 0; width /= 2)
        {
            if (Group.IdxX < width) shared[Group.IdxX] += shared[Group.IdxX + width];
            Group.Barrier();
        }
        return shared[0];
    }

    public static float Max(ArrayView<float> shared, float value)
    {
        Group.Barrier();
        shared[Group.IdxX] = value;
        Group.Barrier();
        for (int width = Threads / 2; width > 0; width /= 2)
        {
            if (Group.IdxX < width) shared[Group.IdxX] = Math.Max(shared[Group.IdxX], shared[Group.IdxX + width]);
            Group.Barrier();
        }
        return shared[0];
    }
}
