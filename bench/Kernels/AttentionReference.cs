using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>
/// Single elements of an attention and of its gradients, in double precision, straight from the formulas. A column of the scores
/// needs every row's sum: gradients take the measured <paramref name="lse"/> and <paramref name="y"/>, to be checked before them.
/// </summary>
internal sealed class AttentionReference(AttentionShape s, float[] q, float[] k, float[] v, float[] dy, float[] lse, float[] y)
{
    private int Width => s.Heads * s.D;

    public double LogSumExp(int head, int i)
    {
        double max = double.NegativeInfinity, sum = 0;
        for (int j = 0; j < Keys(i); j++) max = Math.Max(max, Score(head, i, j));
        for (int j = 0; j < Keys(i); j++) sum += Math.Exp(Score(head, i, j) - max);
        return max + Math.Log(sum);
    }

    public double Y(long index)
    {
        (int i, int head, int d) = Split(index);
        double exact = LogSumExp(head, i), sum = 0;
        for (int j = 0; j < Keys(i); j++) sum += Math.Exp(Score(head, i, j) - exact) * v[At(head, j) + d];
        return sum;
    }

    /// <summary>dq_i = scale sum_j p_ij (dp_ij - delta_i) k_j, with dp_ij = dy_i . v_j and delta_i = sum_j p_ij dp_ij.</summary>
    public double Dq(long index)
    {
        (int i, int head, int d) = Split(index);
        double delta = Delta(head, i), sum = 0;
        for (int j = 0; j < Keys(i); j++)
            sum += P(head, i, j) * (Dot(dy, At(head, i), v, At(head, j)) - delta) * k[At(head, j) + d];
        return s.Scale * sum;
    }

    public double Dk(long index)
    {
        (int j, int head, int d) = Split(index);
        return s.Scale * OverQueries(j, i =>
        {
            double dp = Dot(dy, At(head, i), v, At(head, j));
            return P(head, i, j) * (dp - Delta(head, i)) * q[At(head, i) + d];
        });
    }

    public double Dv(long index)
    {
        (int j, int head, int d) = Split(index);
        return OverQueries(j, i => P(head, i, j) * dy[At(head, i) + d]);
    }

    private double P(int head, int i, int j) => Math.Exp(Score(head, i, j) - lse[head * s.Lq + i]);

    private double Delta(int head, int i) => Dot(dy, At(head, i), y, At(head, i));

    private double OverQueries(int j, Func<int, double> term) =>
        Enumerable.Range(0, s.Lq).Where(i => j < Keys(i)).Sum(term);

    private int Keys(int i) => s.Causal ? i + 1 : s.Lk;

    private int At(int head, int row) => row * Width + head * s.D;

    private (int Row, int Head, int D) Split(long index) =>
        ((int)(index / Width), (int)(index % Width / s.D), (int)(index % s.D));

    private double Score(int head, int i, int j) => s.Scale * Dot(q, At(head, i), k, At(head, j));

    private double Dot(float[] a, int x, float[] b, int y)
    {
        double sum = 0;
        for (int d = 0; d < s.D; d++) sum += (double)a[x + d] * b[y + d];
        return sum;
    }
}
