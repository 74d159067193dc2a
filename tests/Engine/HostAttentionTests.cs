using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The host's attention, forward and backward, against the formulas in double precision, with guard values.</summary>
[Collection(nameof(ParallelForTests))] // Some of these change the number of threads.
public class HostAttentionTests
{
    private static readonly IBackend Host = Backend.Get(Device.Cpu);

    /// <summary>n, lq, lk, heads, d, causal.</summary>
    public static TheoryData<int, int, int, int, int, bool> Shapes() => new()
    {
        { 1, 1, 1, 1, 1, false },
        { 1, 1, 5, 2, 3, false },
        { 2, 13, 7, 3, 5, false },
        { 1, 49, 49, 2, 160, false },
        { 1, 49, 77, 8, 40, false },
        { 2, 77, 77, 3, 64, true },
        { 1, 300, 300, 2, 40, true },
        { 1, 131, 131, 1, 80, true },
        { 1, 210, 530, 1, 40, false },
        { 1, 97, 33, 1, 512, false },
        { 1, 40, 300, 1, 600, false },
        { 3, 100, 17, 1, 8, false },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attention_forward_and_backward_equal_reference(int n, int lq, int lk, int heads, int d, bool causal)
    {
        var reference = new Reference(new AttentionShape(n, lq, lk, heads, d, 1.3f / MathF.Sqrt(d), causal), 1f);
        reference.Check();
    }

    /// <summary>Large scores: without the running maximum these exponentials overflow; a negative scale turns the order of keys round.</summary>
    [Theory]
    [InlineData(1f)]
    [InlineData(-1f)]
    public void Attention_large_scores_stay_finite(float sign) =>
        new Reference(new AttentionShape(1, 30, 270, 2, 20, sign * 4f, false), 6f).Check();

    /// <summary>One head on several threads takes the walks over blocks, many heads the walk over heads: same bits.</summary>
    [Theory]
    [InlineData(1, 200, 300, false)]
    [InlineData(3, 270, 270, true)]
    public void Attention_bits_do_not_depend_on_threads(int heads, int lq, int lk, bool causal)
    {
        var reference = new Reference(new AttentionShape(1, lq, lk, heads, 40, 0.16f, causal), 1f);
        int before = HostBackend.Threads;
        try
        {
            HostBackend.Threads = 1;
            float[] one = [.. reference.Forward().SelectMany(x => x), .. reference.Backward().SelectMany(x => x)];
            HostBackend.Threads = 7;
            float[] seven = [.. reference.Forward().SelectMany(x => x), .. reference.Backward().SelectMany(x => x)];
            Assert.Equal(one, seven);
        }
        finally
        {
            HostBackend.Threads = before;
        }
    }

    private sealed class Reference
    {
        private readonly AttentionShape s;
        private readonly float[] q, k, v, dy;
        private readonly double[] y, lse, dq, dk, dv;

        public Reference(AttentionShape shape, float spread)
        {
            s = shape;
            int width = s.Heads * s.D;
            q = Array.ConvertAll(GuardedTensor.Random(s.N * s.Lq * width, 1), x => x * spread);
            k = Array.ConvertAll(GuardedTensor.Random(s.N * s.Lk * width, 2), x => x * spread);
            v = GuardedTensor.Random(k.Length, 3);
            dy = GuardedTensor.Random(q.Length, 4);
            (y, dq, dk, dv) = (new double[q.Length], new double[q.Length], new double[k.Length], new double[k.Length]);
            lse = new double[s.N * s.Heads * s.Lq];
            for (int nh = 0; nh < s.N * s.Heads; nh++)
                for (int i = 0; i < s.Lq; i++) Row(nh / s.Heads, nh % s.Heads, i);
        }

        public float[][] Forward()
        {
            using GuardedTensor tq = new(q), tk = new(k), tv = new(v), ty = new(new float[q.Length]), tl = new(new float[lse.Length]);
            Host.Attention(tq.Tensor, tk.Tensor, tv.Tensor, ty.Tensor, tl.Tensor, s);
            return [ty.Read(), tl.Read()];
        }

        public float[][] Backward()
        {
            float[][] forward = Forward();
            using GuardedTensor tq = new(q), tk = new(k), tv = new(v), ty = new(forward[0]), tl = new(forward[1]), tdy = new(dy);
            using GuardedTensor tdq = new(new float[q.Length]), tdk = new(new float[k.Length]), tdv = new(new float[k.Length]);
            Host.AttentionBackward(tq.Tensor, tk.Tensor, tv.Tensor, ty.Tensor, tl.Tensor, tdy.Tensor, tdq.Tensor, tdk.Tensor,
                tdv.Tensor, s);
            return [tdq.Read(), tdk.Read(), tdv.Read()];
        }

        public void Check()
        {
            float[][] forward = Forward(), backward = Backward();
            // A score's error is relative to its terms' size; the exponential turns it into a relative error of P.
            double score = 1.2e-7 * (2 + Math.Sqrt(s.D)) * (1 + Math.Abs(s.Scale) * s.D * q.Max() * k.Max());
            Near("y", y, forward[0], score);
            Near("lse", lse, forward[1], score);
            Near("dq", dq, backward[0], 3 * score);
            Near("dk", dk, backward[1], 3 * score);
            Near("dv", dv, backward[2], 3 * score);
        }

        private static void Near(string name, double[] expected, float[] got, double tolerance)
        {
            double size = expected.Max(Math.Abs);
            for (int i = 0; i < got.Length; i++)
            {
                Assert.True(Math.Abs(got[i] - expected[i]) <= tolerance * Math.Max(size, 0.1),
                    $"{name}[{i}] is {got[i]}, should be {expected[i]:g9} within {tolerance * size:g3}");
            }
        }

        private void Row(int n, int head, int i)
        {
            int width = s.Heads * s.D, keys = s.Causal ? i + 1 : s.Lk;
            int qi = (n * s.Lq + i) * width + head * s.D;
            int Key(int j) => (n * s.Lk + j) * width + head * s.D;
            double[] p = new double[keys], dp = new double[keys];
            for (int j = 0; j < keys; j++)
                for (int c = 0; c < s.D; c++)
                {
                    p[j] += (double)s.Scale * q[qi + c] * k[Key(j) + c];
                    dp[j] += (double)dy[qi + c] * v[Key(j) + c];
                }
            double max = p.Max(), sum = p.Sum(x => Math.Exp(x - max)), delta = 0;
            lse[(n * s.Heads + head) * s.Lq + i] = max + Math.Log(sum);
            for (int j = 0; j < keys; j++)
            {
                p[j] = Math.Exp(p[j] - max) / sum;
                delta += p[j] * dp[j];
            }
            for (int j = 0; j < keys; j++)
            {
                double ds = s.Scale * p[j] * (dp[j] - delta);
                for (int c = 0; c < s.D; c++)
                {
                    y[qi + c] += p[j] * v[Key(j) + c];
                    dq[qi + c] += ds * k[Key(j) + c];
                    dk[Key(j) + c] += ds * q[qi + c];
                    dv[Key(j) + c] += p[j] * dy[qi + c];
                }
            }
        }
    }
}
