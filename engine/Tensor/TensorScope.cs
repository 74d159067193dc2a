namespace SeLoRA.Engine;

/// <summary>
/// Owns every tensor created on this thread while it is the innermost scope and disposes them together, so that intermediate results
/// return to the pool at a known moment: <c>using var scope = new TensorScope(); ... return scope.Return(y);</c>.
/// What backward needs stays alive through the tape's own references. Opening one allocates nothing.
/// </summary>
public readonly ref struct TensorScope : IDisposable
{
    private static long last;

    [ThreadStatic] private static Owned? owned;

    // Numbers are unique in the process, so that a tensor is never taken for another thread's or an earlier scope's; 0 is none.
    private readonly long id, parent;
    private readonly int start;
    private readonly bool parentHidden;

    /// <summary>Opens a scope inside the current one.</summary>
    public TensorScope() : this(hidden: false)
    {
    }

    /// <summary>
    /// Opens a scope. The handles of a hidden one are used again after it: no user's code runs directly in it, and nothing is returned
    /// from it.
    /// </summary>
    internal TensorScope(bool hidden)
    {
        Owned mine = owned ??= new Owned();
        parentHidden = mine.Hidden;
        mine.Hidden = hidden;
        id = Interlocked.Increment(ref last);
        parent = mine.Current;
        start = mine.Tensors.Count;
        mine.Current = id;
    }

    /// <summary>Whether the innermost scope is a hidden one.</summary>
    internal static bool IsHidden => owned is { Hidden: true };

    /// <summary>Lets <paramref name="tensor"/> survive this scope: it passes to the enclosing scope, or to the caller if there is none.</summary>
    public Tensor Return(Tensor tensor)
    {
        if (tensor.Scope == id) tensor.Scope = parent;
        return tensor;
    }

    /// <summary>Takes <paramref name="tensor"/> out of all scopes: from now on its owner disposes it.</summary>
    public static Tensor Detach(Tensor tensor)
    {
        tensor.Scope = 0;
        return tensor;
    }

    internal static long Register(Tensor tensor)
    {
        if (owned is not { Current: not 0 } mine) return 0;
        mine.Tensors.Add(tensor);
        return mine.Current;
    }

    /// <summary>Disposes every tensor that was created inside and not returned.</summary>
    public void Dispose()
    {
        Owned? mine = owned;
        if (mine is null || mine.Current != id) Check.Fail("TensorScope: scopes must be disposed innermost first");
        bool hidden = mine.Hidden;
        mine.Current = parent;
        mine.Hidden = parentHidden;
        List<Tensor> tensors = mine.Tensors;
        int kept = start;
        for (int i = start; i < tensors.Count; i++)
        {
            Tensor tensor = tensors[i];
            if (hidden && (tensor.Scope == id || tensor.IsDisposed)) tensor.Recycle();
            else if (tensor.Scope == id) tensor.Dispose();
            else if (tensor.Scope == parent && parent != 0) tensors[kept++] = tensor;
        }
        tensors.RemoveRange(kept, tensors.Count - kept);
    }

    /// <summary>A thread's innermost scope and the tensors of all its open scopes, each scope's after its parent's.</summary>
    private sealed class Owned
    {
        public readonly List<Tensor> Tensors = [];
        public long Current;
        public bool Hidden;
    }
}
