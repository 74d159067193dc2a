using ILGPU;

namespace SeLoRA.Engine;

/// <summary>A place along one axis of an operand: what its row or its k stands for (pixel, kernel tap, channel), decomposed once.</summary>
internal struct Place
{
    public int Y, X;
    public long Base;
}

/// <summary>
/// A product sum over k of A(m, k) B(k, n): a matrix product, or a convolution that reads its operands as if they were matrices
/// (implicit GEMM). An element is At(row place, k place); places are worked out once a tile row and once a k.
/// </summary>
internal interface IProduct<TSelf> where TSelf : struct, IProduct<TSelf>
{
    /// <summary>True where places cost divisions: then they are kept in shared memory. Plain matrices compute them on the spot.</summary>
    static abstract bool Tabled { get; }

    /// <summary>Neighbouring k are neighbouring in memory, so threads of a group should run along k when they load; else along rows.</summary>
    bool AlongKOfA { get; }

    /// <inheritdoc cref="AlongKOfA"/>
    bool AlongKOfB { get; }

    /// <summary>The same product for one matrix of the batch.</summary>
    TSelf ForBatch(int batch);

    Place RowOfA(int m);

    Place DepthOfA(int k);

    float A<T>(Place row, Place k) where T : struct, IStoredFloat;

    /// <summary>B is seen as its transpose: rows are n.</summary>
    Place RowOfB(int n);

    Place DepthOfB(int k);

    float B<T>(Place row, Place k) where T : struct, IStoredFloat;
}

/// <summary>How a group of 256 threads covers its tile: 2^Log2X threads along n, the others along m.</summary>
internal interface IGroupShape
{
    static abstract int Log2X { get; }
}

/// <summary>16x16 threads.</summary>
internal readonly struct SquareGroup : IGroupShape
{
    public static int Log2X => 4;
}

/// <summary>64 threads along m, 4 along n: for n up to 16 (low-rank projections).</summary>
internal readonly struct TallGroup : IGroupShape
{
    public static int Log2X => 2;
}

/// <summary>4 threads along m, 64 along n: for m up to 16.</summary>
internal readonly struct WideGroup : IGroupShape
{
    public static int Log2X => 6;
}

/// <summary>
/// The one main loop of all products: a group computes one tile of C; 16 values of k at a time of both operands are put into shared
/// memory, k-major, and each thread multiplies quads into its register tile. Sums run over k in order from zero, so columns of zeros
/// appended to K change no bit of the result, and tiles of every shape give the same bits.
/// Operands are of one type; what is multiplied and summed is float32. Bound: 2 M N K operations; A is read N / tile times, B M / tile times, from cache if they fit.
/// </summary>
internal static class ProductKernels
{
    /// <summary>Values of k between two barriers.</summary>
    private const int Depth = 16;

    // Shared memory in quads: the largest use of any tile shape; four floats of padding a row spread the stores over the banks.
    private const int SharedQuads = Depth * (256 + 4 + 16 + 4) / 4;

    public static class Of<TProduct> where TProduct : struct, IProduct<TProduct>
    {
        public static readonly FloatKernels<Args<TProduct>>
            Square = new(ProductKernel<TProduct, SquareGroup, StoredF32>, ProductKernel<TProduct, SquareGroup, StoredBF16>, ProductKernel<TProduct, SquareGroup, StoredF16>),
            Tall = new(ProductKernel<TProduct, TallGroup, StoredF32>, ProductKernel<TProduct, TallGroup, StoredBF16>, ProductKernel<TProduct, TallGroup, StoredF16>),
            Wide = new(ProductKernel<TProduct, WideGroup, StoredF32>, ProductKernel<TProduct, WideGroup, StoredBF16>, ProductKernel<TProduct, WideGroup, StoredF16>),
            Large = new(ProductLargeKernel<TProduct, StoredF32>, ProductLargeKernel<TProduct, StoredBF16>, ProductLargeKernel<TProduct, StoredF16>);
    }

    public static readonly FloatKernels<CombineArgs>
        Combine = new(ProductCombineKernel<StoredF32>, ProductCombineKernel<StoredBF16>, ProductCombineKernel<StoredF16>);

    public struct Args<TProduct> where TProduct : struct
    {
        public TProduct Product;
        public ProductOutput Output;
        public int K, ChunkK, TilesM, TilesN;
    }

    public struct CombineArgs
    {
        public ProductOutput Output;
        public long Count;
    }

    /// <summary>4x4 elements a thread. Room for two groups is asked for: left to choose, ptxas limits itself to 48 registers and spills.</summary>
    [Kernel(groups: 2)]
    private static void ProductKernel<TProduct, TShape, T>(Args<TProduct> p)
        where TProduct : struct, IProduct<TProduct> where TShape : struct, IGroupShape where T : struct, IStoredFloat =>
        Tile<TProduct, RegisterTile4, T>(p, TShape.Log2X);

    /// <summary>8x8 elements a thread, 128x128 a group. Two groups a multiprocessor: ptxas would take 180 registers and leave room for one.</summary>
    [Kernel(groups: 2)]
    private static void ProductLargeKernel<TProduct, T>(Args<TProduct> p)
        where TProduct : struct, IProduct<TProduct> where T : struct, IStoredFloat =>
        Tile<TProduct, RegisterTile8, T>(p, 4);

    private static void Tile<TProduct, TTile, T>(Args<TProduct> p, int log2X)
        where TProduct : struct, IProduct<TProduct> where TTile : struct, IRegisterTile<TTile> where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(SharedQuads);
        ArrayView<float> floats = shared.Cast<float>();
        int threadsX = 1 << log2X, threadsY = 256 >> log2X;
        int rowsA = threadsY * 4 * TTile.Repeat, rowsB = threadsX * 4 * TTile.Repeat;
        int strideA = rowsA + 4, strideB = rowsB + 4, startB = Depth * strideA;

