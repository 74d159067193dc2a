namespace SeLoRA.Train;

/// <summary>One drawn radiograph.</summary>
/// <param name="Image">Grey, as RGB with equal channels.</param>
/// <param name="Caption">What it shows, lower case.</param>
/// <param name="Findings">What was drawn, for metrics and tests.</param>
public sealed record Phantom(RgbImage Image, string Caption, PhantomFindings Findings);

/// <summary>
/// Procedurally drawn chest radiograph phantoms with captions: honest demonstration data, no file of a real patient. Sample i is a pure
/// function of (seed, i, style, size), whatever was asked for before, so two sets of one seed agree on their common part, and a set
/// of another seed is independent of it. Both styles draw the same findings for the same (seed, i).
/// </summary>
public sealed class PhantomDataset
{
    /// <summary>A data set; nothing is drawn yet.</summary>
    /// <param name="seed">Which phantoms.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="size">Side in pixels, 8 to 4096; findings are recognisable from about 48.</param>
    /// <param name="style">The domain.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count below 1 or a size outside 8..4096.</exception>
    public PhantomDataset(ulong seed, int count, int size = 64, PhantomStyle style = PhantomStyle.Source)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 8);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 4096);
        Seed = seed;
        Count = count;
        Size = size;
        Style = style;
    }

    /// <summary>Which phantoms.</summary>
    public ulong Seed { get; }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>Side in pixels.</summary>
    public int Size { get; }

    /// <summary>The domain.</summary>
    public PhantomStyle Style { get; }

    /// <summary>Draws sample <paramref name="index"/>.</summary>
    /// <param name="index">0 .. <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside the data set.</exception>
    public Phantom this[int index]
    {
        get
        {
            (PhantomFindings findings, string caption) = Describe(index);
            return new Phantom(Draw(index, findings), caption, findings);
        }
    }

    /// <summary>Findings and caption of a sample, without drawing it.</summary>
    /// <param name="index">0 .. <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside the data set.</exception>
    public (PhantomFindings Findings, string Caption) Describe(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        PhantomFindings findings = PhantomFindings.Draw(Draws(index, PhantomDraws.Stream.Findings));
        return (findings, PhantomCaptions.Write(findings, Style, Draws(index, PhantomDraws.Stream.Caption)));
    }

    /// <summary>The image of a sample as the model takes it.</summary>
    /// <param name="index">0 .. <see cref="Count"/> - 1.</param>
    /// <returns>size x size x 3 floats in [-1, 1], channels last.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside the data set.</exception>
    public float[] SignedUnit(int index) => this[index].Image.ToSignedUnit();

    /// <summary>Draws chosen findings with the anatomy, exposure and noise of sample <paramref name="index"/>.</summary>
    /// <param name="index">Which anatomy; any number from 0.</param>
    /// <param name="findings">What to draw.</param>
    public RgbImage Draw(int index, PhantomFindings findings)
    {
        PhantomAnatomy body = PhantomAnatomy.Draw(Draws(index, PhantomDraws.Stream.Anatomy), Style, findings);
        PhantomExposure film = PhantomExposure.Draw(Draws(index, PhantomDraws.Stream.Exposure), Style);
        byte[] grey = PhantomRenderer.Render(body, film, findings,
            Draws(index, PhantomDraws.Stream.Texture), Draws(index, PhantomDraws.Stream.Noise), Size);
        var image = new RgbImage(Size, Size);
        for (int i = 0; i < grey.Length; i++) image.Pixels.AsSpan(3 * i, 3).Fill(grey[i]);
        return image;
    }

    private PhantomDraws Draws(int index, PhantomDraws.Stream stream) => new(Seed, index, stream);
}
