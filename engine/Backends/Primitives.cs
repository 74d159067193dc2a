namespace SeLoRA.Engine;

/// <summary>Which reduction <see cref="IBackend.Reduce"/> computes.</summary>
public enum Reduction
{
    /// <summary>Sum of elements.</summary>
    Sum,

    /// <summary>Sum of squares.</summary>
    SumSquares,
}

/// <summary>Which pooling <see cref="IBackend.Pool2d"/> computes.</summary>
public enum PoolKind
{
    /// <summary>Largest element of the window.</summary>
    Max,

    /// <summary>Mean of the window's elements, padding not counted.</summary>
    Average,
}

/// <summary>Activation that a matrix product can apply to its result.</summary>
public enum Activation
{
    /// <summary>None.</summary>
    None,

    /// <summary>x sigmoid(x).</summary>
    Silu,

    /// <summary>Exact GELU (erf).</summary>
    Gelu,

    /// <summary>x sigmoid(1.702 x).</summary>
    QuickGelu,
}

/// <summary>
/// A batch of row-major products C (M, N) = op(A) op(B). op(A) is (M, K): stored (M, K) with row stride Lda, or (K, M) if TransA.
/// op(B) is (K, N): stored (K, N) with row stride Ldb, or (N, K) if TransB. Strides between matrices of the batch may be 0 (shared).
/// </summary>
public readonly record struct GemmShape(int M, int N, int K, bool TransA = false, bool TransB = false)
{
    /// <summary>Elements between rows of the stored A.</summary>
    public int Lda { get; init; } = TransA ? M : K;

    /// <summary>Elements between rows of the stored B.</summary>
    public int Ldb { get; init; } = TransB ? K : N;

    /// <summary>Elements between rows of C (and of the residual).</summary>
    public int Ldc { get; init; } = N;

    /// <summary>Number of products.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>Elements between the batch's matrices in A.</summary>
    public long StrideA { get; init; }

    /// <summary>Elements between the batch's matrices in B.</summary>
    public long StrideB { get; init; }

    /// <summary>Elements between the batch's matrices in C (and in the residual).</summary>
    public long StrideC { get; init; }
}

/// <summary>What a product does to its result before it is stored.</summary>
public readonly record struct GemmEpilogue()
{
    /// <summary>Factor of the product.</summary>
    public float Alpha { get; init; } = 1f;

    /// <summary>Added to every row, length N.</summary>
    public Tensor? Bias { get; init; }

    /// <summary>Add the old C instead of overwriting it.</summary>
    public bool Accumulate { get; init; }

    /// <summary>Applied to alpha AB + bias [+ C].</summary>
    public Activation Activation { get; init; }

    /// <summary>Added last; laid out as C; may be C's own memory if there is no <see cref="LowRank"/>.</summary>
    public Tensor? Residual { get; init; }

    /// <summary>More of K, appended to it, or null; for a single product only.</summary>
    public LowRankTerm? LowRank { get; init; }
}

/// <summary>
/// Makes a product op(A) op(B) + U op(V), as if U and V were further columns of A and rows of B: the low-rank path of an adapted layer
/// inside its own product.
/// </summary>
/// <param name="U">(M, Rank), dense.</param>
/// <param name="V">(N, Capacity) if <paramref name="TransV"/>, of which the first Rank columns count; else (Capacity, N), the first Rank rows.</param>
/// <param name="TransV">How V lies.</param>
/// <param name="Rank">Steps that are appended to K.</param>
public readonly record struct LowRankTerm(Tensor U, Tensor V, bool TransV, int Rank);

/// <summary>a is (Outer, Middle, Inner), b is (Outer, Inner) and repeats along Middle. Equal shapes are (1, 1, count).</summary>
public readonly record struct BroadcastShape(long Outer, long Middle, long Inner);

/// <summary>Sizes of a convolution or pooling; padding at bottom and right follows from the output size.</summary>
public readonly record struct Conv2dShape(int N, int H, int W, int C, int O, int KH, int KW, int Stride, int PadTop, int PadLeft,
    int OutH, int OutW);

/// <summary>Sizes of an attention; see <see cref="IBackend.Attention"/>. Causal: query i sees keys 0..i.</summary>
public readonly record struct AttentionShape(int N, int Lq, int Lk, int Heads, int D, float Scale, bool Causal);

/// <summary>Sizes of a group norm; see <see cref="IBackend.GroupNorm"/>.</summary>
public readonly record struct GroupNormShape(int N, int P, int C, int Groups, float Eps, bool Silu);

/// <summary>A parameter with its gradient and its moments, all float32, of one shape and on one device.</summary>
public readonly record struct AdamWTensors(Tensor P, Tensor G, Tensor M, Tensor V);

/// <summary>
/// Factors of one AdamW step (Loshchilov and Hutter, 2019), bias corrections already worked out:
/// m = Beta1 m + (1 - Beta1) g; v = Beta2 v + (1 - Beta2) g^2; p = p Decay - StepSize m / (sqrt(v) RootScale + Eps).
/// </summary>
public readonly record struct AdamWFactors(float Beta1, float Beta2, float Eps, float StepSize, float RootScale, float Decay)
{
    /// <summary>How many there are.</summary>
    public const int Count = 6;

    /// <summary>The factors of step <paramref name="step"/>, 1 for the first, at a learning rate and a decoupled weight decay.</summary>
    public static AdamWFactors Of(long step, float lr, float beta1, float beta2, float eps, float weightDecay)
    {
        double correction1 = 1 - Math.Pow(beta1, step), correction2 = 1 - Math.Pow(beta2, step);
        return new AdamWFactors(beta1, beta2, eps, (float)(lr / correction1), 1f / (float)Math.Sqrt(correction2), 1f - lr * weightDecay);
    }

    /// <summary>The factors in their order, as a device is given them.</summary>
    public float[] ToArray() => [Beta1, Beta2, Eps, StepSize, RootScale, Decay];
}
