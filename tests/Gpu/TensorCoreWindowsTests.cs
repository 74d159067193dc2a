using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Pixels, taps and borders of a convolution's A, against the definition; and which convolutions are refused.</summary>
public class TensorCoreWindowsTests
{
    [Theory]
    [InlineData(false, 3, 3, 1, 1, 1)]
    [InlineData(false, 3, 3, 2, 1, 1)]
    [InlineData(false, 3, 3, 2, 0, 0)]
    [InlineData(false, 1, 5, 1, 0, 7)]
    [InlineData(true, 3, 3, 1, 1, 1)]
    [InlineData(true, 2, 4, 1, 0, 3)]
    public void Taps_of_every_pixel_are_those_of_the_definition(bool backward, int kh, int kw, int stride, int top, int left)
    {
        const int n = 2, h = 6, w = 5, channels = 16;
        int outH = (h + top + 1 - kh) / stride + 1, outW = (w + left + 2 - kw) / stride + 1;
        var conv = new TensorCoreConv2d(new Conv2dShape(n, h, w, channels, channels, kh, kw, stride, top, left, outH, outW), backward);
        var windows = new TensorCoreWindows(conv, DType.BF16);
        (int gridH, int gridW, int imageH, int imageW) = backward ? (h, w, outH, outW) : (outH, outW, h, w);
        var source = new SliceSource { Tap = TensorCoreWindows.BitsOf(0, 0) };
        for (int tap = 0; tap < kh * kw; tap++)
        {
            for (int row = 0; row < n * gridH * gridW; row++)
            {
                int of = row / (gridH * gridW), y = row / gridW % gridH, x = row % gridW;
                (y, x) = backward ? (y + top - tap / kw, x + left - tap % kw) : (y * stride - top + tap / kw, x * stride - left + tap % kw);
                bool outside = y < 0 || y >= imageH || x < 0 || x >= imageW;
                WindowPlace place = windows.PlaceOf(row);
                Assert.Equal(outside, (place.Outside & source.Tap) != 0);
                // Bytes from the image's first pixel, 32 of them each; a slice has been walked, half of which was zeros.
                Assert.Equal(((of * imageH + y) * imageW + x) * 32L, place.Pixel * 16L + source.A);
            }
            Assert.Equal(tap * 32L, source.B);
            source.A += 64;
            source.B += backward ? 64L * kh * kw * channels : 64;
            source.KLeft -= 32;
            source = windows.NextTap(source, channels);
            Assert.Equal(channels, source.KLeft);
        }
    }

    [Fact]
    public void A_tap_is_kept_while_channels_are_left()
    {
        var windows = new TensorCoreWindows(new TensorCoreConv2d(new Conv2dShape(1, 4, 4, 48, 8, 3, 3, 1, 1, 1, 4, 4), false), DType.BF16);
        var source = new SliceSource { A = 5, B = 7, KLeft = 16, Tap = TensorCoreWindows.BitsOf(1, 2) };
        Assert.Equal(source, windows.NextTap(source, 48));
    }

    [Fact]
    public void Contract_names_what_stands_against_it()
    {
        using var scope = new TensorScope();
        AssertViolation(null, 8, 4, 3, 1, false);
        AssertViolation(null, 320, 320, 3, 2, false);
        AssertViolation(null, 8, 16, 3, 1, true);
        AssertViolation("4 channels in the image", 4, 320, 3, 1, false);
        AssertViolation("4 channels in the image", 320, 4, 3, 1, true);
        AssertViolation("4 channels in the gradient", 4, 320, 3, 1, true);
        AssertViolation("stride 2", 8, 8, 3, 2, true);
        AssertViolation("more than 15 taps", 8, 8, 16, 1, false);
        AssertViolation("multiple of 8 elements", 8, 8, 3, 1, false, offset: 4);
        AssertViolation(null, 4, 4, 3, 1, true, offset: 4, dtype: DType.F32);
        AssertViolation("2 channels in the image", 2, 8, 3, 1, false, dtype: DType.F32);
        AssertViolation("of one type of floats", 8, 8, 3, 1, false, dtype: DType.I32);
    }

    [Fact]
    public void Plan_counts_whole_slices_of_every_tap()
    {
        var conv = new TensorCoreConv2d(new Conv2dShape(8, 28, 28, 40, 320, 3, 3, 1, 1, 1, 28, 28), false);
        TensorCorePlan plan = TensorCorePlan.For(conv, DType.BF16, 108);
        Assert.Equal(18, plan.Slices);
        Assert.Equal(plan.Slices, plan.SlicesOfFirst);
        Assert.Equal(TensorCoreTile.Tile128x64, plan.Tile);
    }

    private static void AssertViolation(string? says, int c, int o, int taps, int stride, bool backward, int offset = 0, DType dtype = DType.BF16)
    {
        var conv = new TensorCoreConv2d(new Conv2dShape(1, 4, 4, c, o, taps, taps, stride, taps / 2, taps / 2, 4, 4), backward);
        Tensor image = Tensor.Zeros(new Shape(4096 * 2), dtype: dtype).Alias(new Shape(16 * conv.Channels), offset);
        Tensor weight = Tensor.Zeros(new Shape(8), dtype: dtype), result = Tensor.Zeros(new Shape(8));
        string? violation = TensorCoreContract.Violation(image, weight, result, conv, new GemmEpilogue());
        if (says is null) Assert.Null(violation);
        else Assert.Contains(says, violation, StringComparison.Ordinal);
    }
}
