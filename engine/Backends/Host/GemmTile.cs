namespace SeLoRA.Engine;

/// <summary>Where a micro-kernel reads and writes: y (rows, LdY) = A (rows, Segments Length) B (Segments Length, columns).</summary>
internal unsafe struct GemmTile
{
    /// <summary>A's row pointers in the first segment; those of the next lie <see cref="SegmentStride"/> further on.</summary>
    public float** Rows;

    /// <summary>Stretches that K consists of.</summary>
    public int Segments;

    /// <summary>Pointers between the segments' row pointers.</summary>
    public nint SegmentStride;

    /// <summary>K steps of a segment.</summary>
    public nint Length;

    /// <summary>Elements between A's K steps.</summary>
    public nint Step;

    /// <summary>B; its rows follow each other across segments.</summary>
    public float* B;

    /// <summary>Elements between B's rows.</summary>
    public nint BStep;

    /// <summary>Result.</summary>
    public float* Y;

    /// <summary>Elements between the result's rows.</summary>
    public nint LdY;

    /// <summary>Go on from what Y holds instead of from zero.</summary>
    public bool Continue;
}
