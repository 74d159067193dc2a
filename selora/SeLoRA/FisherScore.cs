using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// Fisher scores of one adapter from the signals of backward passes (equations 3 and 4 of the paper), in three parts: A, B, and the
/// column that B would get from a new row K of A. With that column zero, K's own gradient is zero and all others are unchanged, so that
/// the expanded score is the sum of all three and the present one that of the first two: no second pass is needed.
/// </summary>
/// <remarks>
/// With dy the gradient of the batch's mean loss, v = s dy B and u = s x A^T, the gradient of sample i's own loss is N times its share:
/// dA_i = N v_i^T x_i, dB_i = N dy_i^T u_i and, for the new column, N dy_i^T (s x_i K^T). The leading axis counts samples; all axes
/// between it and the last are positions, summed over.
/// </remarks>
internal abstract class FisherScore : IDisposable
{
    /// <summary>Parts of a score: A, B, new column.</summary>
    public const int Parts = 3;

    private readonly Tensor k;
    private readonly float scale;
    private bool observedThisPass;

    protected FisherScore(LowRankAdapter adapter, float[] row)
    {
        Name = adapter.Target.FullName;
        Rank = adapter.Rank;
        scale = adapter.Scale;
        k = TensorScope.Detach(Tensor.From(row, new Shape(1, row.Length), adapter.Buffer.A.Device));
    }

    /// <summary>A score of the kind that is asked for.</summary>
    public static FisherScore Create(FisherScoring scoring, LowRankAdapter adapter, float[] row) =>
        scoring == FisherScoring.PerSample ? new PerSampleScore(adapter, row) : new BatchScore(adapter, row);

    /// <summary>Full name of the layer.</summary>
    public string Name { get; }

    /// <summary>The row that is tested, (1, in).</summary>
    public Tensor K => k;

    /// <summary>Samples seen so far.</summary>
    public int Samples { get; private set; }

    /// <summary>Rank before the test.</summary>
    protected int Rank { get; }

    /// <summary>What the parts must be multiplied by, given the samples seen.</summary>
    public abstract double Normalization { get; }

    /// <summary>Announces the next micro-batch.</summary>
    public void BeginPass() => observedThisPass = false;

    /// <summary>Adds one micro-batch.</summary>
    /// <param name="signals">What the layer saw in backward.</param>
    /// <param name="lossScale">Factor of the mean loss in this backward pass.</param>
    /// <exception cref="EngineException">A second call in one pass: the layer is used twice.</exception>
    public void Observe(in AdaptedLinearSignals signals, float lossScale)
    {
        if (observedThisPass)
        {
            throw new EngineException($"{Name}: used twice in one forward pass; its per-sample gradients would be scored apart. " +
                "Leave it out of the targets");
        }
        observedThisPass = true;
        int samples = signals.X.Shape[0];
        Samples += samples;
        Tensor x = signals.X;
        int rows = checked((int)x.Shape.Rows), ins = x.Shape[-1];
        Tensor q = Tensor.Empty(new Shape(rows, 1), x.Device);
        x.Backend.Gemm(x, k, q, new GemmShape(rows, 1, ins, TransB: true), new GemmEpilogue { Alpha = scale });
        Add(signals, q, samples, rows / samples, samples / lossScale);
    }

    /// <summary>Adds a micro-batch's gradients of the samples' own losses.</summary>
    /// <param name="signals">What the layer saw in backward; u and v may be wider than the rank.</param>
    /// <param name="q">s x K^T, (N L, 1).</param>
    /// <param name="samples">N.</param>
    /// <param name="positions">L, positions per sample.</param>
    /// <param name="alpha">Factor that turns products of the signals into gradients of the samples' own losses.</param>
    protected abstract void Add(in AdaptedLinearSignals signals, Tensor q, int samples, int positions, float alpha);

    /// <summary>Writes the three parts, before normalisation, to <paramref name="parts"/> (3).</summary>
    public abstract void WriteTo(Tensor parts);

