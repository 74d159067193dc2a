namespace SeLoRA.Engine;

/// <summary>Two operands and the length of their K. Device addresses, multiples of 16; strides in elements, multiples of 8.</summary>
internal struct TensorCorePair
{
    public long A, B, StrideA, StrideB;
    public int Lda, Ldb, K;
}

/// <summary>What the product kernels are launched with.</summary>
internal struct TensorCoreArgs
{
    /// <summary>The operands, and those that are appended to K (K = 0 for none), which lie the same way.</summary>
    public TensorCorePair First, Appended;

    public TensorCoreOutput Output;

    /// <summary>Slices of <see cref="TensorCoreLayout.Depth"/> values of k: of the first pair, of both, and of one split.</summary>
    public int SlicesOfFirst, Slices, SlicesOfSplit;

    public int TilesM, TilesN;
}
