using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The tensors of a case on the host, each with NaN around it, and what is checked of results.</summary>
internal sealed class TensorCoreAttentionProblem
{
    /// <summary>Elements before and after each tensor.</summary>
    public const int Guard = 64;

    public TensorCoreAttentionProblem(TensorCoreAttentionCase test)
    {
        Test = test;
        AttentionShape s = test.Shape;
        int ofQueries = s.N * s.Lq * s.Heads * s.D, ofKeys = s.N * s.Lk * s.Heads * s.D;
        (Q, K, V, Dy) = (Values(ofQueries, 1), Values(ofKeys, 2), Values(ofKeys, 3), Values(ofQueries, 4));
        (Y, Dq, Dk, Dv) = (Unwritten(ofQueries, test.DType), Unwritten(ofQueries, test.DType), Unwritten(ofKeys, test.DType), Unwritten(ofKeys, test.DType));
        Lse = Unwritten(s.N * s.Heads * s.Lq, DType.F32);
        Row = TensorCoreAttentionTable.Find(s.D, test.DType);
        Assert.Null(TensorCoreContract.Violation(Lse, s, Q, K, V, Y, Dy, Dq, Dk, Dv));
    }

    public TensorCoreAttentionCase Test { get; }

    /// <summary>The kernels.</summary>
    public TensorCoreAttentionRow Row { get; }

    public Tensor Q { get; }

    public Tensor K { get; }

    public Tensor V { get; }

    public Tensor Dy { get; }

    public Tensor Y { get; }

    public Tensor Lse { get; }

    public Tensor Dq { get; }

    public Tensor Dk { get; }

    public Tensor Dv { get; }

    /// <summary>A tensor's values without the guards.</summary>
    public static float[] Inner(Tensor x) => TensorCoreProblem.Values(x)[Guard..^Guard];

    /// <summary>The values in a result's bytes, after the guards have been found untouched.</summary>
    public static float[] Inner(byte[] bytes, DType dtype)
    {
        float[] all = TensorCoreProblem.Decode(bytes, dtype);
        Assert.True(all[..Guard].Concat(all[^Guard..]).All(float.IsNaN), "wrote around the result");
        return all[Guard..^Guard];
    }

    private Tensor Values(int count, int seed)
    {
        float[] all = [.. Enumerable.Repeat(float.NaN, Guard), .. GuardedTensor.Random(count, seed), .. Enumerable.Repeat(float.NaN, Guard)];
        return TensorCoreProblem.Of(all, new Shape(all.Length), Test.DType);
    }

    private static Tensor Unwritten(int count, DType dtype) =>
        TensorCoreProblem.Of([.. Enumerable.Repeat(float.NaN, count + 2 * Guard)], new Shape(count + 2 * Guard), dtype);
}
