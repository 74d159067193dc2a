namespace SeLoRA.Engine;

/// <summary>Autograd's side of a tensor: its identity in the graph, which outlives the handle, and its gradient.</summary>
internal sealed class Variable
{
    /// <summary>Operation that made the tensor; null for a leaf, and once that operation is <see cref="Spent"/>.</summary>
    public Node? Producer;

    /// <summary>Gradient accumulated so far; owned here.</summary>
    public Tensor? Grad;

    /// <summary>Keep the gradient of this intermediate tensor for the user.</summary>
    public bool Retain;

    /// <summary>The operation that made the tensor has run backwards or was released: its node is gone.</summary>
    public bool Spent;

    private int busy;

    /// <summary>Whether users see the gradient: a leaf's, or one that was asked for.</summary>
    public bool IsVisible => Retain || IsLeaf;

    private bool IsLeaf => Producer is null && !Spent;

    /// <summary>Adds a gradient; what is kept is never the handle that was given.</summary>
    public void Accumulate(Tensor grad)
    {
        // What an operation made belongs to the one walk that has the operation; walks of several threads may end in one leaf.
        if (!IsLeaf)
        {
            Add(grad);
            return;
        }
        // Waiting could not end: the other thread may be waiting for a device that this one has. And the sum would depend on who is first.
        if (Interlocked.Exchange(ref busy, 1) != 0)
            Check.Fail("Backward: two threads add to the gradient of one tensor at once; give each thread parameters of its own, or let them take turns");
        try
        {
            Add(grad);
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    /// <summary>Frees the gradient.</summary>
    public void Free()
    {
        Tensor? grad = Interlocked.Exchange(ref Grad, null);
        if (IsVisible) grad?.Dispose();
        else grad?.Recycle();
    }

    private void Add(Tensor grad)
    {
        if (Grad is null)
        {
            Grad = Own(grad);
            return;
        }
        // Add's backward hands one storage to both inputs: only memory that nobody else holds may be summed into.
        if (!Grad.Storage.IsUnique)
        {
            using var scope = new TensorScope(hidden: true);
            Tensor copy = Grad.EmptyLike();
            copy.Backend.Copy(Grad, copy);
            Free();
            Grad = Own(copy);
        }
        if (Grad.DType == DType.F32 || Grad.Device.Kind != DeviceKind.Cpu) Grad.Backend.AddScaled(grad, 1f, Grad);
        else AddNarrow(Grad, grad);
    }

    private Tensor Own(Tensor grad) => IsVisible ? TensorScope.Detach(grad.Detach()) : grad.Hold();

    /// <summary>16-bit gradients, which on the host only casts have, are added in float32 and rounded once.</summary>
    private static void AddNarrow(Tensor sum, Tensor grad)
    {
        using var scope = new TensorScope(hidden: true);
        Tensor wide = Ops.Cast(sum, DType.F32);
        wide.Backend.AddScaled(Ops.Cast(grad, DType.F32), 1f, wide);
        wide.Backend.Cast(wide, sum);
    }
}
