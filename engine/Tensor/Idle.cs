namespace SeLoRA.Engine;

/// <summary>
/// Objects of the engine's own that are not in use, by thread: what a step is made of serves the next one, and the collector has nothing
/// to do. Only objects that no user can hold come here.
/// </summary>
internal static class Idle<T> where T : class
{
    // Where one thread makes objects and another ends them they would pile up.
    private const int Most = 8192;

    [ThreadStatic] private static Stack<T>? idle;

    /// <summary>One that was given on this thread, if there is any.</summary>
    public static T? Take() => idle is { Count: > 0 } mine ? mine.Pop() : null;

    /// <summary>Keeps an object for later; nothing may refer to it.</summary>
    public static void Give(T item)
    {
        Stack<T> mine = idle ??= new Stack<T>();
        if (mine.Count < Most) mine.Push(item);
    }
}
