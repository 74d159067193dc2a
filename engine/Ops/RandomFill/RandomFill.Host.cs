namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    // A normal number costs a share of a logarithm, a root and a cosine: some 15 ns.
    private const int NormalGrain = 1024;

    /// <inheritdoc/>
    public void FillUniform(Tensor y, ulong seed, ulong offset)
    {
        using Operands.Scope operands = Enter();
        ParallelFor.Range(y.Count, ElementGrain / 4, new UniformBody(Ptr(y), seed, offset));
    }

    /// <inheritdoc/>
    public void FillNormal(Tensor y, ulong seed, ulong offset)
    {
        using Operands.Scope operands = Enter();
        ParallelFor.Range(y.Count, NormalGrain, new NormalBody(Ptr(y), seed, offset));
    }

    private readonly struct UniformBody(float* y, ulong seed, ulong offset) : IRangeBody
    {
        private readonly float* y = y;
        private readonly ulong seed = seed, offset = offset;

        public void Run(long begin, long end) =>
            Philox.FillUniform(new Span<float>(y + begin, (int)(end - begin)), seed, offset + (ulong)begin);
    }

    private readonly struct NormalBody(float* y, ulong seed, ulong offset) : IRangeBody
    {
        private readonly float* y = y;
        private readonly ulong seed = seed, offset = offset;

        public void Run(long begin, long end) =>
            Philox.FillNormal(new Span<float>(y + begin, (int)(end - begin)), seed, offset + (ulong)begin);
    }
}
