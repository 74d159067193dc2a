using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>A module's update as files hold it: dW = alpha / rank * up down.</summary>
/// <param name="Slot">The module.</param>
/// <param name="Rank">Its rank.</param>
/// <param name="Alpha">Its alpha; the rank where a file has none.</param>
/// <param name="Down">A, (rank, in) row-major; a convolution's in files' layout, (rank, in, height, width).</param>
/// <param name="Up">B, (out, rank) row-major.</param>
/// <param name="StoredAs">Type of both factors in the file: F32, F16 or BF16.</param>
public sealed record AdapterFileModule(AdapterSlot Slot, int Rank, float Alpha, float[] Down, float[] Up, SafetensorsDType StoredAs)
{
    /// <summary>Factor of the update.</summary>
    public float Scale => Alpha / Rank;

    /// <summary>Adds the update to a weight in files' layout, in float32 on the host.</summary>
    /// <param name="weight">(out, in), row-major.</param>
    /// <param name="factor">How much of the update.</param>
    public void AddTo(float[] weight, float factor = 1)
    {
        using var scope = new TensorScope();
        Tensor sum = Tensor.From(weight, new Shape(Slot.Out, Slot.In));
        Tensor up = Tensor.From(Up, new Shape(Slot.Out, Rank)), down = Tensor.From(Down, new Shape(Rank, Slot.In));
        sum.Backend.Gemm(up, down, sum, new GemmShape(Slot.Out, Slot.In, Rank), new GemmEpilogue { Alpha = Scale * factor, Accumulate = true });
        sum.ToArray().CopyTo(weight, 0);
    }
}
