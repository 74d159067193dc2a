using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void AdamWStep(Tensor p, Tensor g, Tensor m, Tensor v, in AdamWFactors factors)
    {
        using Turn turn = Enter();
        AdamWKernels.Step.RunFlat(this, p.Count, new AdamWKernels.StepArgs
        {
            P = Floats(p), G = Floats(g), M = Floats(m), V = Floats(v), Count = p.Count, Beta1 = factors.Beta1, Beta2 = factors.Beta2,
            Eps = factors.Eps, StepSize = factors.StepSize, RootScale = 1f / factors.SqrtCorrection2, Decay = factors.Decay,
        });
    }
}

/// <summary>The optimiser's update, one thread an element: bound by memory (28 bytes an element).</summary>
internal static class AdamWKernels
{
    public static readonly Kernel<StepArgs> Step = new(AdamWStepKernel);

    public struct StepArgs
    {
        public ArrayView<float> P, G, M, V;
        public long Count;
        public float Beta1, Beta2, Eps, StepSize, RootScale, Decay;
    }

    [Kernel]
    private static void AdamWStepKernel(StepArgs a)
    {
        long i = Flat.Index;
        if (i >= a.Count) return;
        float g = a.G[i];
        float m = a.Beta1 * a.M[i] + (1f - a.Beta1) * g;
        float v = a.Beta2 * a.V[i] + (1f - a.Beta2) * g * g;
        a.M[i] = m;
        a.V[i] = v;
        a.P[i] = a.P[i] * a.Decay - a.StepSize * m / (MathF.Sqrt(v) * a.RootScale + a.Eps);
    }
}
