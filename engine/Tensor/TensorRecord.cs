namespace SeLoRA.Engine;

/// <summary>
/// What a tensor is. Users hold handles, never records, so a record serves one tensor after another, while a handle that was disposed
/// knows nothing any more and says so. That holds too where another thread disposes of the handle while it is read: what was read counts
/// only if the record still serves the handle afterwards.
/// </summary>
internal sealed class TensorRecord
{
    private int turn;

    public Shape Shape { get; private set; }

    public DType DType { get; private set; }

    public Storage? Storage { get; private set; }

    public long Offset { get; private set; }

    /// <summary>Number of the scope that disposes the handle; 0 for none.</summary>
    public long Scope { get; set; }

    /// <summary>Counts the tensors that the record served.</summary>
    public int Turn => Volatile.Read(ref turn);

    /// <summary>A record in no scope.</summary>
    public static TensorRecord Take(Shape shape, DType dtype, Storage storage, long offset)
    {
        TensorRecord record = Idle<TensorRecord>.Take() ?? new TensorRecord();
        record.Shape = shape;
        record.DType = dtype;
        record.Storage = storage;
        record.Offset = offset;
        record.Scope = 0;
        return record;
    }

    /// <summary>
    /// Ends a handle's turn and lets another tensor have the record; its storage, or null if the turn was over. Of several threads one ends it.
    /// </summary>
    public Storage? End(int ofTurn) => Interlocked.CompareExchange(ref turn, ofTurn + 1, ofTurn) == ofTurn ? Give() : null;

    /// <summary>The same for a handle that no other thread knows.</summary>
    public Storage? EndAlone(int ofTurn)
    {
        if (turn != ofTurn) return null;
        Volatile.Write(ref turn, ofTurn + 1);
        return Give();
    }

    private Storage Give()
    {
        Storage storage = Storage!;
        Storage = null;
        Idle<TensorRecord>.Give(this);
        return storage;
    }
}
