namespace SeLoRA.Train;

/// <summary>Which shares of a data set's images are held out; the rest is for training.</summary>
internal sealed record SplitShares(double Validation, double Test);

/// <summary>A data set in three parts. Where they were drawn, no patient stands in two of them.</summary>
/// <param name="Train">What to train on.</param>
/// <param name="Validation">What chooses the best adapter; may be empty.</param>
/// <param name="Test">What only the evaluation sees; may be empty.</param>
internal sealed record DataSplit(
    IReadOnlyList<CaptionedImage> Train, IReadOnlyList<CaptionedImage> Validation, IReadOnlyList<CaptionedImage> Test)
{
    /// <summary>Draws the parts by patient.</summary>
    public static DataSplit Draw(IReadOnlyList<CaptionedImage> images, SplitShares shares, ulong seed)
    {
        (List<CaptionedImage> rest, List<CaptionedImage> test) = HoldOut(images, shares.Test * images.Count, seed);
        (List<CaptionedImage> train, List<CaptionedImage> validation) = HoldOut(rest, shares.Validation * images.Count, seed);
        return new DataSplit(train, validation, test);
    }

    /// <summary>The same with validation images out of the training part where there are none.</summary>
    public DataSplit WithValidation(double share, ulong seed)
    {
        if (Validation.Count > 0) return this;
        (List<CaptionedImage> train, List<CaptionedImage> validation) = HoldOut(Train, share * Train.Count, seed);
        return this with { Train = train, Validation = validation };
    }

    /// <summary>
    /// Takes patients, in an order that the seed decides, until their images are as near to <paramref name="target"/> as whole
    /// patients allow; at least one patient, never the last one. Both parts keep the order of <paramref name="images"/>.
    /// </summary>
    private static (List<CaptionedImage> Remaining, List<CaptionedImage> Held) HoldOut(
        IReadOnlyList<CaptionedImage> images, double target, ulong seed)
    {
        var held = new HashSet<string>(StringComparer.Ordinal);
        if (target > 0)
        {
            List<(string Patient, int Images)> patients =
                [.. SeededOrder.Shuffle(images.CountBy(i => i.Patient, StringComparer.Ordinal).Select(p => (p.Key, p.Value)), p => p.Key, seed)];
            int taken = 0;
            foreach ((string patient, int count) in patients.SkipLast(1))
            {
                if (held.Count > 0 && taken + count / 2.0 > target) break;
                held.Add(patient);
                taken += count;
            }
        }
        ILookup<bool, CaptionedImage> parts = images.ToLookup(i => held.Contains(i.Patient));
        return ([.. parts[false]], [.. parts[true]]);
    }
}
