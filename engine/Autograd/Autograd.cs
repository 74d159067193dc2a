namespace SeLoRA.Engine;

/// <summary>Define-by-run differentiation: operations on tensors that need a gradient record how to go back.</summary>
public static class Autograd
{
    [ThreadStatic] private static int disabled;

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
    internal static Tensor Record(string op, Tensor y, Tensor?[] inputs, Tensor?[] saved, Action<BackwardContext> backward)
    {
        if (!Records(inputs)) return y;
        var variables = new Variable?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++) variables[i] = inputs[i]?.Variable;
        var kept = new Tensor?[saved.Length];
        for (int i = 0; i < saved.Length; i++)
            kept[i] = saved[i] is { } t ? TensorScope.Detach(t.Detach()) : null;
        var output = new Variable();
        output.Producer = new Node(op, variables, output, kept, backward);
        y.Variable = output;
        return y;
    }

    /// <summary>An operation without a derivative: recording it on a tensor that needs one is an error, never silence.</summary>
    internal static Tensor RecordNone(string op, Tensor y, params ReadOnlySpan<Tensor?> inputs)
    {
        if (Records(inputs)) Check.Fail($"{op}: has no backward; call it under Autograd.NoGrad() or on a detached tensor");
        return y;
    }

    /// <summary>Runs the graph behind <paramref name="root"/> backwards, newest operation first.</summary>
    internal static void Backward(Variable root, Tensor seed)
    {
        root.Accumulate(seed);
        var queue = new PriorityQueue<Node, long>();
        var seen = new HashSet<Node>();
        if (root.Producer is not null && seen.Add(root.Producer)) queue.Enqueue(root.Producer, -root.Producer.Sequence);
        using IDisposable noGrad = NoGrad();
        while (queue.TryDequeue(out Node? node, out _))
        {
            foreach (Variable? input in node.Inputs)
                if (input?.Producer is { } producer && seen.Add(producer)) queue.Enqueue(producer, -producer.Sequence);
            Tensor? dy = node.Output.Retain ? node.Output.Grad : node.Output.Take();
            if (dy is null)
            {
                node.Release();
                continue;
            }
            node.Run(dy);
            if (!node.Output.Retain) dy.Dispose();
        }
    }

    /// <summary>Frees everything a graph saved without running it.</summary>
    internal static void Abandon(Variable root)
    {
        var stack = new Stack<Node>();
        var seen = new HashSet<Node>();
        if (root.Producer is not null) stack.Push(root.Producer);
        while (stack.TryPop(out Node? node))
        {
            if (!seen.Add(node)) continue;
            node.Release();
            foreach (Variable? input in node.Inputs)
                if (input?.Producer is { } producer) stack.Push(producer);
        }
    }

    private sealed class Restore(int before) : IDisposable
    {
        private bool done;

        public void Dispose()
        {
            if (done) return;
            done = true;
            disabled = before < 0 ? disabled - 1 : before;
        }
    }
}
