namespace SeLoRA.Adapters;

/// <summary>What one test found for one layer: a row of <c>ranks.csv</c>.</summary>
/// <param name="Step">Training step after which the test was made, from 1.</param>
/// <param name="Module">Full name of the layer.</param>
/// <param name="Rank">Rank before the decision.</param>
/// <param name="FiOriginal">Fisher score of the adapter as it is.</param>
/// <param name="FiExpanded">Fisher score with one rank more.</param>
/// <param name="Ratio">
/// Expanded over original; 1 where both are 0, infinite where only the original is.
/// </param>
/// <param name="Grown">Whether the layer got the rank.</param>
public sealed record RankDecision(long Step, string Module, int Rank, double FiOriginal, double FiExpanded, double Ratio, bool Grown)
{
    /// <summary>Rank after the decision.</summary>
    public int RankAfter => Grown ? Rank + 1 : Rank;
}
