using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Embedding(Tensor table, Tensor ids, Tensor y)
    {
        using Turn turn = Enter();
        if (table.DType.SizeInBytes() == 4) Run<int>();
        else Run<ushort>();

        void Run<T>() where T : unmanaged => EmbeddingKernels.ForwardOf<T>.Kernel.RunFlat(this, y.Count, new EmbeddingKernels.Args<T>
        {
            Table = View<T>(table), Rows = View<T>(y), Ids = View<int>(ids), Count = ids.Count, Columns = table.Shape[1],
        });
    }

    /// <inheritdoc/>
    public void EmbeddingBackward(Tensor ids, Tensor dy, Tensor dtable)
    {
        using Turn turn = Enter();
        Zero(dtable);
        EmbeddingKernels.Backward.Run(this, ids.Count, new EmbeddingKernels.Args<float>
        {
            Table = Floats(dtable), Rows = Floats(dy), Ids = View<int>(ids), Count = ids.Count, Columns = dtable.Shape[1],
        });
    }
}

/// <summary>Table look-up and its gradient.</summary>
internal static class EmbeddingKernels
{
    public static readonly Kernel<Args<float>> Backward = new(EmbeddingBackwardKernel);

    public static class ForwardOf<T> where T : unmanaged
    {
        public static readonly Kernel<Args<T>> Kernel = new(EmbeddingKernel<T>);
    }

    public struct Args<T> where T : unmanaged
    {
        public ArrayView<T> Table, Rows;
        public ArrayView<int> Ids;
        public long Count, Columns;
    }

    [Kernel]
    private static void EmbeddingKernel<T>(Args<T> p) where T : unmanaged
    {
        long i = Flat.Index;
        if (i >= p.Count * p.Columns) return;
        long row = Flat.Divide(i, p.Columns);
        p.Rows[i] = p.Table[p.Ids[row] * p.Columns + (i - row * p.Columns)];
    }

    /// <summary>
    /// A group takes one position. Only the first position of an id works: it adds the rows of all positions with that id in order,
    /// so there are no atomics and the bits never change.
    /// </summary>
    [Kernel]
    private static void EmbeddingBackwardKernel(Args<float> p)
    {
        long position = Grid.IdxX;
        int id = p.Ids[position];
        for (long i = 0; i < position; i++)
            if (p.Ids[i] == id) return;
        for (long column = Group.IdxX; column < p.Columns; column += Group.DimX)
        {
            float sum = 0f;
            for (long i = position; i < p.Count; i++)
                if (p.Ids[i] == id) sum += p.Rows[i * p.Columns + column];
            p.Table[id * p.Columns + column] = sum;
        }
    }
}
