using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>Dark violet over teal to pale yellow: lightness rises steadily, so it also reads in grey print.</summary>
internal static class ColorRamp
{
    private static readonly SKColor[] s_stops =
    [
        new(0x3B, 0x1C, 0x5A), new(0x3D, 0x4A, 0x89), new(0x2C, 0x71, 0x8E), new(0x21, 0x95, 0x8B),
        new(0x4F, 0xB8, 0x72), new(0xA5, 0xD4, 0x4F), new(0xF7, 0xE6, 0x4A),
    ];

    /// <summary>The colour at <paramref name="t"/> in [0, 1].</summary>
    public static SKColor At(double t)
    {
        double at = Math.Clamp(t, 0, 1) * (s_stops.Length - 1);
        int i = Math.Min((int)at, s_stops.Length - 2);
        double f = at - i;
        byte Mix(byte a, byte b) => (byte)Math.Round(a + (b - a) * f);
        return new SKColor(Mix(s_stops[i].Red, s_stops[i + 1].Red), Mix(s_stops[i].Green, s_stops[i + 1].Green), Mix(s_stops[i].Blue, s_stops[i + 1].Blue));
    }

    /// <summary>White or near-black, whichever is easier to read on <paramref name="background"/>.</summary>
    public static SKColor TextOn(SKColor background) =>
        0.299 * background.Red + 0.587 * background.Green + 0.114 * background.Blue > 140 ? Drawing.Ink : SKColors.White;
}
