using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// Which images a step sees, and the seeds of its noise: pure functions of (seed, step), so a resumed run needs no random state and
/// goes on bit for bit.
/// </summary>
internal sealed class DrawOrder(ulong seed, int count, int batch, int accumulation)
{
    private int[] order = [];
    private int orderEpoch = -1;

    /// <summary>Optimiser steps of one pass over the data; the last, smaller rest is skipped unless it is all there is.</summary>
    public int StepsPerEpoch => Math.Max(1, count / (batch * accumulation));

    /// <summary>Pass that a step (from 1) belongs to, from 1.</summary>
    public int Epoch(int step) => (step - 1) / StepsPerEpoch + 1;

    /// <summary>True for the last step of a pass.</summary>
    public bool EndsEpoch(int step) => step % StepsPerEpoch == 0;

    /// <summary>Image indices of micro-batch <paramref name="micro"/> of a step. Fewer images than a batch are repeated.</summary>
    public int[] Batch(int step, int micro)
    {
        int epoch = Epoch(step);
        if (epoch != orderEpoch) Shuffle(epoch);
        int start = ((step - 1) % StepsPerEpoch * accumulation + micro) * batch;
        var indices = new int[batch];
        for (int i = 0; i < batch; i++) indices[i] = order[(start + i) % count];
        return indices;
    }

    /// <summary>Seed of everything random about one image in one step.</summary>
    public ulong SampleSeed(int step, int micro, int position) =>
        Mix(seed ^ 0x5EED_0001, (ulong)((long)step * accumulation + micro) * 65536 + (ulong)position);

    /// <summary>An independent seed from two numbers.</summary>
    public static ulong Mix(ulong seed, ulong index)
    {
        (uint x, uint y, _, _) = Philox.Words(seed, index);
        return (ulong)x << 32 | y;
    }

    private void Shuffle(int epoch)
    {
        order = new int[count];
        for (int i = 0; i < count; i++) order[i] = i;
        ulong key = Mix(seed ^ 0x5EED_0002, (ulong)epoch);
        for (int i = count - 1; i > 0; i--)
        {
            int j = Philox.Int(key, (ulong)i, i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        orderEpoch = epoch;
    }
}
