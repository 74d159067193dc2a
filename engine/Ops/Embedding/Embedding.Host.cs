namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void Embedding(Tensor table, Tensor ids, Tensor y)
    {
        using Operands.Scope operands = Enter();
        int c = table.Shape[1];
        ParallelFor.Range(ids.Count, ParallelFor.Grain(ElementGrain, c), new EmbeddingBody(Ptr(table), PtrI32(ids), Ptr(y), c));
    }

    /// <inheritdoc/>
    public void EmbeddingBackward(Tensor ids, Tensor dy, Tensor dtable)
    {
        using Operands.Scope operands = Enter();
        int c = dtable.Shape[1];
        Zero(dtable);
        // An id may occur twice: threads share out the columns, and each adds in the order of the indices.
        VectorFor.Range(c, ParallelFor.Grain(ElementGrain, ids.Count),
            new EmbeddingBackwardBody(PtrI32(ids), ids.Count, Ptr(dy), Ptr(dtable), c));
    }

    private readonly struct EmbeddingBody(float* table, int* ids, float* y, int c) : IRangeBody
    {
        private readonly float* table = table, y = y;
        private readonly int* ids = ids;
        private readonly int c = c;

        public void Run(long begin, long end)
        {
            for (long i = begin; i < end; i++) Buffer.MemoryCopy(table + (long)ids[i] * c, y + i * c, c * 4L, c * 4L);
        }
    }

    private readonly struct EmbeddingBackwardBody(int* ids, long count, float* dy, float* dtable, int c) : IVectorBody
    {
        private readonly int* ids = ids;
        private readonly long count = count;
        private readonly float* dy = dy, dtable = dtable;
        private readonly int c = c;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long i = 0; i < count; i++)
            {
                float* sum = dtable + (long)ids[i] * c, row = dy + i * c;
                for (long j = begin; j < end; j += T.Width)
                {
                    long left = end - j;
                    VectorMath.Store(sum + j, VectorMath.Load<T>(sum + j, left) + VectorMath.Load<T>(row + j, left), left);
                }
            }
        }
    }
}
