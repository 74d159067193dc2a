namespace SeLoRA.Engine;

/// <summary>Clipping of gradients by their joint norm.</summary>
public static class GradClip
{
    /// <summary>
    /// Scales all gradients so that the L2 norm over all of them together is at most <paramref name="maxNorm"/>, as
    /// <c>torch.nn.utils.clip_grad_norm_</c> does, and returns the norm before.
    /// </summary>
    public static float ClipNorm(IEnumerable<Tensor> tensors, float maxNorm)
    {
        List<Tensor> grads = [.. tensors.Where(t => t.Grad is not null).Select(t => t.Grad!)];
        float norm = Norm(grads);
        float factor = maxNorm / (norm + 1e-6f);
        if (factor < 1f)
            foreach (Tensor g in grads) g.Backend.Scale(g, factor, g);
        return norm;
    }

    /// <summary>Joint L2 norm of the given tensors, summed in double.</summary>
    public static float Norm(IReadOnlyList<Tensor> tensors)
    {
        using var scope = new TensorScope();
        using IDisposable noGrad = Autograd.NoGrad();
        // Queue every reduction before the first read, so that a device works while the host waits once.
        Tensor[] squares = [.. tensors.Select(Ops.SumSquares)];
        double sum = 0;
        foreach (Tensor s in squares) sum += s.Item();
        return (float)Math.Sqrt(sum);
    }
}
