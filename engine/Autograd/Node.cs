namespace SeLoRA.Engine;

/// <summary>
/// One recorded operation: whose gradient it needs, what it saved, and how to continue. Once it ran or was released it records another
/// operation: only variables refer to a node, and what it made is marked <see cref="Variable.Spent"/>.
/// </summary>
internal abstract class Node
{
    private static long lastSequence, lastWalk;

    private readonly SavedTensors saved = new();
    private Variable?[] inputs = [];
    private int count;
    private long walker;

    /// <summary>Name, for messages.</summary>
    public string Op { get; private set; } = "";

    /// <summary>Order of recording: a node always comes after the nodes that made its inputs.</summary>
    public long Sequence { get; private set; }

    /// <summary>Where gradients go.</summary>
    public ReadOnlySpan<Variable?> Inputs => inputs.AsSpan(0, count);

    /// <summary>What it made.</summary>
    public Variable Output { get; private set; } = null!;

    /// <summary>Whether <see cref="Remake"/> can make the result again.</summary>
    public abstract bool CanRemake { get; }

    /// <summary>The node that made a variable.</summary>
    public static Node Of(Variable variable) => variable.Producer ?? Check.Fail<Node>(
        "Backward: backward ran twice through the same graph; run the forward pass again before each Backward()");

    /// <summary>A number for <see cref="Visit"/> that no walk over a graph had before; never 0.</summary>
    public static long NewWalk() => Interlocked.Increment(ref lastWalk);

    /// <summary>
    /// True the first time in a walk, which has the node to itself from then on until it releases or leaves it. Another walk, that of another
    /// thread, is an error.
    /// </summary>
    /// <param name="made">What the node made when it was found; it may have been released, and record something else, since.</param>
    /// <param name="walk">From <see cref="NewWalk"/>.</param>
    public bool Visit(Variable made, long walk)
    {
        if (Volatile.Read(ref walker) == walk) return false;
        bool free = Interlocked.CompareExchange(ref walker, walk, 0) == 0;
        if (free && ReferenceEquals(Output, made)) return true;
        if (free) Leave();
        return Check.Fail<bool>("Backward: another thread walks through this graph, backwards or to release it; a graph is one thread's at a time");
    }

    /// <summary>Ends a walk that was broken off before it released the node.</summary>
    public void Leave() => Volatile.Write(ref walker, 0);

    /// <summary>The result once more, made of what was saved.</summary>
    public abstract Tensor Remake();

    /// <summary>Runs backward once, then frees what was saved.</summary>
    public void Run(Tensor dy)
    {
        using (var scope = new TensorScope(hidden: true)) Backward(dy);
        Release();
    }

    /// <summary>Frees what was saved, without running where the graph is abandoned. The node is another operation's from now on.</summary>
    public void Release()
    {
        saved.Clear();
        Array.Clear(inputs);
        Output.Producer = null;
        Output.Spent = true;
        Output = null!;
        GiveBack();
    }

    /// <summary>Saved tensor <paramref name="i"/>.</summary>
    public Tensor? Saved(int i) => saved.Get(i);

    /// <summary>Records an operation; the result's variable.</summary>
    protected Variable Begin(string op, ReadOnlySpan<Tensor?> from, ReadOnlySpan<Tensor?> kept)
    {
        if (inputs.Length < from.Length) inputs = new Variable?[from.Length];
        count = from.Length;
        for (int i = 0; i < count; i++) inputs[i] = from[i]?.Variable;
        saved.Keep(kept);
        Op = op;
        Sequence = Interlocked.Increment(ref lastSequence);
        Output = new Variable { Producer = this };
        Leave();
        return Output;
    }

    /// <summary>Gives each input its gradient.</summary>
    protected abstract void Backward(Tensor dy);

    /// <summary>Forgets the operation and becomes idle.</summary>
    protected abstract void GiveBack();
}

/// <summary>A node with the numbers that its operation's functions are given.</summary>
internal sealed class Node<TState> : Node
{
    private Action<BackwardContext, TState> backward = null!;
    private Func<BackwardContext, TState, Tensor>? remake;
    private TState state = default!;

    private Node()
    {
    }

    /// <inheritdoc/>
    public override bool CanRemake => remake is not null;

    /// <summary>Records an operation; the result's variable.</summary>
    public static Variable Record(string op, ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<Tensor?> saved, TState state,
        Action<BackwardContext, TState> backward, Func<BackwardContext, TState, Tensor>? remake)
    {
        Node<TState> node = Idle<Node<TState>>.Take() ?? new Node<TState>();
        node.state = state;
        node.backward = backward;
        node.remake = remake;
        return node.Begin(op, inputs, saved);
    }

    /// <inheritdoc/>
    public override Tensor Remake() => remake!(new BackwardContext(this, null!), state);

    /// <inheritdoc/>
    protected override void Backward(Tensor dy) => backward(new BackwardContext(this, dy), state);

    /// <inheritdoc/>
    protected override void GiveBack()
    {
        state = default!;
        Idle<Node<TState>>.Give(this);
    }
}

/// <summary>What an operation's backward sees: saved tensors, the incoming gradient, and where to put the outgoing ones.</summary>
internal readonly struct BackwardContext(Node node, Tensor dy)
{
    /// <summary>Gradient of the output.</summary>
    public Tensor Dy => dy;

    /// <summary>Saved tensor <paramref name="i"/>, in the order given to Record.</summary>
    public Tensor this[int i] => node.Saved(i)!;

    /// <summary>Whether input <paramref name="i"/> wants a gradient; frozen inputs cost nothing.</summary>
    public bool Needs(int i) => node.Inputs[i] is not null;

    /// <summary>Adds <paramref name="grad"/> to input i's gradient.</summary>
    public void Give(int i, Tensor grad) => node.Inputs[i]?.Accumulate(grad);
}
