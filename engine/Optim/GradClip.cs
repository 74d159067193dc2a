namespace SeLoRA.Engine;

/// <summary>Clipping of gradients by their joint norm.</summary>
public static class GradClip
{
    /// <summary>Added to the norm that the largest one is divided by, as PyTorch does.</summary>
    internal const float Eps = 1e-6f;

    /// <summary>Numbers of a verdict; see <see cref="IBackend.JudgeGradients"/>.</summary>
    public const int VerdictCount = 2;

    /// <summary>
    /// Scales all gradients so that the L2 norm over all of them together is at most <paramref name="maxNorm"/>, as
    /// <c>torch.nn.utils.clip_grad_norm_</c> does, and returns the norm before.
    /// </summary>
    public static float ClipNorm(IEnumerable<Tensor> tensors, float maxNorm)
    {
        List<Tensor> grads = [.. tensors.Where(t => t.Grad is not null).Select(t => t.Grad!)];
        float norm = Norm(grads);
        Clip(grads, norm, maxNorm);
        return norm;
    }

    /// <summary>Scales gradients whose joint norm is known.</summary>
    private static void Clip(IEnumerable<Tensor> grads, float norm, float maxNorm)
    {
        float factor = maxNorm / (norm + Eps);
        if (factor < 1f)
            foreach (Tensor g in grads) g.Backend.Scale(g, factor, g);
    }

    /// <summary>Joint L2 norm of the given tensors, summed in double.</summary>
    public static float Norm(IReadOnlyList<Tensor> tensors)
    {
        if (tensors.Count == 0) return 0f;
        using var scope = new TensorScope();
        Tensor squares = tensors[0].EmptyF32(new Shape(tensors.Count));
        for (int i = 0; i < tensors.Count; i++) SumSquares(tensors[i], squares, i);
        return Norm(squares.ToArray());
    }

    /// <summary>Queues the sum of a gradient's squares to an element of <paramref name="squares"/>, so that the device is waited for once.</summary>
    public static void SumSquares(Tensor grad, Tensor squares, int index)
    {
        using Tensor one = TensorScope.Detach(squares.Narrow(index, 1));
        grad.Backend.Reduce(Reduction.SumSquares, grad, one, 1, grad.Count, 1, 1f);
    }

    /// <summary>The norm that sums of squares make.</summary>
    public static float Norm(ReadOnlySpan<float> squares)
    {
        double sum = 0;
        foreach (float s in squares) sum += s;
        return (float)Math.Sqrt(sum);
    }
}
