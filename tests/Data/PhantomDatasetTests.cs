using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

public class PhantomDatasetTests
{
    private const int Size = 64;

    [Theory]
    [InlineData(PhantomStyle.Source)]
    [InlineData(PhantomStyle.Target)]
    public void Sample_is_a_pure_function_of_seed_and_index(PhantomStyle style)
    {
        var all = new PhantomDataset(3, 40, Size, style);
        Phantom early = all[17];
        _ = all[5];
        Phantom again = new PhantomDataset(3, 18, Size, style)[17];
        Assert.Equal(early.Image.Pixels, again.Image.Pixels);
        Assert.Equal((early.Caption, early.Findings), (again.Caption, again.Findings));
        Assert.NotEqual(early.Image.Pixels, all[18].Image.Pixels);
        Assert.NotEqual(early.Image.Pixels, new PhantomDataset(4, 40, Size, style)[17].Image.Pixels);
    }

    [Fact]
    public void Styles_share_findings_but_neither_look_nor_opening_words()
    {
        var source = new PhantomDataset(1, 30, Size, PhantomStyle.Source);
        var target = new PhantomDataset(1, 30, Size, PhantomStyle.Target);
        for (int i = 0; i < source.Count; i++)
        {
            (Phantom s, Phantom t) = (source[i], target[i]);
            Assert.Equal(s.Findings, t.Findings);
            Assert.Contains("x-ray", s.Caption, StringComparison.Ordinal);
            Assert.Contains("radiograph", t.Caption, StringComparison.Ordinal);
            Assert.True(Distance(s.Image, t.Image) > 20);
        }
    }

    [Theory]
    [InlineData(PhantomStyle.Source)]
    [InlineData(PhantomStyle.Target)]
    public void Finding_changes_the_side_that_is_named_the_patients_left_being_on_the_right(PhantomStyle style)
    {
        var data = new PhantomDataset(7, 1, Size, style);
        RgbImage normal = data.Draw(0, default);
        foreach (PhantomFinding finding in Enum.GetValues<PhantomFinding>())
        {
            if (finding is PhantomFinding.None or PhantomFinding.Cardiomegaly) continue;
            foreach (PhantomSide side in new[] { PhantomSide.Left, PhantomSide.Right })
            {
                // The zone moves the spot, never the anatomy, so the rest of the image is untouched.
                RgbImage image = data.Draw(0, new PhantomFindings(finding, side, PhantomExtent.Large, PhantomZone.Upper));
                (int imageLeft, int imageRight) = (Changed(normal, image, 0, Size / 2 - 4), Changed(normal, image, Size / 2 + 4, Size));
                (int there, int elsewhere) = side == PhantomSide.Left ? (imageRight, imageLeft) : (imageLeft, imageRight);
                Assert.True(there >= 20, $"{style} {finding} {side}: {there} pixels changed");
                Assert.Equal(0, elsewhere);
            }
        }
    }

    [Theory]
    [InlineData(PhantomFinding.PleuralEffusion, PhantomSide.Left)]
    [InlineData(PhantomFinding.Pneumothorax, PhantomSide.Right)]
    [InlineData(PhantomFinding.Cardiomegaly, PhantomSide.None)]
    public void Larger_extent_changes_more(PhantomFinding finding, PhantomSide side)
    {
        var data = new PhantomDataset(7, 1, Size);
        RgbImage normal = data.Draw(0, default);
        // Air darkens, everything else brightens.
        int sign = finding == PhantomFinding.Pneumothorax ? -1 : 1;
        int Count(PhantomExtent extent) => Changed(normal, data.Draw(0, new PhantomFindings(finding, side, extent, PhantomZone.None)), 0, Size, d => sign * d);
        (int small, int large) = (Count(PhantomExtent.Small), Count(PhantomExtent.Large));
        Assert.True(small >= 60 && large >= 1.4 * small, $"{small} and {large} pixels");
    }

    [Fact]
    public void Captions_name_what_was_drawn_in_a_small_vocabulary()
    {
        var words = new HashSet<string>();
        var counts = new Dictionary<PhantomFinding, int>();
        foreach (PhantomStyle style in Enum.GetValues<PhantomStyle>())
        {
            var data = new PhantomDataset(11, 3000, Size, style);
            for (int i = 0; i < data.Count; i++)
            {
                (PhantomFindings f, string caption) = data.Describe(i);
                words.UnionWith(caption.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries));
                counts[f.Finding] = counts.GetValueOrDefault(f.Finding) + 1;
                Assert.Equal(f.Side == PhantomSide.Left, caption.Contains(" left ", StringComparison.Ordinal) || caption.Contains("left,", StringComparison.Ordinal)
                    || caption.EndsWith(" left", StringComparison.Ordinal));
                Assert.Equal(f.Zone == PhantomZone.Lower, caption.Contains(" lower ", StringComparison.Ordinal));
                Assert.DoesNotContain("  ", caption, StringComparison.Ordinal);
            }
        }
        Assert.InRange(words.Count, 40, 100);
        Assert.Equal(7, counts.Count);
        Assert.All(counts, c => Assert.InRange(c.Value, 350, 1300));
    }

    [Fact]
    public void Image_is_grey_uses_the_range_and_scales_with_its_size()
    {
        var small = new PhantomDataset(2, 3, 64);
        var large = new PhantomDataset(2, 3, 256);
        for (int i = 0; i < small.Count; i++)
        {
            byte[] pixels = small[i].Image.Pixels;
            for (int p = 0; p < pixels.Length; p += 3) Assert.True(pixels[p] == pixels[p + 1] && pixels[p] == pixels[p + 2]);
            Assert.True(pixels.Min() < 10 && pixels.Max() > 210);
            // The same body: shrunk four times it looks like the small one.
            Assert.True(Distance(small[i].Image, Resampler.Resize(large[i].Image, 64, 64)) < 8);
            float[] values = small.SignedUnit(i);
            Assert.Equal(64 * 64 * 3, values.Length);
            Assert.InRange(values.Min(), -1f, -0.9f);
        }
    }

    [Fact]
    public void Index_or_size_out_of_range_throws()
    {
        var data = new PhantomDataset(1, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => data[3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Describe(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PhantomDataset(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PhantomDataset(1, 1, 5000));
    }

    private static int Changed(RgbImage a, RgbImage b, int firstColumn, int endColumn, Func<int, int>? measure = null)
    {
        int count = 0;
        for (int y = 0; y < a.Height; y++)
            for (int x = firstColumn; x < endColumn; x++)
                if ((measure ?? Math.Abs)(b.Pixels[3 * (y * a.Width + x)] - a.Pixels[3 * (y * a.Width + x)]) > 30) count++;
        return count;
    }

    private static double Distance(RgbImage a, RgbImage b) =>
        a.Pixels.Zip(b.Pixels, (x, y) => (double)Math.Abs(x - y)).Average();
}
