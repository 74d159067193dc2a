namespace SeLoRA.Engine;

/// <summary>How the operands of a product lie in memory; chosen at compile time, because it chooses instructions.</summary>
internal interface ITensorCoreOperands
{
    /// <summary>A is (M, K), k contiguous; else (K, M).</summary>
    static abstract bool AlongKOfA { get; }

    /// <summary>B is (N, K), k contiguous, as weights are; else (K, N).</summary>
    static abstract bool AlongKOfB { get; }
}

/// <summary>C = A B^T: a linear layer's forward.</summary>
internal readonly struct OperandsNT : ITensorCoreOperands
{
    public static bool AlongKOfA => true;

    public static bool AlongKOfB => true;
}

/// <summary>C = A B: the gradient of a linear layer's input.</summary>
internal readonly struct OperandsNN : ITensorCoreOperands
{
    public static bool AlongKOfA => true;

    public static bool AlongKOfB => false;
}

/// <summary>C = A^T B: the gradient of a weight.</summary>
internal readonly struct OperandsTN : ITensorCoreOperands
{
    public static bool AlongKOfA => false;

    public static bool AlongKOfB => false;
}
