namespace SeLoRA.Engine;

/// <summary>
/// Everything a device must offer, on one page. The operations in Ops/ check shapes, dtypes and devices and allocate results; a
/// backend may trust its arguments. Tensors are dense row-major; results are fully overwritten unless said. Tensors are float32, and on a
/// GPU activations may be F16 or BF16 as well, all of a primitive alike: what is computed is float32, and rounded where it is stored.
/// Statistics, sums, biases, scales and shifts of norms and the optimiser's tensors are float32 always. The operands of a product are of one
/// type, its result and residual of that type or float32.
/// Work is queued in call order; <see cref="Download"/> and <see cref="Synchronize"/> wait. Same inputs give the same bits again, whatever
/// other threads do. Any thread may call; of one tensor there may be several readers or one writer. A primitive keeps its operands' memory until it returns.
/// </summary>
public interface IBackend
{
    /// <summary>The device this backend computes on.</summary>
    Device Device { get; }

    /// <summary>The device's own name, for people.</summary>
    string Name { get; }

    // ---- memory -------------------------------------------------------------------------------------------------------

    /// <summary>Statistics of the caching pool.</summary>
    MemoryStats Memory { get; }

    /// <summary>Starts a new peak measurement.</summary>
    void ResetPeak();

    /// <summary>Uninitialised memory from the pool, aligned to 64 bytes.</summary>
    Storage Allocate(long bytes);

    /// <summary>Hands cached, unused memory back to the system.</summary>
    void ReleaseCached();

    /// <summary>Host to device; lengths are equal.</summary>
    void Upload(ReadOnlySpan<byte> source, Tensor y);

    /// <summary>Device to host, after all queued work.</summary>
    void Download(Tensor x, Span<byte> destination);

    /// <summary>y = x, same dtype and count.</summary>
    void Copy(Tensor x, Tensor y);

    /// <summary>
    /// A matrix copy in elements of x's dtype: y[yOffset + r yStride + c] = x[xOffset + r xStride + c] for r below rows, c below
    /// columns; offsets count from each tensor's start. The rest of y is left alone. Concat and slice are made of it.
    /// </summary>
    void CopyColumns(Tensor x, long xOffset, long xStride, Tensor y, long yOffset, long yStride, long rows, long columns);

    /// <summary>All bytes zero, any dtype.</summary>
    void Zero(Tensor y);

    /// <summary>Every element = value.</summary>
    void Fill(Tensor y, float value);

    /// <summary>Waits until all queued work is done.</summary>
    void Synchronize();

    /// <summary>y = x converted between F32, F16, BF16 (round to nearest even) and I32.</summary>
    void Cast(Tensor x, Tensor y);

    /// <summary>
    /// Matrices: y, F16 or BF16, has the first <paramref name="rows"/> and <paramref name="columns"/> of the float32 x in its own first
    /// ones, rounded, and zeros elsewhere.
    /// </summary>
    void CastPadded(Tensor x, Tensor y, int rows, int columns);

    // ---- random numbers: element i is a pure function of (seed, offset + i); see Philox ---------------------------------

    /// <summary>Uniform in [0, 1), the same bits on every device.</summary>
    void FillUniform(Tensor y, ulong seed, ulong offset);

    /// <summary>Standard normal (Box-Muller on the uniform stream), equal on every device up to rounding.</summary>
    void FillNormal(Tensor y, ulong seed, ulong offset);

    // ---- element-wise ----------------------------------------------------------------------------------------------------

    /// <summary>y = f(x).</summary>
    void Unary<TOp>(Tensor x, Tensor y) where TOp : struct, IUnaryOp;

    /// <summary>dx = f'(x) dy.</summary>
    void UnaryBackward<TOp>(Tensor x, Tensor dy, Tensor dx) where TOp : struct, IUnaryOp;

    /// <summary>
    /// y[o, m, i] = f(a[o, m, i], b[o, i]) with a and y seen as (outer, middle, inner) of <paramref name="shape"/>. y may be a.
    /// </summary>
    void Binary<TOp>(Tensor a, Tensor b, Tensor y, in BroadcastShape shape) where TOp : struct, IBinaryOp;

    /// <summary>y = alpha x; y may be x.</summary>
    void Scale(Tensor x, float alpha, Tensor y);

    /// <summary>y += alpha x.</summary>
    void AddScaled(Tensor x, float alpha, Tensor y);

    /// <summary>Gated unit: x is (rows, 2C), y (rows, C): y = x[:, :C] f(x[:, C:]).</summary>
    void Glu<TOp>(Tensor x, Tensor y) where TOp : struct, IUnaryOp;

    /// <summary>dx (rows, 2C) of <see cref="Glu"/>.</summary>
    void GluBackward<TOp>(Tensor x, Tensor dy, Tensor dx) where TOp : struct, IUnaryOp;

    // ---- reductions ------------------------------------------------------------------------------------------------------

    /// <summary>y[o, i] = scale * sum over m of x[o, m, i] (or of its square), x seen as (outer, middle, inner).</summary>
    void Reduce(Reduction kind, Tensor x, Tensor y, long outer, long middle, long inner, float scale);

    // ---- matrix products ---------------------------------------------------------------------------------------------------

