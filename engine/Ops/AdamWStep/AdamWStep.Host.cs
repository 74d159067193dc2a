namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void AdamWStep(ReadOnlySpan<AdamWTensors> tensors, in AdamWFactors factors)
    {
        using Operands.Scope operands = Enter();
        foreach ((Tensor p, Tensor g, Tensor m, Tensor v) in tensors)
            VectorFor.Range(p.Count, ElementGrain, new AdamWBody(Ptr(p), Ptr(g), Ptr(m), Ptr(v), factors));
    }

    private readonly struct AdamWBody(float* p, float* g, float* m, float* v, in AdamWFactors factors) : IVectorBody
    {
        private readonly float* p = p, g = g, m = m, v = v;
        private readonly AdamWFactors f = factors;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            T one = T.Of(1f), beta1 = T.Of(f.Beta1), beta2 = T.Of(f.Beta2);
            T rootScale = T.Of(f.RootScale), eps = T.Of(f.Eps), step = T.Of(f.StepSize), decay = T.Of(f.Decay);
            for (long i = begin; i < end; i += T.Width)
            {
                long left = end - i;
                T grad = VectorMath.Load<T>(g + i, left);
                T first = beta1 * VectorMath.Load<T>(m + i, left) + (one - beta1) * grad;
                T second = beta2 * VectorMath.Load<T>(v + i, left) + (one - beta2) * grad * grad;
                T update = step * first / (T.Sqrt(second) * rootScale + eps);
                VectorMath.Store(m + i, first, left);
                VectorMath.Store(v + i, second, left);
                VectorMath.Store(p + i, VectorMath.Load<T>(p + i, left) * decay - update, left);
            }
        }
    }
}
