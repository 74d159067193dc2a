namespace SeLoRA.Adapters;

/// <summary>What was decided for one layer: a row of <c>ranks.csv</c>. Scores are those of SeLoRA's test, NaN where another method decides.</summary>
/// <param name="Step">Training step after which the test was made, from 1.</param>
/// <param name="Module">Full name of the layer.</param>
/// <param name="Rank">Rank before the decision.</param>
/// <param name="RankAfter">Rank after the decision.</param>
/// <param name="FiOriginal">Fisher score of the adapter as it is.</param>
/// <param name="FiExpanded">Fisher score with one rank more.</param>
/// <param name="Ratio">
/// Expanded over original; 1 where both are 0, infinite where only the original is.
/// </param>
public sealed record RankDecision(long Step, string Module, int Rank, int RankAfter, double FiOriginal, double FiExpanded, double Ratio)
{
    /// <summary>Whether the layer got a rank more.</summary>
    public bool Grown => RankAfter > Rank;
}
