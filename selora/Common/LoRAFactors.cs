namespace SeLoRA.Adapters;

/// <summary>An adapter as plain LoRA, the form in which files keep it: dW = scale up down.</summary>
/// <param name="Rank">Its rank, which may be 0.</param>
/// <param name="Scale">Factor of the update.</param>
/// <param name="Down">A, (rank, in) row-major.</param>
/// <param name="Up">B, (out, rank) row-major.</param>
public sealed record LoRAFactors(int Rank, float Scale, float[] Down, float[] Up);
