namespace SeLoRA.Bench;

/// <summary>How much one call of a benchmark does. Bytes is zero where arithmetic, not memory, is the bound.</summary>
/// <param name="Flops">Floating-point operations, a multiply-add counting two.</param>
/// <param name="Bytes">Bytes of all operands, each counted once.</param>
public readonly record struct Work(double Flops, double Bytes)
{
    /// <summary>The rate in the unit that matters for the operation.</summary>
    public string Rate(double seconds) =>
        Bytes > 0 ? $"{Bytes / seconds / 1e9:0.0} GB/s" : $"{Flops / seconds / 1e9:0.0} GFLOP/s";
}

/// <summary>A size at which an operation is measured.</summary>
/// <param name="Name">Where in SD-1.5 it occurs.</param>
public abstract record OpShape(string Name)
{
    /// <summary>Bytes of a float32.</summary>
    protected const double F32 = 4;

    /// <summary>What one call of the benchmark method does.</summary>
    public abstract Work WorkOf(string method);

    /// <summary>The name alone: it is the row's label.</summary>
    public sealed override string ToString() => Name;
}

/// <summary>y (M, N) = x (M, K) w (N, K)^T + bias: a linear layer.</summary>
public sealed record GemmShapeCase(string Name, int M, int N, int K) : OpShape(Name)
{
    /// <inheritdoc/>
    public override Work WorkOf(string method) => new(2.0 * M * N * K, 0);
}

/// <summary>A convolution of (1, H, W, C) to O channels; Kernel odd, padding Kernel / 2.</summary>
public sealed record Conv2dShapeCase(string Name, int H, int W, int C, int O, int Kernel = 3, int Stride = 1) : OpShape(Name)
{
    /// <summary>Height of the result.</summary>
    public int OutH => (H - 1) / Stride + 1;

    /// <summary>Width of the result.</summary>
    public int OutW => (W - 1) / Stride + 1;

    /// <inheritdoc/>
    public override Work WorkOf(string method) => new(2.0 * OutH * OutW * O * C * Kernel * Kernel, 0);
}

/// <summary>Attention of Lq queries over Lk keys.</summary>
public sealed record AttentionShapeCase(string Name, int Lq, int Lk, int Heads, int D, bool Causal = false) : OpShape(Name)
{
    /// <summary>Forward is two products; backward is five, recomputing the scores among them (Dao et al., 2022).</summary>
    public override Work WorkOf(string method) =>
        new((method == "Forward" ? 2 : 5) * 2.0 * Heads * Lq * Lk * D * (Causal ? 0.5 : 1), 0);
}

/// <summary>Group norm of (1, P, C) in 32 groups, with SiLU.</summary>
public sealed record GroupNormShapeCase(string Name, int P, int C) : OpShape(Name)
{
    /// <summary>Forward moves x and y; backward x, dy and dx.</summary>
    public override Work WorkOf(string method) => new(0, (method == "Forward" ? 2 : 3) * F32 * P * C);
}

/// <summary>Layer norm of (Rows, C).</summary>
public sealed record LayerNormShapeCase(string Name, int Rows, int C) : OpShape(Name)
{
    /// <summary>Forward moves x and y; backward x, dy and dx.</summary>
    public override Work WorkOf(string method) => new(0, (method == "Forward" ? 2 : 3) * F32 * Rows * C);
}

/// <summary>Element-wise functions of (Rows, C); the gated ones take (Rows, 2 C).</summary>
public sealed record ElementwiseShapeCase(string Name, int Rows, int C) : OpShape(Name)
{
    /// <summary>Tensors of (Rows, C) read and written.</summary>
    public override Work WorkOf(string method) => new(0, F32 * Rows * C * method switch
    {
        "Silu" => 2,
        "GegluBackward" => 5,
        _ => 3,
    });
}

/// <summary>One AdamW step over Count weights.</summary>
public sealed record AdamWShapeCase(string Name, int Count) : OpShape(Name)
{
    /// <summary>Reads p, g, m, v; writes p, m, v.</summary>
    public override Work WorkOf(string method) => new(0, 7 * F32 * Count);
}
