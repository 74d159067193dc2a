namespace SeLoRA.Engine;

/// <summary>Define-by-run differentiation: operations on tensors that need a gradient record how to go back.</summary>
public static class Autograd
{
    [ThreadStatic] private static int disabled;
    [ThreadStatic] private static PriorityQueue<Node, long>? idleQueue;

    /// <summary>Whether operations record on this thread.</summary>
    public static bool Enabled => disabled == 0;

    /// <summary>Switches recording off until disposed: <c>using (Autograd.NoGrad()) ...</c>. May be nested.</summary>
    public static IDisposable NoGrad()
    {
        disabled++;
        return new Restore(-1);
    }

    /// <summary>Switches recording on inside a no-grad region; gradient checkpointing recomputes under it.</summary>
    internal static IDisposable ForceGrad()
    {
        int before = disabled;
        disabled = 0;
        return new Restore(before);
    }

    /// <summary>True if any of the tensors takes part in differentiation and recording is on.</summary>
    internal static bool Records(ReadOnlySpan<Tensor?> inputs)
    {
        if (!Enabled) return false;
        foreach (Tensor? x in inputs)
            if (x?.Variable is not null) return true;
        return false;
    }

    /// <summary>
    /// Records an operation and returns <paramref name="y"/>. Saved tensors are retained until backward ran. Does nothing (and saves
    /// nothing) when no input needs a gradient.
    /// </summary>
    /// <param name="op">Name, for messages.</param>
    /// <param name="y">The result.</param>
    /// <param name="inputs">What gradients go to.</param>
    /// <param name="saved">What backward needs.</param>
    /// <param name="state">Numbers that backward needs: a value or a tuple of them. Capturing them instead would allocate in every call.</param>
    /// <param name="backward">Gives each input its gradient.</param>
    /// <param name="remake">
    /// Computes y once more from the saved tensors, to the same bits; for operations that cost little. Operations after this one then save
    /// no copy of y: theirs is made again when their backward, which runs before this one's, asks for it.
    /// </param>
    internal static Tensor Record<TState>(string op, Tensor y, ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<Tensor?> saved, TState state,
        Action<BackwardContext, TState> backward, Func<BackwardContext, TState, Tensor>? remake = null)
    {
        if (Records(inputs)) y.Variable = Node<TState>.Record(op, inputs, saved, state, backward, remake);
        return y;
    }

    /// <summary>Records an operation whose functions need no numbers.</summary>
    internal static Tensor Record(string op, Tensor y, ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<Tensor?> saved,
        Action<BackwardContext> backward, Func<BackwardContext, Tensor>? remake = null) =>
        Record(op, y, inputs, saved, (Backward: backward, Remake: remake), static (ctx, f) => f.Backward(ctx),
            remake is null ? null : static (ctx, f) => f.Remake!(ctx));

    /// <summary>An operation without a derivative: recording it on a tensor that needs one is an error, never silence.</summary>
    internal static Tensor RecordNone(string op, Tensor y, params ReadOnlySpan<Tensor?> inputs)
    {
        if (Records(inputs)) Check.Fail($"{op}: has no backward; call it under Autograd.NoGrad() or on a detached tensor");
        return y;
    }

    /// <summary>Runs the graph behind <paramref name="root"/> backwards, newest operation first.</summary>
    internal static void Backward(Variable root, Tensor seed)
    {
        // A block that is recomputed in backward has a walk of its own inside this one.
        PriorityQueue<Node, long> queue = idleQueue ?? new PriorityQueue<Node, long>();
        idleQueue = null;
        queue.Clear();
        long walk = Node.NewWalk();
        using IDisposable noGrad = NoGrad();
        Node? node = null;
        try
        {
            Enqueue(root);
            root.Accumulate(seed);
            while (queue.TryDequeue(out node, out _))
            {
                foreach (Variable? input in node.Inputs)
                    if (input is not null) Enqueue(input);
                Variable output = node.Output;
                if (output.Grad is null) node.Release();
                else node.Run(output.Grad);
                if (!output.Retain) output.Free();
            }
        }
        catch
        {
            // What the walk had taken can be released still.
            node?.Leave();
            while (queue.TryDequeue(out node, out _)) node.Leave();
            throw;
        }
        idleQueue = queue;

        void Enqueue(Variable variable)
        {
            if (variable.Producer is null && !variable.Spent) return;
            Node maker = Node.Of(variable);
            if (maker.Visit(variable, walk)) queue.Enqueue(maker, -maker.Sequence);
        }
    }

    /// <summary>Frees everything a graph saved without running it.</summary>
    internal static void Abandon(Variable root)
    {
        var stack = new Stack<Node>();
        long walk = Node.NewWalk();
        Node? node = null;
        try
        {
            Push(root);
            while (stack.TryPop(out node))
            {
                foreach (Variable? input in node.Inputs)
                    if (input is not null) Push(input);
                node.Release();
            }
        }
        catch
        {
            node?.Leave();
            while (stack.TryPop(out node)) node.Leave();
            throw;
        }

        void Push(Variable variable)
        {
            if (variable.Producer is { } maker && maker.Visit(variable, walk)) stack.Push(maker);
        }
    }

    private sealed class Restore(int before) : IDisposable
    {
        private readonly int thread = Environment.CurrentManagedThreadId;
        private bool done;

        public void Dispose()
        {
            if (done) return;
            if (thread != Environment.CurrentManagedThreadId) Check.Fail("NoGrad: ended on another thread than it began on; do not await inside it");
            done = true;
            disabled = before < 0 ? disabled - 1 : before;
        }
    }
}
