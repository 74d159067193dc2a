namespace SeLoRA.Engine;

/// <summary>One recorded operation: whose gradient it needs, what it saved, and how to continue.</summary>
internal sealed class Node
{
    private static long lastSequence;

    private readonly Action<BackwardContext> backward;
    private Tensor?[]? saved;

    public Node(string op, Variable?[] inputs, Variable output, Tensor?[] saved, Action<BackwardContext> backward)
    {
        Op = op;
        Inputs = inputs;
        Output = output;
        this.saved = saved;
        this.backward = backward;
        Sequence = Interlocked.Increment(ref lastSequence);
    }

    public string Op { get; }

    /// <summary>Order of recording: a node always comes after the nodes that made its inputs.</summary>
    public long Sequence { get; }

    public Variable?[] Inputs { get; }

    public Variable Output { get; }

    /// <summary>Runs backward once, then frees what was saved.</summary>
    public void Run(Tensor dy)
    {
        if (saved is null)
            Check.Fail($"{Op}: backward ran twice through the same graph; run the forward pass again before each Backward()");
        using (var scope = new TensorScope())
            backward(new BackwardContext(this, saved, dy));
        Release();
    }

    /// <summary>Frees saved tensors without running (an abandoned graph).</summary>
    public void Release()
    {
        if (saved is null) return;
        foreach (Tensor? tensor in saved) tensor?.Dispose();
        saved = null;
    }
}

/// <summary>What an operation's backward sees: saved tensors, the incoming gradient, and where to put the outgoing ones.</summary>
internal readonly struct BackwardContext(Node node, Tensor?[] saved, Tensor dy)
{
    /// <summary>Gradient of the output.</summary>
    public Tensor Dy => dy;

    /// <summary>Saved tensor <paramref name="i"/>, in the order given to Record.</summary>
    public Tensor this[int i] => saved[i]!;

    /// <summary>Saved tensor that may have been null.</summary>
    public Tensor? Optional(int i) => saved[i];

    /// <summary>Whether input <paramref name="i"/> wants a gradient; frozen inputs cost nothing.</summary>
    public bool Needs(int i) => node.Inputs[i] is not null;

    /// <summary>Adds <paramref name="grad"/> to input i's gradient.</summary>
    public void Give(int i, Tensor grad) => node.Inputs[i]?.Accumulate(grad);
}
