namespace SeLoRA.Engine;

/// <summary>
/// What a tensor is. Users hold handles, never records, so a record serves one tensor after another, while a handle that was disposed
/// knows nothing any more and says so.
/// </summary>
internal sealed class TensorRecord
{
    public Shape Shape { get; private set; }

    public DType DType { get; private set; }

    public Storage? Storage { get; private set; }

    public long Offset { get; private set; }

    /// <summary>Number of the scope that disposes the handle; 0 for none.</summary>
    public long Scope { get; set; }

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

    /// <summary>Lets another tensor have the record.</summary>
    public void Give()
    {
        Storage = null;
        Idle<TensorRecord>.Give(this);
    }
}
