namespace SeLoRA.Engine;

/// <summary>
/// What the tensor-core kernels ask of a product; others go to the portable kernels. M, N and K are arbitrary, but cp.async moves 16
/// bytes from addresses that are multiples of 16: operands begin at multiples of 8 elements of 16 bits, or 4 of float32, and so do their lines and
/// matrices. For dense tensors that means: K such a multiple where k is contiguous, M or N where those are.
/// </summary>
internal static class TensorCoreContract
{
    // Of attention, which is of 16 bits.
    private const int Elements = 8;

    /// <summary>What stands against the kernels, or null.</summary>
    public static string? Violation(Tensor a, Tensor b, Tensor c, in GemmShape shape, in GemmEpilogue epilogue)
    {
        if (ViolationOfTypes(a, b, c, epilogue) is { } violation) return violation;
        if (shape.TransA && shape.TransB) return "both operands are transposed";
        int elements = ElementsOf(a);
        if (!AreMultiples(elements, a.Offset, b.Offset, shape.Lda, shape.Ldb, shape.StrideA, shape.StrideB))
            return $"an operand, its lines or its matrices do not begin at multiples of {elements} elements";
        if (epilogue.LowRank is not { } term) return null;
        if (shape.Batch != 1) return "a low-rank term with a batch";
        if (term.U.DType != a.DType || term.V.DType != a.DType) return $"factors are {term.U.DType} and {term.V.DType}";
        if (shape.TransA || shape.TransB != term.TransV) return "factors do not lie as the operands do";
        if (!AreMultiples(elements, term.U.Offset, term.V.Offset, term.Rank, term.V.Shape[1]))
            return $"a factor or its lines do not begin at multiples of {elements} elements";
        return null;
    }

    /// <summary>
    /// The same of a convolution: a, the image that windows look into, and b, the weight, dense. K's channels must be a multiple of 16 bytes, and
    /// so must the gradient's, which lie contiguous in the weight. At another stride than 1 the gradient's taps differ from pixel to pixel.
    /// </summary>
    public static string? Violation(Tensor a, Tensor b, Tensor c, in TensorCoreConv2d conv, in GemmEpilogue epilogue)
    {
        if (ViolationOfTypes(a, b, c, epilogue) is { } violation) return violation;
        int elements = ElementsOf(a);
        if (conv.Channels % elements != 0) return $"{conv.Channels} channels in the image, not a multiple of {elements}";
        if (conv.Backward && conv.Columns % elements != 0) return $"{conv.Columns} channels in the gradient, not a multiple of {elements}";
        if (conv.Backward && conv.Shape.Stride != 1) return $"the gradient of an input at stride {conv.Shape.Stride}";
        if (Math.Max(conv.Shape.KH, conv.Shape.KW) > TensorCoreWindows.MaxTaps) return $"more than {TensorCoreWindows.MaxTaps} taps a side";
        if (!AreMultiples(elements, a.Offset, b.Offset)) return $"an operand does not begin at a multiple of {elements} elements";
        if (a.Count / elements > int.MaxValue) return "more than 2^31 chunks in the image";
        return epilogue.LowRank is null ? null : "a low-rank term of a convolution";
    }

    /// <summary>The same of the gradient of a convolution's weight, whose operands are dy and x.</summary>
    public static string? Violation(Tensor dy, Tensor x, Tensor dw, in Conv2dShape shape)
    {
        if (ViolationOfTypes(dy, x, dw, new GemmEpilogue()) is { } violation) return violation;
        int elements = ElementsOf(dy);
        if (!AreMultiples(elements, shape.C, shape.O)) return $"{shape.C} and {shape.O} channels, not multiples of {elements}";
        if (!AreMultiples(elements, dy.Offset, x.Offset)) return $"an operand does not begin at a multiple of {elements} elements";
        return TensorCorePixels.Fits(shape) ? null : "too many pixels";
    }

    /// <summary>
    /// The same of attention: <paramref name="tensors"/> are q, k, v, y and of a backward pass dy, dq, dk, dv too. Heads of 8 elements' multiples
    /// begin at 16 bytes wherever they lie in a row.
    /// </summary>
    public static string? Violation(Tensor lse, in AttentionShape shape, params ReadOnlySpan<Tensor> tensors)
    {
        DType type = tensors[0].DType;
        if (type is not (DType.BF16 or DType.F16)) return $"queries are {type}, not of a 16-bit type";
        foreach (Tensor x in tensors)
        {
            if (x.DType != type) return $"tensors are {type} and {x.DType}";
            if (x.Offset % Elements != 0) return $"a tensor does not begin at a multiple of {Elements} elements";
        }
        if (lse.DType != DType.F32) return $"lse is {lse.DType}";
        if (shape.D % Elements != 0) return $"heads of {shape.D}, not a multiple of {Elements}";
        if (shape.D > TensorCoreAttentionTable.MaxD) return $"heads of {shape.D}, more than {TensorCoreAttentionTable.MaxD}";
        // The largest score is taken before it is scaled.
        return shape.Scale > 0 ? null : $"scores are scaled by {shape.Scale}, which is not positive";
    }

    /// <summary>The epilogue's flags.</summary>
    public static int Flags(Tensor c, in GemmShape shape, in GemmEpilogue epilogue)
    {
        int flags = 0;
        if (epilogue.Bias is not null) flags |= TensorCoreOutput.HasBias;
        if (epilogue.Accumulate) flags |= TensorCoreOutput.Accumulates;
        if (epilogue.Residual is not null) flags |= TensorCoreOutput.HasResidual;
        if (c.DType != DType.F32) flags |= TensorCoreOutput.Stores16;
        if (epilogue.Residual is { } residual && residual.DType != DType.F32) flags |= TensorCoreOutput.Residual16;
        // Quads of float32 are 16 bytes: storages begin at multiples of that, so counting elements is enough.
        if (AreMultiples(4, shape.N, shape.Ldc, shape.StrideC, c.Offset, epilogue.Residual?.Offset ?? 0, epilogue.Bias?.Offset ?? 0))
            flags |= TensorCoreOutput.WholeQuads;
        return flags;
    }

    private static string? ViolationOfTypes(Tensor a, Tensor b, Tensor c, in GemmEpilogue epilogue)
    {
        if (!a.DType.IsFloat() || b.DType != a.DType) return $"operands are {a.DType} and {b.DType}, not of one type of floats";
        if (c.DType != a.DType && c.DType != DType.F32) return $"the result is {c.DType}";
        if (epilogue.Residual is { } residual && residual.DType != a.DType && residual.DType != DType.F32) return $"the residual is {residual.DType}";
        return null;
    }

    // Of 16 bytes.
    private static int ElementsOf(Tensor operand) => 16 / operand.DType.SizeInBytes();

    private static bool AreMultiples(long of, params ReadOnlySpan<long> values)
    {
        foreach (long value in values)
            if (value % of != 0) return false;
        return true;
    }
}
