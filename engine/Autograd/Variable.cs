namespace SeLoRA.Engine;

/// <summary>Autograd's side of a tensor: its identity in the graph, which outlives the handle, and its gradient.</summary>
internal sealed class Variable
{
    /// <summary>Operation that made the tensor; null for a leaf.</summary>
    public Node? Producer;

    /// <summary>Keep the gradient of this intermediate tensor for the user.</summary>
    public bool Retain;

    /// <summary>Gradient accumulated so far; owned here.</summary>
    public Tensor? Grad;

    public bool IsLeaf => Producer is null;

    /// <summary>Adds a gradient. The tensor given becomes this variable's own unless it is summed into an earlier one.</summary>
    public void Accumulate(Tensor grad)
    {
        if (Grad is null)
        {
            Grad = TensorScope.Detach(grad.Detach());
            return;
        }
        // Add's backward hands one storage to both inputs: only memory that nobody else holds may be summed into.
        if (!Grad.Storage.IsUnique)
        {
            Tensor copy = TensorScope.Detach(Grad.EmptyLike());
            Grad.Backend.Copy(Grad, copy);
            Grad.Dispose();
            Grad = copy;
        }
        if (Grad.DType == DType.F32) Grad.Backend.AddScaled(grad, 1f, Grad);
        else AddNarrow(grad);
    }

    /// <summary>16-bit gradients are added in float32 and rounded once.</summary>
    private void AddNarrow(Tensor grad)
    {
        using var scope = new TensorScope();
        Tensor sum = Ops.Cast(Grad!, DType.F32);
        sum.Backend.AddScaled(Ops.Cast(grad, DType.F32), 1f, sum);
        sum.Backend.Cast(sum, Grad!);
    }

    /// <summary>Hands the gradient out and forgets it.</summary>
    public Tensor? Take()
    {
        Tensor? grad = Grad;
        Grad = null;
        return grad;
    }
}
