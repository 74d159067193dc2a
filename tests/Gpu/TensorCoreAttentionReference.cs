using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Attention in double precision from the stored operands, and how far the kernels may be from it. They round each weight (P or dS) to 16
/// bits before it is multiplied, and each result: relative errors of at most a unit u, 2^-8 of bfloat16 and 2^-11 of float16, which below
/// 2^-14 has an absolute one of 2^-25 instead. A result w_1 x_1 + w_2 x_2 + .. is therefore within u (|w_1 x_1| + |w_2 x_2| + .. + itself), whatever
/// the signs of the errors, and float32's share, which is estimated from above term by term. That holds every element but lets a small
/// mistake pass where terms are many; so all elements together are also held to what independent errors add up to: uniform between
/// -u and u, their variances u^2 / 3 add up, and errors in these units have a mean square of at most 1.
/// </summary>
internal sealed class TensorCoreAttentionReference
{
    // Of float32 sums on tensor cores, which cut instead of rounding; of powers of two and logarithms with what follows them.
    private const double SumUnit = 1.0 / (1 << 23), PowerUnit = 1.0 / (1 << 21);

    private readonly AttentionShape s;
    private readonly double unit, least;
    private readonly float[] q, k, v, dy;

    public TensorCoreAttentionReference(TensorCoreAttentionProblem problem)
    {
        s = problem.Test.Shape;
        (unit, least) = problem.Test.DType == DType.BF16 ? (1.0 / 256, 0) : (1.0 / 2048, 1.0 / (1 << 25));
        (q, k, v, dy) = (TensorCoreAttentionProblem.Inner(problem.Q), TensorCoreAttentionProblem.Inner(problem.K),
            TensorCoreAttentionProblem.Inner(problem.V), TensorCoreAttentionProblem.Inner(problem.Dy));
    }

    /// <summary>Holds the forward pass.</summary>
    public void Check(float[] y, float[] lse)
    {
        var result = new Sums(q.Length, unit, least);
        Walk((n, h, i, row) =>
        {
            int at = (n * s.Heads + h) * s.Lq + i;
            double error = Math.Abs(lse[at] - row.Lse), allowed = row.Error + PowerUnit * (1 + Math.Abs(row.Lse));
            Assert.True(error <= allowed, $"lse of query {i}, head {h} of {n} is {lse[at]}, should be {row.Lse}");
            for (int j = 0; j < row.P.Length; j++)
                for (int d = 0; d < s.D; d++) result.Add(Query(n, i, h) + d, row.P[j], v[Key(n, j, h) + d], row.P[j] * row.Error, 1);
        });
        result.Check("y", y);
    }

    /// <summary>Holds the backward pass, which is given y and lse of the forward pass.</summary>
    public void Check(float[] y, float[] dq, float[] dk, float[] dv)
    {
        Sums toQ = new(q.Length, unit, least), toK = new(k.Length, unit, least), toV = new(k.Length, unit, least);
        Walk((n, h, i, row) =>
        {
            int query = Query(n, i, h);
            double delta = 0, ofDelta = 0, relative = row.Error + PowerUnit * (1 + Math.Abs(row.Lse));
            for (int d = 0; d < s.D; d++) delta += (double)dy[query + d] * y[query + d];
            for (int d = 0; d < s.D; d++) ofDelta += Math.Abs((double)dy[query + d] * y[query + d]);
            for (int j = 0; j < row.P.Length; j++)
            {
                int key = Key(n, j, h);
                double dp = 0, ofDp = 0, p = row.P[j];
                for (int d = 0; d < s.D; d++) dp += (double)dy[query + d] * v[key + d];
                for (int d = 0; d < s.D; d++) ofDp += Math.Abs((double)dy[query + d] * v[key + d]);
                double ds = p * (dp - delta), error = relative * Math.Abs(ds) + p * SumUnit * (s.D + 2) * (ofDp + ofDelta);
                for (int d = 0; d < s.D; d++)
                {
                    toV.Add(key + d, p, dy[query + d], p * relative, 1);
                    toQ.Add(query + d, s.Scale * ds, k[key + d], s.Scale * error, s.Scale);
                    toK.Add(key + d, s.Scale * ds, q[query + d], s.Scale * error, s.Scale);
                }
            }
        });
        toV.Check("dv", dv);
        toQ.Check("dq", dq);
        toK.Check("dk", dk);
    }

    /// <summary>P of one query, ln of the sum of exponentials, and what float32 does to each of P, relative to it.</summary>
    private sealed record Row(double[] P, double Lse, double Error);

    private void Walk(Action<int, int, int, Row> visit)
    {
        for (int n = 0; n < s.N; n++)
            for (int h = 0; h < s.Heads; h++)
                for (int i = 0; i < s.Lq; i++) visit(n, h, i, RowOf(n, h, i));
    }

    private Row RowOf(int n, int h, int i)
    {
        int query = Query(n, i, h), keys = s.Causal ? i + 1 : s.Lk;
        var scores = new double[keys];
        double largest = 0;
        for (int j = 0; j < keys; j++)
        {
            double terms = 0;
            for (int d = 0; d < s.D; d++)
            {
                double product = (double)q[query + d] * k[Key(n, j, h) + d] * s.Scale;
                scores[j] += product;
                terms += Math.Abs(product);
            }
            largest = Math.Max(largest, terms);
        }
        double top = scores.Max(), total = scores.Sum(x => Math.Exp(x - top));
        // Of a score and of the maximum: sums of D terms, then scaled and subtracted; of each block's rescaling; of sums over the other side.
        double error = 2 * SumUnit * (s.D + 8) * largest + (keys / 32 + 3) * PowerUnit + SumUnit * Math.Max(s.Lq, s.Lk);
        return new Row([.. scores.Select(x => Math.Exp(x - top) / total)], top + Math.Log(total), error);
    }

    private int Query(int n, int i, int h) => ((n * s.Lq + i) * s.Heads + h) * s.D;

    private int Key(int n, int j, int h) => ((n * s.Lk + j) * s.Heads + h) * s.D;

    /// <summary>One result, its elements' bounds and variances.</summary>
    private sealed class Sums(int count, double unit, double least)
    {
        private readonly double[] values = new double[count], bounds = new double[count], floats = new double[count], variances = new double[count];

        /// <summary>A term; the weight's error in float32, and the factor that follows its rounding.</summary>
        public void Add(int at, double weight, double x, double error, double factor)
        {
            double rounded = unit * weight * x, inFloats = (error + factor * least) * Math.Abs(x);
            values[at] += weight * x;
            bounds[at] += Math.Abs(rounded) + inFloats;
            floats[at] += inFloats;
            variances[at] += rounded * rounded / 3;
        }

        public void Check(string name, float[] got)
        {
            Assert.Equal(values.Length, got.Length);
            double squares = 0;
            for (int i = 0; i < got.Length; i++)
            {
                double error = Math.Abs(got[i] - values[i]), stored = unit * Math.Abs(values[i]);
                Assert.True(error <= (stored + bounds[i]) * (1 + unit) + least, $"{name}[{i}] is {got[i]}, should be {values[i]}, bound {bounds[i]:g3}");
                double deviation = Math.Sqrt(variances[i] + stored * stored / 3) + floats[i] + least;
                // Where all weights are 0 or 1 (one key), nothing deviates.
                squares += deviation > 0 ? error * error / (deviation * deviation) : 0;
            }
            // Few elements say little about a mean.
            if (got.Length >= 500) Assert.True(squares <= got.Length, $"{name}: errors of {Math.Sqrt(squares / got.Length):g3} deviations");
        }
    }
}
