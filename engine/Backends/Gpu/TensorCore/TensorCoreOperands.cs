namespace SeLoRA.Engine;

/// <summary>How the operands of a product lie in memory; chosen at compile time, because it chooses instructions.</summary>
internal interface ITensorCoreOperands
{
    /// <summary>A is (M, K), k contiguous; else (K, M).</summary>
    static abstract bool AlongKOfA { get; }

    /// <summary>B is (N, K), k contiguous, as weights are; else (K, N).</summary>
    static abstract bool AlongKOfB { get; }

    /// <summary>A is an image, channels last, seen through the windows of a convolution (<see cref="TensorCoreWindows"/>).</summary>
    static abstract bool WindowsOfA { get; }

    /// <summary>B is such an image: k runs over the output's pixels, columns over taps and channels (<see cref="TensorCorePixels"/>).</summary>
    static abstract bool WindowsOfB { get; }
}

/// <summary>C = A B^T: a linear layer's forward.</summary>
internal readonly struct OperandsNT : ITensorCoreOperands
{
    public static bool AlongKOfA => true;

    public static bool AlongKOfB => true;

    public static bool WindowsOfA => false;

    public static bool WindowsOfB => false;
}

/// <summary>C = A B: the gradient of a linear layer's input.</summary>
internal readonly struct OperandsNN : ITensorCoreOperands
{
    public static bool AlongKOfA => true;

    public static bool AlongKOfB => false;

    public static bool WindowsOfA => false;

    public static bool WindowsOfB => false;
}

/// <summary>C = A^T B: the gradient of a weight.</summary>
internal readonly struct OperandsTN : ITensorCoreOperands
{
    public static bool AlongKOfA => false;

    public static bool AlongKOfB => false;

    public static bool WindowsOfA => false;

    public static bool WindowsOfB => false;
}

/// <summary>A convolution: windows of x times the weight, (O, taps and channels).</summary>
internal readonly struct WindowsNT : ITensorCoreOperands
{
    public static bool AlongKOfA => true;

    public static bool AlongKOfB => true;

    public static bool WindowsOfA => true;

    public static bool WindowsOfB => false;
}

/// <summary>The gradient of its input at stride 1: windows of dy, walked backwards, times each tap's part of the weight, (O, channels).</summary>
internal readonly struct WindowsNN : ITensorCoreOperands
{
    public static bool AlongKOfA => true;

    public static bool AlongKOfB => false;

    public static bool WindowsOfA => true;

    public static bool WindowsOfB => false;
}

/// <summary>The gradient of its weight: dy transposed times windows of x.</summary>
internal readonly struct WindowsTN : ITensorCoreOperands
{
    public static bool AlongKOfA => false;

    public static bool AlongKOfB => false;

    public static bool WindowsOfA => false;

    public static bool WindowsOfB => true;
}
