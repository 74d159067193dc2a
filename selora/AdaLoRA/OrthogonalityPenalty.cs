using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// AdaLoRA's penalty (eq. 4 of the paper) in the form of the authors' code: weight times the mean over all A and B of |G|, the Frobenius
/// norm, not squared, of G = A A^T - I or B^T B - I. Its gradients are weight / layers G A / |G| and B G / |G|: small r x r matrices,
/// written out here instead of recorded.
/// </summary>
internal sealed class OrthogonalityPenalty(TripletAdapter[] adapters, double weight)
{
    private readonly int r = adapters[0].E.Shape[0];

    /// <summary>Adds the penalty's gradients to those of the loss.</summary>
    /// <returns>The penalty.</returns>
    public double AddGradients()
    {
        using var scope = new TensorScope();
        using IDisposable noGrad = Autograd.NoGrad();
        IBackend backend = adapters[0].A.Backend;
        int n = adapters.Length, square = r * r;
        Tensor grams = Tensor.Empty(new Shape(2 * n * r, r), adapters[0].A.Device), squares = Tensor.Empty(new Shape(2 * n), grams.Device);
        for (int i = 0; i < n; i++)
        {
            (Tensor a, Tensor b) = (adapters[i].A, adapters[i].B);
            backend.Gemm(a, a, Gram(grams, 2 * i), new GemmShape(r, r, a.Shape[1], TransB: true), new GemmEpilogue());
            backend.Gemm(b, b, Gram(grams, 2 * i + 1), new GemmShape(r, r, b.Shape[0], TransA: true), new GemmEpilogue());
        }
        var identity = new float[square];
        for (int i = 0; i < r; i++) identity[i * (r + 1)] = 1;
        backend.Binary<SubOp>(grams, Tensor.From(identity, new Shape(square), grams.Device), grams, new BroadcastShape(1, 2 * n, square));
        backend.Reduce(Reduction.SumSquares, grams, squares, 2 * n, square, 1, 1f);
        double[] norms = [.. squares.ToArray().Select(s => Math.Sqrt(s))];
        for (int i = 0; i < n; i++)
        {
            (Tensor a, Tensor b) = (adapters[i].A, adapters[i].B);
            backend.Gemm(Gram(grams, 2 * i), a, Grad(i, a), new GemmShape(r, a.Shape[1], r), Added(norms[2 * i]));
            backend.Gemm(b, Gram(grams, 2 * i + 1), Grad(i, b), new GemmShape(b.Shape[0], r, r), Added(norms[2 * i + 1]));
        }
        return weight * norms.Average();

        // At |G| = 0 the norm has a kink; 0 is a gradient there as good as any.
        GemmEpilogue Added(double norm) => new() { Alpha = norm > 0 ? (float)(weight / (n * norm)) : 0f, Accumulate = true };
    }

    private Tensor Gram(Tensor grams, int i) => grams.Narrow(i * r, r);

    private Tensor Grad(int i, Tensor factor) => factor.Grad
        ?? throw new EngineException($"{adapters[i].Target.FullName}: took no part in the backward pass; leave it out of the targets");
}
