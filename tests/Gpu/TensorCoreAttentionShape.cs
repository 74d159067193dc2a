namespace SeLoRA.Tests;

/// <summary>What a walk of attention computes.</summary>
internal enum AttentionPass
{
    Forward,
    QueryGradient,
    KeyGradient,
    ValueGradient,
}

/// <summary>A walk that the generator writes a struct for, once for each 16-bit type.</summary>
/// <param name="Pass">Its result; a key gradient that does not leave values to a walk of their own gives both.</param>
/// <param name="D">The largest head.</param>
/// <param name="Fragments">16 own rows each, of a warp.</param>
/// <param name="OtherRows">Rows of the other side in a block.</param>
/// <param name="Step">Rows of a block whose scores are in registers at a time.</param>
/// <param name="Stages">Blocks in shared memory.</param>
/// <param name="Groups">Groups that a multiprocessor should hold at a time.</param>
internal sealed record TensorCoreAttentionShape(AttentionPass Pass, int D, int Fragments, int OtherRows, int Step, int Stages, int Groups)
{
    public static readonly TensorCoreAttentionShape[] All =
    [
        new(AttentionPass.Forward, 40, 2, 64, 64, 3, 2),
        new(AttentionPass.Forward, 80, 1, 32, 32, 4, 2),
        new(AttentionPass.Forward, 160, 1, 32, 32, 2, 2),
        new(AttentionPass.QueryGradient, 40, 2, 64, 16, 3, 2),
        new(AttentionPass.QueryGradient, 80, 2, 64, 16, 2, 2),
        new(AttentionPass.QueryGradient, 160, 1, 32, 16, 2, 2),
        new(AttentionPass.KeyGradient, 40, 2, 64, 16, 3, 2),
        new(AttentionPass.KeyGradient, 80, 1, 32, 32, 4, 2),
        new(AttentionPass.KeyGradient, 160, 1, 32, 16, 2, 2),
        new(AttentionPass.ValueGradient, 160, 1, 32, 32, 2, 2),
    ];

    public string Name => $"{Pass}{D}";

    public bool OwnsKeys => Pass is AttentionPass.KeyGradient or AttentionPass.ValueGradient;

    public bool GivesKeys => Pass == AttentionPass.KeyGradient;

    public bool GivesValues => Pass == AttentionPass.ValueGradient || (Pass == AttentionPass.KeyGradient && D <= 80);

    /// <summary>dP is wanted, and with it the own second rows.</summary>
    public bool HasSecond => Pass is AttentionPass.QueryGradient or AttentionPass.KeyGradient;

    /// <summary>Chunks of a row in shared memory, a whole number of steps of mma.</summary>
    public int Chunks => (D + 15) / 16 * 2;

    /// <summary>Steps of 16 columns in a score.</summary>
    public int Depth => Chunks / 2;

    /// <summary>Parts of 8 columns of a result.</summary>
    public int Columns => D / 8;

    /// <summary>Parts of 8 columns of scores.</summary>
    public int ScoreColumns => Step / 8;

    public int StageBytes => 2 * OtherRows * Chunks * 16 + (OwnsKeys ? OtherRows * 8 : 0);

    /// <summary>mma of a step.</summary>
    public int Multiplications => Fragments * ScoreColumns * Depth * (HasSecond ? 2 : 1) + Fragments * (Step / 16) * Columns * (GivesKeys && GivesValues ? 2 : 1);

    /// <summary>ldmatrix of a step.</summary>
    public int StepLoads => Step / 16 * (Depth * (HasSecond ? 2 : 1) + (Columns + 1) / 2 * (GivesKeys && GivesValues ? 2 : 1));

    /// <summary>ldmatrix of the own rows, before the walk.</summary>
    public int OwnLoads => Fragments * Depth * (HasSecond ? 2 : 1);

    /// <summary>Powers of two of a thread in a step.</summary>
    public int Powers => Fragments * ScoreColumns * 4;
}
