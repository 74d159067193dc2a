namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void Cast(Tensor x, Tensor y)
    {
        using Operands.Scope operands = Enter();
        if (x.DType == y.DType)
        {
            Copy(x, y);
            return;
        }
        ParallelFor.Range(x.Count, ElementGrain, new CastBody(Bytes(x), x.DType, Bytes(y), y.DType));
    }

    /// <inheritdoc/>
    public void CastPadded(Tensor x, Tensor y, int rows, int columns)
    {
        using Operands.Scope operands = Enter();
        Zero(y);
        var values = new ReadOnlySpan<float>(Bytes(x), checked((int)x.Count));
        var result = new Span<ushort>(Bytes(y), checked((int)y.Count));
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> from = values.Slice(row * x.Shape[1], columns);
            Span<ushort> to = result.Slice(row * y.Shape[1], columns);
            if (y.DType == DType.F16) HalfConversion.Float32ToFloat16(from, to);
            else HalfConversion.Float32ToBFloat16(from, to);
        }
    }

    private readonly struct CastBody(byte* x, DType from, byte* y, DType to) : IRangeBody
    {
        private const int Block = 1024;

        private readonly byte* x = x, y = y;
        private readonly DType from = from, to = to;

        public void Run(long begin, long end)
        {
            float* block = stackalloc float[Block];
            int sizeX = from.SizeInBytes(), sizeY = to.SizeInBytes();
            for (long i = begin; i < end; i += Block)
            {
                int n = (int)Math.Min(Block, end - i);
                byte* source = x + i * sizeX, destination = y + i * sizeY;
                // Every pair of types goes through float32, which holds all 16-bit values; only that one needs no copy.
                float* values = from == DType.F32 ? (float*)source : to == DType.F32 ? (float*)destination : block;
                if (from != DType.F32) Widen(source, values, n);
                if (to != DType.F32) Narrow(values, destination, n);
            }
        }

        private void Widen(byte* source, float* values, int n)
        {
            var result = new Span<float>(values, n);
            if (from == DType.F16) HalfConversion.Float16ToFloat32(new ReadOnlySpan<ushort>(source, n), result);
            else if (from == DType.BF16) HalfConversion.BFloat16ToFloat32(new ReadOnlySpan<ushort>(source, n), result);
            else for (int i = 0; i < n; i++) result[i] = ((int*)source)[i];
        }

        private void Narrow(float* values, byte* destination, int n)
        {
            var source = new ReadOnlySpan<float>(values, n);
            if (to == DType.F16) HalfConversion.Float32ToFloat16(source, new Span<ushort>(destination, n));
            else if (to == DType.BF16) HalfConversion.Float32ToBFloat16(source, new Span<ushort>(destination, n));
            else for (int i = 0; i < n; i++) ((int*)destination)[i] = (int)MathF.Round(source[i]);
        }
    }
}
