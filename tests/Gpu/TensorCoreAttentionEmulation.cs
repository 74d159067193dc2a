using System.Runtime.InteropServices;
using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>Runs attention's kernels on the host, as <see cref="TensorCoreEmulation"/> does products'.</summary>
internal sealed class TensorCoreAttentionEmulation(TensorCoreAttentionProblem problem, PtxOrder order, Func<string, string>? change = null)
{
    private const int GuardBytes16 = TensorCoreAttentionProblem.Guard * sizeof(ushort), GuardBytes32 = TensorCoreAttentionProblem.Guard * sizeof(float);

    private readonly AttentionShape shape = problem.Test.Shape;

    /// <summary>The worst use of a bank by any ldmatrix so far.</summary>
    public int WorstBankUse { get; private set; }

    /// <summary>Instructions executed so far, of all threads.</summary>
    public long Executed { get; private set; }

    /// <summary>y and lse as they lie in memory, guards included.</summary>
    public (byte[] Y, byte[] Lse) Forward()
    {
        var memory = new PtxMemory();
        byte[] y = TensorCoreProblem.BytesOf(problem.Y), lse = TensorCoreProblem.BytesOf(problem.Lse);
        long Place(Tensor x) => (long)memory.Place(TensorCoreProblem.BytesOf(x)) + GuardBytes16;
        TensorCoreAttentionArgs args = TensorCoreAttentionArgs.OwnQueries(shape, Place(problem.Q), 0, Place(problem.K), Place(problem.V),
            (long)memory.Place(lse) + GuardBytes32);
        Run(problem.Row.Forward, args, memory, memory.Place(y) + GuardBytes16, 0);
        return (y, lse);
    }

    /// <summary>dq, dk and dv, given what Forward returned.</summary>
    public (byte[] Dq, byte[] Dk, byte[] Dv) Backward(byte[] y, byte[] lse)
    {
        var memory = new PtxMemory();
        long Place(Tensor x) => (long)memory.Place(TensorCoreProblem.BytesOf(x)) + GuardBytes16;
        (long q, long k, long v, long dy) = (Place(problem.Q), Place(problem.K), Place(problem.V), Place(problem.Dy));
        var pairs = new float[2 * shape.N * shape.Heads * shape.Lq];
        Array.Fill(pairs, float.NaN);
        ulong statistics = memory.Place(MemoryMarshal.AsBytes(pairs.AsSpan()).ToArray());
        var views = new Dictionary<string, ulong>(StringComparer.Ordinal)
        {
            ["Y"] = memory.Place(y) + GuardBytes16, ["Dy"] = (ulong)dy, ["Lse"] = memory.Place(lse) + GuardBytes32, ["Statistics"] = statistics,
        };
        TensorCoreStatisticsArgs prepare = TensorCoreAttentionKernels.StatisticsOf(shape);
        Count(TensorCoreEmulation.Launch(TensorCoreAttentionKernels.StatisticsFor(problem.Test.DType), prepare, views, memory, order,
            threads => (prepare.Count + threads - 1) / threads, change));

        byte[] dq = TensorCoreProblem.BytesOf(problem.Dq), dk = TensorCoreProblem.BytesOf(problem.Dk), dv = TensorCoreProblem.BytesOf(problem.Dv);
        Run(problem.Row.QueryGradient, TensorCoreAttentionArgs.OwnQueries(shape, q, dy, k, v, (long)statistics), memory, memory.Place(dq) + GuardBytes16, 0);
        TensorCoreAttentionArgs ofKeys = TensorCoreAttentionArgs.OwnKeys(shape, q, dy, k, v, (long)statistics);
        ulong atDk = memory.Place(dk) + GuardBytes16, atDv = memory.Place(dv) + GuardBytes16;
        foreach (TensorCoreAttentionWalk walk in problem.Row.KeyGradients) Run(walk, ofKeys, memory, atDk, atDv);
        return (dq, dk, dv);
    }

    private void Run(TensorCoreAttentionWalk walk, TensorCoreAttentionArgs args, PtxMemory memory, ulong result, ulong resultOfValues)
    {
        args.Tiles = walk.Tiles(args.OwnRows);
        var views = new Dictionary<string, ulong>(StringComparer.Ordinal) { ["Result"] = result, ["ResultOfValues"] = resultOfValues };
        Count(TensorCoreEmulation.Launch(walk.Kernel, args, views, memory, order, _ => (long)args.Tiles * args.Heads * shape.N, change));
    }

    private void Count(PtxMachine machine)
    {
        WorstBankUse = Math.Max(WorstBankUse, machine.WorstBankUse);
        Executed += machine.Executed;
    }
}
