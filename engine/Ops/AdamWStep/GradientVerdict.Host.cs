namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void JudgeGradients(Tensor squares, Tensor losses, float lossLimit, float maxNorm, Tensor verdict)
    {
        using Operands.Scope operands = Enter();
        float norm = GradClip.Norm(new ReadOnlySpan<float>(Ptr(squares), checked((int)squares.Count)));
        bool isGood = float.IsFinite(norm);
        for (long i = 0; i < losses.Count; i++) isGood &= float.IsFinite(Ptr(losses)[i]) && Ptr(losses)[i] < lossLimit;
        float* result = Ptr(verdict);
        result[0] = norm;
        result[1] = isGood ? maxNorm > 0 ? Math.Min(1f, maxNorm / (norm + GradClip.Eps)) : 1f : 0f;
    }

    /// <inheritdoc/>
    public void AdamWStep(ReadOnlySpan<AdamWTensors> tensors, Tensor factors, Tensor verdict)
    {
        using Operands.Scope operands = Enter();
        float factor = Ptr(verdict)[1];
        if (factor == 0f) return;
        if (factor < 1f)
            foreach (AdamWTensors t in tensors) Scale(t.G, factor, t.G);
        float* f = Ptr(factors);
        AdamWStep(tensors, new AdamWFactors(f[0], f[1], f[2], f[3], f[4], f[5]));
    }
}
