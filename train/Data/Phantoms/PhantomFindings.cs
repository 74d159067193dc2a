namespace SeLoRA.Train;

/// <summary>How the phantoms look: two domains that share their anatomy and findings.</summary>
public enum PhantomStyle
{
    /// <summary>Upright films of one scanner: full field, high contrast. What a base model is pre-trained on.</summary>
    Source,

    /// <summary>Portable bedside films of another: collimated border, side marker, washed-out contrast, more noise, broad
    /// bodies and shallow breath, and captions that begin differently. What fine-tuning adapts to.</summary>
    Target,
}

/// <summary>What is wrong in the chest that is drawn.</summary>
public enum PhantomFinding
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Fluid in the lower part of one side, higher towards the chest wall.</summary>
    PleuralEffusion,

    /// <summary>A round spot in a lung.</summary>
    Nodule,

    /// <summary>A round opacity several times as wide as a nodule.</summary>
    Mass,

    /// <summary>Air around a collapsed lung: black, without vessels, with a fine white edge.</summary>
    Pneumothorax,

    /// <summary>A heart that takes more than half of the chest's width.</summary>
    Cardiomegaly,

    /// <summary>A cloudy opacity in a part of one lung.</summary>
    Consolidation,
}

/// <summary>The patient's side: the patient's left is on the image's right, as radiographs are shown.</summary>
public enum PhantomSide
{
    /// <summary>No side (heart, nothing).</summary>
    None,

    /// <summary>The patient's left, the right half of the image.</summary>
    Left,

    /// <summary>The patient's right, the left half of the image.</summary>
    Right,
}

/// <summary>Size or severity in three steps.</summary>
public enum PhantomExtent
{
    /// <summary>Small, mild, patchy.</summary>
    Small,

    /// <summary>Moderate.</summary>
    Moderate,

    /// <summary>Large, severe, dense.</summary>
    Large,
}

/// <summary>Third of the lung's height.</summary>
public enum PhantomZone
{
    /// <summary>Not applicable.</summary>
    None,

    /// <summary>Upper third.</summary>
    Upper,

    /// <summary>Middle third; nodules and masses only.</summary>
    Middle,

    /// <summary>Lower third.</summary>
    Lower,
}

/// <summary>What was drawn in one phantom.</summary>
/// <param name="Finding">The finding.</param>
/// <param name="Side">The patient's side, or none.</param>
/// <param name="Extent">Size or severity; no meaning for <see cref="PhantomFinding.None"/>.</param>
/// <param name="Zone">Height in the lung where it matters, or none.</param>
public readonly record struct PhantomFindings(PhantomFinding Finding, PhantomSide Side, PhantomExtent Extent, PhantomZone Zone)
{
    internal static PhantomFindings Draw(PhantomDraws draws)
    {
        // A nodule and a mass share one of the six equal shares: they differ in size only.
        PhantomFinding finding = draws.Int(6) switch
        {
            0 => PhantomFinding.None,
            1 => PhantomFinding.PleuralEffusion,
            2 => draws.Chance(0.5) ? PhantomFinding.Nodule : PhantomFinding.Mass,
            3 => PhantomFinding.Pneumothorax,
            4 => PhantomFinding.Cardiomegaly,
            _ => PhantomFinding.Consolidation,
        };
        PhantomSide side = draws.Chance(0.5) ? PhantomSide.Left : PhantomSide.Right;
        var extent = (PhantomExtent)draws.Int(3);
        var zone = (PhantomZone)(1 + draws.Int(3));
        bool sided = finding is not (PhantomFinding.None or PhantomFinding.Cardiomegaly);
        // Two steps where a third could not be told apart at 64 pixels.
        if (finding is PhantomFinding.Pneumothorax or PhantomFinding.Consolidation && extent == PhantomExtent.Moderate)
            extent = PhantomExtent.Large;
        zone = finding switch
        {
            PhantomFinding.Nodule or PhantomFinding.Mass => zone,
            PhantomFinding.Consolidation => zone == PhantomZone.Middle ? PhantomZone.Lower : zone,
            _ => PhantomZone.None,
        };
        return new PhantomFindings(finding, sided ? side : PhantomSide.None, extent, zone);
    }
}
