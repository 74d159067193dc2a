using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Sums and maxima over the threads of a group, in a fixed order, hence the same bits in every run. All threads of the group must call.
/// A row is 32 neighbouring threads. Each thread reads the row's 32 values as quads: two barriers, where a tree would take five.
/// </summary>
internal static class GroupSum
{
    /// <summary>Threads of a row.</summary>
    public const int Lanes = 32;

    /// <summary>Rows of a group of 256.</summary>
    public const int Rows = 256 / Lanes;

    /// <summary>Shared memory that the functions work in.</summary>
    public static ArrayView<F4> Allocate() => SharedMemory.Allocate<F4>(256 / 4);

    /// <summary>Sum over the thread's row.</summary>
    public static float OfRow(ArrayView<F4> shared, float value)
    {
        Group.Barrier();
        shared.Cast<float>()[Group.IdxX] = value;
        Group.Barrier();
        int at = Group.IdxX / Lanes * (Lanes / 4);
        return F4.Sum(F4.Add(F4.Add(F4.Add(shared[at], shared[at + 1]), F4.Add(shared[at + 2], shared[at + 3])),
            F4.Add(F4.Add(shared[at + 4], shared[at + 5]), F4.Add(shared[at + 6], shared[at + 7]))));
    }

    /// <summary>Maximum over the thread's row.</summary>
    public static float MaxOfRow(ArrayView<F4> shared, float value)
    {
        Group.Barrier();
        shared.Cast<float>()[Group.IdxX] = value;
        Group.Barrier();
        int at = Group.IdxX / Lanes * (Lanes / 4);
        F4 max = F4.Max(F4.Max(F4.Max(shared[at], shared[at + 1]), F4.Max(shared[at + 2], shared[at + 3])),
            F4.Max(F4.Max(shared[at + 4], shared[at + 5]), F4.Max(shared[at + 6], shared[at + 7])));
        return Math.Max(Math.Max(max.X, max.Y), Math.Max(max.Z, max.W));
    }

    /// <summary>Sum over all 256 threads.</summary>
    public static float OfGroup(ArrayView<F4> shared, float value)
    {
        float row = OfRow(shared, value);
        Group.Barrier();
        // All threads of a row store the same sum.
        shared.Cast<float>()[Group.IdxX / Lanes] = row;
        Group.Barrier();
        return F4.Sum(F4.Add(shared[0], shared[1]));
    }
}
