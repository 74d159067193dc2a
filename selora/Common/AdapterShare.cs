namespace SeLoRA.Adapters;

/// <summary>How much of a network is trained.</summary>
/// <param name="Root">The network's name.</param>
/// <param name="Modules">Adapted layers.</param>
/// <param name="LinearLayers">Linear layers there are, and the adapted 1x1 convolutions.</param>
/// <param name="RankTotal">Sum of the ranks.</param>
/// <param name="Trainable">Weights of the adapters: sum of r (in + out).</param>
/// <param name="BaseWeights">Frozen weights of the network.</param>
public sealed record AdapterShare(string Root, int Modules, int LinearLayers, int RankTotal, long Trainable, long BaseWeights)
{
    /// <summary>Trainable weights in percent of the network's own, frozen ones.</summary>
    public double Percent => BaseWeights == 0 ? 0 : 100.0 * Trainable / BaseWeights;

    /// <summary>One line for people: <c>unet: 184 of 184 linear layers, rank 184, 811,584 weights, 0.09 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Root}: {Modules} of {LinearLayers} linear layers, total rank {RankTotal:N0}, {Trainable:N0} trainable weights, {Percent:0.###} %");
}
