namespace SeLoRA.Engine;

/// <summary>
/// The storages that running primitives work on, with a reference for each: where a tensor is disposed meanwhile, by whichever thread, or
/// the collector takes an operand whose last use is the call itself, its memory stays until the primitive returns. A tensor that was
/// disposed before is refused. One thread uses it at a time.
/// </summary>
internal sealed class Operands
{
    private Storage?[] held = new Storage?[32];
    private int count;

    /// <summary>Begins a primitive. Those inside it have scopes of their own.</summary>
    public Scope Open() => new(this);

    /// <summary>The memory of an operand, which stays until the scope is closed.</summary>
    public Storage Hold(Tensor operand)
    {
        Storage storage = operand.RetainStorage();
        if (count == held.Length) Array.Resize(ref held, 2 * count);
        held[count++] = storage;
        return storage;
    }

    private void ReleaseFrom(int start)
    {
        while (count > start)
        {
            Storage storage = held[--count]!;
            held[count] = null;
            storage.Release();
        }
    }

    /// <summary>A primitive: lets go of its operands.</summary>
    public readonly ref struct Scope(Operands operands) : IDisposable
    {
        private readonly int start = operands.count;

        /// <inheritdoc/>
        public void Dispose() => operands.ReleaseFrom(start);
    }
}
