namespace SeLoRA.Engine;

/// <summary>
/// Owns every tensor created on this thread while it is the innermost scope and disposes them together, so that intermediate results
/// return to the pool at a known moment: <c>using var scope = new TensorScope(); ... return scope.Return(y);</c>.
/// What backward needs stays alive through the tape's own references.
/// </summary>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic] private static TensorScope? current;

    private readonly TensorScope? parent;
    private readonly List<Tensor> tensors = [];

    /// <summary>Opens a scope inside the current one.</summary>
    public TensorScope()
    {
        parent = current;
        current = this;
    }

    /// <summary>Lets <paramref name="tensor"/> survive this scope: it passes to the enclosing scope, or to the caller if there is none.</summary>
    public Tensor Return(Tensor tensor)
    {
        if (tensor.Scope == this)
        {
            tensor.Scope = parent;
            parent?.tensors.Add(tensor);
        }
        return tensor;
    }

    /// <summary>Takes <paramref name="tensor"/> out of all scopes: from now on its owner disposes it.</summary>
    public static Tensor Detach(Tensor tensor)
    {
        tensor.Scope = null;
        return tensor;
    }

    internal static TensorScope? Register(Tensor tensor)
    {
        current?.tensors.Add(tensor);
        return current;
    }

    /// <summary>Disposes every tensor that was created inside and not returned.</summary>
    public void Dispose()
    {
        if (current != this) Check.Fail("TensorScope: scopes must be disposed innermost first");
        current = parent;
        foreach (Tensor tensor in tensors)
            if (tensor.Scope == this) tensor.Dispose();
        tensors.Clear();
    }
}