        int block = Grid.IdxX;
        int tileN = block % p.TilesN;
        block /= p.TilesN;
        int tileM = block % p.TilesM;
        block /= p.TilesM;
        int chunk = block % p.Output.Chunks, batch = block / p.Output.Chunks;
        int m0 = tileM * rowsA, n0 = tileN * rowsB;
        int kBegin = chunk * p.ChunkK, kEnd = IntrinsicMath.Min(p.K, kBegin + p.ChunkK);

        TProduct product = p.Product.ForBatch(batch);
        int t = Group.IdxX, x = t & (threadsX - 1), y = t >> log2X;
        int M = p.Output.M, N = p.Output.N;

        ArrayView<Place> places = default;
        if (TProduct.Tabled)
        {
            // Rows of A, rows of B, then the k of both.
            places = SharedMemory.Allocate<Place>(256 + 16 + 2 * Depth);
            for (int i = t; i < rowsA; i += 256) places[i] = product.RowOfA(IntrinsicMath.Min(m0 + i, M - 1));
            for (int i = t; i < rowsB; i += 256) places[rowsA + i] = product.RowOfB(IntrinsicMath.Min(n0 + i, N - 1));
        }
        int columns = threadsX * 4, depthPlaces = rowsA + rowsB;

        // Which elements this thread loads: t runs along k, or along rows, and from one element to the next along the other.
        bool alongA = product.AlongKOfA, alongB = product.AlongKOfB;
        int rowA = alongA ? t / Depth : t & (rowsA - 1), kA = alongA ? t % Depth : t / rowsA;
        int rowB = alongB ? t / Depth : t & (rowsB - 1), kB = alongB ? t % Depth : t / rowsB;
        int rowStepA = alongA ? 256 / Depth : 0, kStepA = alongA ? 0 : 256 / rowsA;
        int rowStepB = alongB ? 256 / Depth : 0, kStepB = alongB ? 0 : 256 / rowsB;

        TTile sums = default;
        for (int k0 = kBegin; k0 < kEnd; k0 += Depth)
        {
            if (TProduct.Tabled)
            {
                if (t < Depth) places[depthPlaces + t] = product.DepthOfA(IntrinsicMath.Min(k0 + t, kEnd - 1));
                else if (t < 2 * Depth) places[depthPlaces + t] = product.DepthOfB(IntrinsicMath.Min(k0 + t - Depth, kEnd - 1));
                Group.Barrier();
            }
            // Beyond the edge the last element is loaded and a zero kept: no branch, so all loads are under way at once. (A branch that
            // depends on the thread but not on i also makes PoCL 3.1 take one thread's decision for all.)
            for (int i = 0; i < rowsA * Depth / 256; i++)
            {
                int row = rowA + i * rowStepA, k = kA + i * kStepA;
                float value = TProduct.Tabled ? product.A<T>(places[row], places[depthPlaces + k])
                    : product.A<T>(product.RowOfA(IntrinsicMath.Min(m0 + row, M - 1)), product.DepthOfA(IntrinsicMath.Min(k0 + k, kEnd - 1)));
                floats[k * strideA + row] = (m0 + row < M) & (k0 + k < kEnd) ? value : 0f;
            }
            for (int i = 0; i < rowsB * Depth / 256; i++)
            {
                int row = rowB + i * rowStepB, k = kB + i * kStepB;
                float value = TProduct.Tabled ? product.B<T>(places[rowsA + row], places[depthPlaces + Depth + k])
                    : product.B<T>(product.RowOfB(IntrinsicMath.Min(n0 + row, N - 1)), product.DepthOfB(IntrinsicMath.Min(k0 + k, kEnd - 1)));
                floats[startB + k * strideB + row] = (n0 + row < N) & (k0 + k < kEnd) ? value : 0f;
            }
            Group.Barrier();
            for (int k = 0; k < Depth; k++)
                sums = TTile.MulAdd(sums, shared, k * strideA / 4 + y, (startB + k * strideB) / 4 + x);
            Group.Barrier();
        }
        // Through shared memory, so that neighbouring threads store neighbouring columns; 4096 elements at a time.
        for (int i = 0; i < TTile.Repeat; i++)
        {
            for (int j = 0; j < TTile.Repeat; j++)
            {
                Tile4x4 part = TTile.Block(sums, i, j);
                int quad = y * 4 * threadsX + x;
                shared[quad] = part.R0;
                shared[quad + threadsX] = part.R1;
                shared[quad + 2 * threadsX] = part.R2;
                shared[quad + 3 * threadsX] = part.R3;
                Group.Barrier();
                for (int l = 0; l < 16; l++)
                {
                    int e = t + l * 256;
                    p.Output.Store<T>(floats[e], m0 + i * 64 + e / columns, n0 + j * 64 + e % columns, batch, chunk);
                }
                Group.Barrier();
            }
        }
    }

    /// <summary>Adds the chunks' sums in order and applies the epilogue.</summary>
    [Kernel]
    private static void ProductCombineKernel<T>(CombineArgs p) where T : struct, IStoredFloat
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        float sum = 0f;
        for (int chunk = 0; chunk < p.Output.Chunks; chunk++) sum += p.Output.Partial[chunk * p.Count + i];
        long row = Flat.Divide(i, p.Output.N), batch = Flat.Divide(row, p.Output.M);
        p.Output.Finish<T>(sum, (int)(row - batch * p.Output.M), (int)(i - row * p.Output.N), (int)batch);
    }
}
