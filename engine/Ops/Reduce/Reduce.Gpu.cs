using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Reduce(Reduction kind, Tensor x, Tensor y, long outer, long middle, long inner, float scale)
    {
        using Lock.Scope turn = Enter();
        ReduceKernels.Reduce.Run(this, outer * inner, new ReduceKernels.ReduceArgs
        {
            X = Floats(x), Y = Floats(y), Middle = middle, Inner = inner, Squares = kind == Reduction.SumSquares ? 1 : 0, Scale = scale,
        });
    }
}

/// <summary>Sums over the middle axis, one group an output: bound by memory.</summary>
internal static class ReduceKernels
{
    public static readonly Kernel<ReduceArgs> Reduce = new(ReduceKernel);

    public struct ReduceArgs
    {
        public ArrayView<float> X, Y;
        public long Middle, Inner;
        public int Squares;
        public float Scale;
    }

    [Kernel]
    private static void ReduceKernel(ReduceArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        long output = Grid.IdxX;
        long outer = Flat.Divide(output, a.Inner);
        long first = outer * a.Middle * a.Inner + (output - outer * a.Inner);
        float sum = 0f;
        for (long m = Group.IdxX; m < a.Middle; m += GroupReduction.Threads)
        {
            float v = a.X[first + m * a.Inner];
            sum += a.Squares != 0 ? v * v : v;
        }
        float total = GroupReduction.Sum(shared, sum);
        if (Group.IdxX == 0) a.Y[output] = total * a.Scale;
    }
}
