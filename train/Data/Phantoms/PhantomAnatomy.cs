namespace SeLoRA.Train;

/// <summary>
/// Measures of one body, in units of half the image's side: x from -1 (image left, the patient's right) to 1, y from -1 (top) to 1.
/// </summary>
internal sealed class PhantomAnatomy
{
    private PhantomAnatomy()
    {
    }

    public required double Rotation { get; init; }
    public required double Scale { get; init; }
    public required double ShiftX { get; init; }
    public required double ShiftY { get; init; }
    public required double BodyHalfWidth { get; init; }
    public required double ApexY { get; init; }
    public required double DiaphragmY { get; init; }
    public required double RightDiaphragmRise { get; init; }
    public required double LungHalfWidth { get; init; }
    public required double MediastinumHalfWidth { get; init; }
    public required double HeartScale { get; init; }
    public required double RibSpacing { get; init; }
    public required double RibFirstY { get; init; }
    public required double RibSlope { get; init; }
    public required double ClavicleY { get; init; }
    public required bool StomachBubble { get; init; }

    /// <summary>Where in the lung a focal finding lies: distance from the midline, height, radius factor.</summary>
    public required double FocusU { get; init; }
    public required double FocusY { get; init; }
    public required double FocusRadius { get; init; }

    public static PhantomAnatomy Draw(PhantomDraws draws, PhantomStyle style, PhantomFindings findings)
    {
        bool bedside = style == PhantomStyle.Target;
        double apex = draws.Uniform(-0.80, -0.73);
        double diaphragm = bedside ? draws.Uniform(0.26, 0.36) : draws.Uniform(0.38, 0.50);
        double zone = findings.Zone switch { PhantomZone.Upper => 0.28, PhantomZone.Lower => 0.78, _ => 0.53 };
        double rightRise = draws.Uniform(0.02, 0.06);
        double lung = draws.Uniform(0.66, 0.72);
        return new PhantomAnatomy
        {
            Rotation = draws.Uniform(-0.05, 0.05),
            Scale = bedside ? draws.Uniform(0.95, 1.0) : draws.Uniform(0.97, 1.04),
            ShiftX = draws.Uniform(-0.04, 0.04),
            ShiftY = draws.Uniform(-0.03, 0.03) + (bedside ? 0.06 : 0.0),
            BodyHalfWidth = bedside ? draws.Uniform(0.93, 1.02) : draws.Uniform(0.84, 0.93),
            ApexY = apex,
            DiaphragmY = diaphragm,
            RightDiaphragmRise = rightRise,
            LungHalfWidth = lung,
            MediastinumHalfWidth = draws.Uniform(0.11, 0.135) + (bedside ? 0.02 : 0.0),
            HeartScale = draws.Uniform(0.92, 1.02) * (findings.Finding == PhantomFinding.Cardiomegaly
                ? findings.Extent switch { PhantomExtent.Small => 1.28, PhantomExtent.Moderate => 1.5, _ => 1.75 }
                : 1.0),
            RibSpacing = draws.Uniform(0.142, 0.158),
            RibFirstY = apex + draws.Uniform(-0.02, 0.05),
            RibSlope = draws.Uniform(0.14, 0.24),
            ClavicleY = apex + draws.Uniform(0.10, 0.16),
            StomachBubble = draws.Chance(0.5),
            // Lower zones lie further out, clear of the heart.
            FocusU = draws.Uniform(0.36, 0.44) + (findings.Zone == PhantomZone.Lower ? 0.06 : 0.0),
            FocusY = apex + zone * (diaphragm - apex) + draws.Uniform(-0.03, 0.03),
            FocusRadius = draws.Uniform(0.92, 1.1),
        };
    }
}
