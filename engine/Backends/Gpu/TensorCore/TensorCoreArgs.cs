namespace SeLoRA.Engine;

/// <summary>Two operands and the length of their K. Device addresses, multiples of 16; strides in elements, of multiples of 16 bytes.</summary>
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

    /// <summary>Of a convolution, whose image is the first pair's A and whose channels are its K.</summary>
    public TensorCoreWindows Windows;

    /// <summary>Of the gradient of a convolution's weight, whose image is the first pair's B.</summary>
    public TensorCorePixels Pixels;

    /// <summary>Slices of <see cref="TensorCoreLayout.DepthBytes"/> along K: of the first pair, of both, and of one split.</summary>
    public int SlicesOfFirst, Slices, SlicesOfSplit;

    public int TilesM, TilesN;

    /// <summary>All but the addresses and views.</summary>
    public static TensorCoreArgs For(in TensorCorePlan plan, Tensor c, in GemmShape shape, in GemmEpilogue epilogue)
    {
        var args = new TensorCoreArgs
        {
            First = new TensorCorePair { Lda = shape.Lda, Ldb = shape.Ldb, K = shape.K, StrideA = shape.StrideA, StrideB = shape.StrideB },
            Output = new TensorCoreOutput
            {
                M = shape.M, N = shape.N, Ldc = shape.Ldc, StrideC = shape.StrideC, Batch = shape.Batch, Splits = plan.Splits,
                Alpha = epilogue.Alpha, Activation = (int)epilogue.Activation, Flags = TensorCoreContract.Flags(c, shape, epilogue),
            },
            SlicesOfFirst = plan.SlicesOfFirst, Slices = plan.Slices, SlicesOfSplit = plan.SlicesOfSplit,
            TilesM = plan.TilesM, TilesN = plan.TilesN,
        };
        if (epilogue.LowRank is { } term)
            args.Appended = new TensorCorePair { Lda = term.Rank, Ldb = term.V.Shape[1], K = term.Rank };
        return args;
    }
}
