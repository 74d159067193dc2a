using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Where a thread of a row-wise kernel works: 8 rows a group, 32 threads a row. Rows beyond the last read the last and store nothing, so
/// that every thread reaches every barrier.
/// </summary>
internal struct RowPlace
{
    /// <summary>Columns that a row's threads take at once.</summary>
    public const int Step = GroupSum.Lanes * Octet.Size;

    /// <summary>Column of the thread's first octet; the next is <see cref="Step"/> further on.</summary>
    public int Column;

    /// <summary>Columns that may be stored: none beyond the last row.</summary>
    public int StoreEnd;

    /// <summary>The row, at most the last.</summary>
    public long Row;

    /// <summary>Index of the row's first element.</summary>
    public long Start;

    public RowPlace(long rows, int columns)
    {
        Column = Group.IdxX % GroupSum.Lanes * Octet.Size;
        long row = (long)Grid.IdxX * GroupSum.Rows + Group.IdxX / GroupSum.Lanes;
        StoreEnd = row < rows ? columns : 0;
        Row = IntrinsicMath.Min(row, rows - 1);
        Start = Row * columns;
    }
}
