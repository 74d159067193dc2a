using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <summary>What group norm does to a pixel once its group's sums are known; forward and backward each have one.</summary>
    private interface IGroupNormRow
    {
        /// <summary>Pixel <paramref name="row"/> of image <paramref name="n"/>; TOp is what follows the norm.</summary>
        /// <typeparam name="T">Lane.</typeparam>
        /// <typeparam name="TOp">SiLU or nothing.</typeparam>
        /// <typeparam name="TExtent">How whole vectors are stored.</typeparam>
        void Row<T, TOp, TExtent>(long row, long n) where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp where TExtent : struct, IExtent;
    }

    /// <summary>
    /// The pass that writes the result, pixel by pixel: one stream of addresses to each tensor, which the processor fetches ahead by itself
    /// and whose streamed stores fill whole lines (four pixels together took 1.2 times as long on images larger than the caches).
    /// </summary>
    private readonly struct GroupNormRows<TRow>(TRow body, float* result, long pixels, in GroupNormShape shape) : IVectorBody
        where TRow : unmanaged, IGroupNormRow
    {
        private readonly TRow body = body;
        private readonly float* result = result;
        private readonly long pixels = pixels;
        private readonly GroupNormShape shape = shape;

        // From the last pixels to the first: those that the sums read last are still in the caches.
        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            (begin, end) = (pixels - end, pixels - begin);
            bool streamed = Streamed.Suits<T>(result, (long)shape.N * shape.P * shape.C, shape.C);
            if (shape.Silu && streamed) Rows<T, SiluOp, Streamed>(begin, end);
            else if (shape.Silu) Rows<T, SiluOp, Whole>(begin, end);
            else if (streamed) Rows<T, IdentityOp, Streamed>(begin, end);
            else Rows<T, IdentityOp, Whole>(begin, end);
        }

        private void Rows<T, TOp, TExtent>(long begin, long end)
            where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp where TExtent : struct, IExtent
        {
            for (long r = begin; r < end;)
            {
                long n = r / shape.P, stop = Math.Min(end, (n + 1) * shape.P);
                for (; r < stop; r++) body.Row<T, TOp, TExtent>(r, n);
            }
        }
    }

    /// <summary>x itself: what group norm applies where no activation is asked for.</summary>
    private readonly struct IdentityOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Value<T>(T x) where T : struct, ILane<T> => x;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => dy;
    }
}
