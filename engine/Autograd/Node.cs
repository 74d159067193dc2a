namespace SeLoRA.Engine;

/// <summary>One recorded operation: whose gradient it needs, what it saved, and how to continue.</summary>
internal sealed class Node
{
    private static long lastSequence, lastWalk;

    private readonly Action<BackwardContext> backward;
    private readonly Func<BackwardContext, Tensor>? remake;
    private SavedTensors? saved;
    private long visited;

    public Node(string op, Variable?[] inputs, Variable output, SavedTensors saved, Action<BackwardContext> backward,
        Func<BackwardContext, Tensor>? remake)
    {
        Op = op;
        Inputs = inputs;
        Output = output;
        this.saved = saved;
        this.backward = backward;
        this.remake = remake;
        Sequence = Interlocked.Increment(ref lastSequence);
    }

    public string Op { get; }

    /// <summary>Order of recording: a node always comes after the nodes that made its inputs.</summary>
    public long Sequence { get; }

    public Variable?[] Inputs { get; }

    public Variable Output { get; }

    /// <summary>Whether <see cref="Remake"/> can make the result again.</summary>
    public bool CanRemake => remake is not null;

    /// <summary>A number for <see cref="Visit"/> that no walk over a graph had before.</summary>
    public static long NewWalk() => Interlocked.Increment(ref lastWalk);

    /// <summary>True the first time in a walk.</summary>
    public bool Visit(long walk)
    {
        bool first = visited != walk;
        visited = walk;
        return first;
    }

    /// <summary>The result once more, made of what was saved.</summary>
    public Tensor Remake() => remake!(new BackwardContext(this, Held, null!));

    /// <summary>Runs backward once, then frees what was saved.</summary>
    public void Run(Tensor dy)
    {
        using (var scope = new TensorScope())
            backward(new BackwardContext(this, Held, dy));
        Release();
    }

    /// <summary>Frees saved tensors without running (an abandoned graph).</summary>
    public void Release()
    {
        saved?.Dispose();
        saved = null;
    }

    private SavedTensors Held => saved ?? Check.Fail<SavedTensors>(
        $"{Op}: backward ran twice through the same graph; run the forward pass again before each Backward()");
}

/// <summary>What an operation's backward sees: saved tensors, the incoming gradient, and where to put the outgoing ones.</summary>
internal readonly struct BackwardContext(Node node, SavedTensors saved, Tensor dy)
{
    /// <summary>Gradient of the output.</summary>
    public Tensor Dy => dy;

    /// <summary>Saved tensor <paramref name="i"/>, in the order given to Record.</summary>
    public Tensor this[int i] => saved.Get(i)!;

    /// <summary>Saved tensor that may have been null.</summary>
    public Tensor? Optional(int i) => saved.Get(i);

    /// <summary>Whether input <paramref name="i"/> wants a gradient; frozen inputs cost nothing.</summary>
    public bool Needs(int i) => node.Inputs[i] is not null;

    /// <summary>Adds <paramref name="grad"/> to input i's gradient.</summary>
    public void Give(int i, Tensor grad) => node.Inputs[i]?.Accumulate(grad);
}
