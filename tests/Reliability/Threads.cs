namespace SeLoRA.Tests;

/// <summary>Threads of a test's own, which begin together.</summary>
internal static class Threads
{
    /// <summary>Runs every action on a thread of its own, and waits for all; what went wrong is thrown here.</summary>
    public static void Together(params Action[] actions)
    {
        using var start = new Barrier(actions.Length);
        Exception?[] errors = new Exception?[actions.Length];
        Thread[] threads = [.. actions.Select((action, i) => new Thread(() =>
        {
            start.SignalAndWait();
            errors[i] = Record(action);
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Exception[] all = [.. errors.OfType<Exception>()];
        if (all.Length > 0) throw new AggregateException(all);
    }

    /// <summary>Runs an action on another thread; what it threw.</summary>
    public static Exception? Elsewhere(Action action)
    {
        Exception? error = null;
        var thread = new Thread(() => error = Record(action));
        thread.Start();
        thread.Join();
        return error;
    }

    private static Exception? Record(Action action)
    {
        try
        {
            action();
            return null;
        }
#pragma warning disable CA1031 // Handed to the test's own thread.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return e;
        }
    }
}
