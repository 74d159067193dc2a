using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void JudgeGradients(Tensor squares, Tensor losses, float lossLimit, float maxNorm, Tensor verdict)
    {
        using Turn turn = Enter();
        GradientVerdictKernels.Judge.Run(this, 1, new GradientVerdictKernels.Args
        {
            Squares = Floats(squares), Losses = Floats(losses), Verdict = Floats(verdict), LossLimit = lossLimit, MaxNorm = maxNorm,
        });
    }
}

/// <summary>What the optimiser's update asks before it touches anything, so that the host need not wait for it.</summary>
internal static class GradientVerdictKernels
{
    public static readonly Kernel<Args> Judge = new(JudgeGradientsKernel);

    public struct Args
    {
        public ArrayView<float> Squares, Losses, Verdict;
        public float LossLimit, MaxNorm;
    }

    /// <summary>A few hundred numbers: one group.</summary>
    [Kernel]
    private static void JudgeGradientsKernel(Args p)
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        float sum = 0f, wrong = 0f;
        for (int i = Group.IdxX; i < p.Squares.IntLength; i += KernelAttribute.DefaultThreads) sum += p.Squares[i];
        for (int i = Group.IdxX; i < p.Losses.IntLength; i += KernelAttribute.DefaultThreads)
        {
            float loss = p.Losses[i];
            wrong += IsFinite(loss) && loss < p.LossLimit ? 0f : 1f;
        }
        float norm = MathF.Sqrt(GroupSum.OfGroup(shared, sum));
        wrong = GroupSum.OfGroup(shared, wrong);
        if (Group.IdxX > 0) return;
        float factor = 1f;
        if (p.MaxNorm > 0f) factor = Math.Min(1f, p.MaxNorm / (norm + GradClip.Eps));
        p.Verdict[0] = norm;
        p.Verdict[1] = wrong == 0f && IsFinite(norm) ? factor : 0f;
    }

    // By its bits: a comparison that is turned round says something else of a NaN.
    private static bool IsFinite(float x) => (BitConverter.SingleToInt32Bits(x) & 0x7F800000) != 0x7F800000;
}