    /// <inheritdoc/>
    public virtual void Dispose() => k.Dispose();

    /// <summary>
    /// C_i = alpha A_i^T B_i (m, n) for every sample, or their sum added to C. A and B are (N L, any width), of which the first m and n
    /// columns count.
    /// </summary>
    protected static void Products(Tensor a, int m, Tensor b, int n, Tensor c, int samples, int positions, float alpha, bool sum)
    {
        int lda = a.Shape[-1], ldb = b.Shape[-1];
        GemmShape shape = sum
            ? new GemmShape(m, n, samples * positions, TransA: true) { Lda = lda, Ldb = ldb }
            : new GemmShape(m, n, positions, TransA: true)
            {
                Lda = lda, Ldb = ldb, Batch = samples,
                StrideA = (long)positions * lda, StrideB = (long)positions * ldb, StrideC = (long)m * n,
            };
        c.Backend.Gemm(a, b, c, shape, new GemmEpilogue { Alpha = alpha, Accumulate = sum });
    }

    protected static void SumSquares(Tensor x, Tensor parts, int part)
    {
        using Tensor y = parts.Narrow(part, 1);
        x.Backend.Reduce(Reduction.SumSquares, x, y, 1, x.Count, 1, 1f);
    }
}

/// <summary>Mean over samples of the squared gradient of the sample's own loss.</summary>
internal sealed class PerSampleScore(LowRankAdapter adapter, float[] row) : FisherScore(adapter, row)
{
    private Tensor? total;

    /// <inheritdoc/>
    public override double Normalization => 1.0 / Samples;

    /// <inheritdoc/>
    protected override void Add(in AdaptedLinearSignals signals, Tensor q, int samples, int positions, float alpha)
    {
        int ins = signals.X.Shape[-1], outs = signals.Dy.Shape[-1];
        Tensor parts = Tensor.Empty(new Shape(Parts), q.Device);
        Part(signals.V, Rank, signals.X, ins, 0);
        Part(signals.Dy, outs, signals.U, Rank, 1);
        Part(signals.Dy, outs, q, 1, 2);
        if (total is null) total = TensorScope.Detach(parts);
        else total.Backend.AddScaled(parts, 1f, total);

        void Part(Tensor a, int m, Tensor b, int n, int part)
        {
            using Tensor gradients = Tensor.Empty(new Shape(samples, m, n), a.Device);
            Products(a, m, b, n, gradients, samples, positions, alpha, sum: false);
            SumSquares(gradients, parts, part);
        }
    }

    /// <inheritdoc/>
    public override void WriteTo(Tensor parts) => parts.Backend.Copy(total!, parts);

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        total?.Dispose();
    }
}

/// <summary>Squared gradient of the mean loss of all samples, over micro-batches too.</summary>
internal sealed class BatchScore(LowRankAdapter adapter, float[] row) : FisherScore(adapter, row)
{
    private readonly Tensor[] gradients = new Tensor[Parts];

    /// <inheritdoc/>
    public override double Normalization => 1.0 / ((double)Samples * Samples);

    /// <inheritdoc/>
    protected override void Add(in AdaptedLinearSignals signals, Tensor q, int samples, int positions, float alpha)
    {
        int ins = signals.X.Shape[-1], outs = signals.Dy.Shape[-1];
        Part(signals.V, Rank, signals.X, ins, 0);
        Part(signals.Dy, outs, signals.U, Rank, 1);
        Part(signals.Dy, outs, q, 1, 2);

        void Part(Tensor a, int m, Tensor b, int n, int part)
        {
            Tensor sum = gradients[part] ??= TensorScope.Detach(Tensor.Zeros(new Shape(m, n), a.Device));
            Products(a, m, b, n, sum, samples, positions, alpha, sum: true);
        }
    }

    /// <inheritdoc/>
    public override void WriteTo(Tensor parts)
    {
        for (int part = 0; part < Parts; part++) SumSquares(gradients[part], parts, part);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        foreach (Tensor? gradient in gradients) gradient?.Dispose();
    }
}