    /// <summary>
    /// C = act(alpha (op(A) op(B) [+ U op(V)]) + bias [+ C]) + residual, for every matrix of the batch; see <see cref="GemmShape"/>. A and B are
    /// of one type, except that an operand with at most 64 rows or columns of C may be float32 beside one of 16 bits.
    /// </summary>
    void Gemm(Tensor a, Tensor b, Tensor c, in GemmShape shape, in GemmEpilogue epilogue);

    /// <summary>y (N,OH,OW,O) = x (N,H,W,C) * w (O,KH,KW,C) + bias (O) + residual (as y).</summary>
    void Conv2d(Tensor x, Tensor w, Tensor? bias, Tensor? residual, Tensor y, in Conv2dShape shape);

    /// <summary>dx of <see cref="Conv2d"/>.</summary>
    void Conv2dBackwardData(Tensor dy, Tensor w, Tensor dx, in Conv2dShape shape);

    /// <summary>dw (O,KH,KW,C) of <see cref="Conv2d"/>.</summary>
    void Conv2dBackwardWeight(Tensor x, Tensor dy, Tensor dw, in Conv2dShape shape);

    /// <summary>
    /// y = softmax(scale q k^T) v per head, without storing scores. q, y are (N, Lq, heads D), k, v (N, Lk, heads D);
    /// lse (N, heads, Lq) receives the log of each row's exponential sum.
    /// </summary>
    void Attention(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape);

    /// <summary>dq, dk, dv of <see cref="Attention"/>.</summary>
    void AttentionBackward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy,
        Tensor dq, Tensor dk, Tensor dv, in AttentionShape shape);

    // ---- normalisation -----------------------------------------------------------------------------------------------------

    /// <summary>
    /// x, y are (N, P, C) with P pixels; statistics over P and C / groups channels; y = act(xhat w + b), act SiLU if asked.
    /// stats (N, groups, 2) receives mean and 1 / sqrt(var + eps).
    /// </summary>
    void GroupNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, in GroupNormShape shape);

    /// <summary>Gradients of <see cref="GroupNorm"/>; dx, or dw and db (C) together, may be null.</summary>
    void GroupNormBackward(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db,
        in GroupNormShape shape);

    /// <summary>Rows of C: y = xhat w + b; stats (rows, 2) receives mean and 1 / sqrt(var + eps).</summary>
    void LayerNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, float eps);

    /// <summary>Gradients of <see cref="LayerNorm"/>; dx, or dw and db (C) together, may be null.</summary>
    void LayerNormBackward(Tensor x, Tensor w, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db);

    /// <summary>Softmax over the last axis.</summary>
    void Softmax(Tensor x, Tensor y);

    /// <summary>dx = y (dy - sum(y dy)).</summary>
    void SoftmaxBackward(Tensor y, Tensor dy, Tensor dx);

    // ---- indices and pixels ---------------------------------------------------------------------------------------------------

    /// <summary>y[i, :] = table[ids[i], :]; ids is int32 and already checked against the table's rows.</summary>
    void Embedding(Tensor table, Tensor ids, Tensor y);

    /// <summary>dtable (all rows, zero where no id points) = sum of dy rows by id, in index order.</summary>
    void EmbeddingBackward(Tensor ids, Tensor dy, Tensor dtable);

    /// <summary>Nearest neighbour to y's height and width: source = floor(destination * in / out). x, y are (N, H, W, C).</summary>
    void UpsampleNearest(Tensor x, Tensor y);

    /// <summary>dx of <see cref="UpsampleNearest"/>.</summary>
    void UpsampleNearestBackward(Tensor dy, Tensor dx);

    /// <summary>Max or average pool; padding never counts towards the average. x (N,H,W,C), y (N,OH,OW,C).</summary>
    void Pool2d(PoolKind kind, Tensor x, Tensor y, in Conv2dShape shape);

    /// <summary>dx of <see cref="Pool2d"/>; a maximum's gradient goes to the first of equal elements.</summary>
    void Pool2dBackward(PoolKind kind, Tensor x, Tensor dy, Tensor dx, in Conv2dShape shape);

    // ---- optimiser -------------------------------------------------------------------------------------------------------------

    /// <summary>One AdamW update of every p and its moments m, v from gradient g, all in place.</summary>
    void AdamWStep(ReadOnlySpan<AdamWTensors> tensors, in AdamWFactors factors);

    /// <summary>
    /// verdict = (norm, factor): the norm is the root of the sum of <paramref name="squares"/>; the factor is what gradients are to be multiplied
    /// by so that their norm is at most <paramref name="maxNorm"/> (1 where that is 0 or they are shorter), and 0 where the norm is not finite
    /// or a loss is not below its limit.
    /// </summary>
    void JudgeGradients(Tensor squares, Tensor losses, float lossLimit, float maxNorm, Tensor verdict);

    /// <summary>
    /// The same update with <see cref="AdamWFactors.ToArray"/> on the device, of gradients that are multiplied by the factor of
    /// <see cref="JudgeGradients"/> first, in place; where that is 0 nothing is changed.
    /// </summary>
    void AdamWStep(ReadOnlySpan<AdamWTensors> tensors, Tensor factors, Tensor verdict);
}
