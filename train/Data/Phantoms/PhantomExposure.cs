namespace SeLoRA.Train;

/// <summary>How the film was taken: tone curve, noise, border and marker.</summary>
internal sealed class PhantomExposure
{
    private PhantomExposure()
    {
    }

    public required double Density { get; init; }
    public required double Floor { get; init; }
    public required double Gain { get; init; }
    public required double Gamma { get; init; }
    public required double Noise { get; init; }
    public required bool Collimated { get; init; }
    public required double BorderLeft { get; init; }
    public required double BorderRight { get; init; }
    public required double BorderTop { get; init; }
    public required double BorderBottom { get; init; }
    public required double BorderTilt { get; init; }

    public static PhantomExposure Draw(PhantomDraws draws, PhantomStyle style)
    {
        bool bedside = style == PhantomStyle.Target;
        return new PhantomExposure
        {
            Density = bedside ? draws.Uniform(1.45, 1.75) : draws.Uniform(1.35, 1.6),
            Floor = bedside ? 0.10 : 0.0,
            Gain = bedside ? draws.Uniform(0.84, 0.90) : draws.Uniform(1.02, 1.10),
            Gamma = bedside ? 0.95 : draws.Uniform(1.25, 1.4),
            Noise = bedside ? 0.020 : 0.010,
            Collimated = bedside,
            BorderLeft = draws.Uniform(0.04, 0.14),
            BorderRight = draws.Uniform(0.04, 0.14),
            BorderTop = draws.Uniform(0.04, 0.12),
            BorderBottom = draws.Uniform(0.04, 0.14),
            BorderTilt = draws.Uniform(-0.05, 0.05),
        };
    }
}
