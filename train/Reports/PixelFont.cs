using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>
/// A bitmap font of printable ASCII, 5 x 7 pixels with two rows for descenders, scaled by integers: reports look the same on every
/// machine, also in a container that has no fonts.
/// </summary>
internal static class PixelFont
{
    /// <summary>Height of capitals in font pixels.</summary>
    public const int CapHeight = 7;

    /// <summary>Rows of a glyph, with descenders, and distance between baselines.</summary>
    public const int Rows = 9, LineHeight = 11;

    private const int Columns = 5, Advance = 6, First = ' ', Last = '~';

    // For each character from space to tilde nine rows from the top, five bits each, the highest the leftmost pixel.
    private static readonly byte[] s_rows = Convert.FromHexString(string.Concat(
    [
        "000000000000000000", "040404040400040000", "0A0A0A000000000000", "0A0A1F0A1F0A0A0000", "040F140E051E040000",
        "191902040813130000", "0C12140815120D0000", "040404000000000000", "020408080804020000", "080402020204080000",
        "0004150E1504000000", "0004041F0404000000", "000000000006040800", "0000001F0000000000", "000000000006060000",
        "010102040810100000", "0E11131519110E0000", "040C040404040E0000", "0E11010204081F0000", "1F02040201110E0000",
        "02060A121F02020000", "1F101E0101110E0000", "0608101E11110E0000", "1F0102040808080000", "0E11110E11110E0000",
        "0E11110F01020C0000", "000606000606000000", "000606000604080000", "020408100804020000", "00001F001F00000000",
        "080402010204080000", "0E1101020400040000", "0E11171517100E0000", "0E11111F1111110000", "1E11111E11111E0000",
        "0E11101010110E0000", "1E11111111111E0000", "1F10101E10101F0000", "1F10101E1010100000", "0E11101711110F0000",
        "1111111F1111110000", "0E04040404040E0000", "0702020202120C0000", "111214181412110000", "1010101010101F0000",
        "111B15151111110000", "111119151311110000", "0E11111111110E0000", "1E11111E1010100000", "0E11111115120D0000",
        "1E11111E1412110000", "0F10100E01011E0000", "1F0404040404040000", "1111111111110E0000", "11111111110A040000",
        "11111115151B110000", "11110A040A11110000", "11110A040404040000", "1F01020408101F0000", "0E08080808080E0000",
        "101008040201010000", "0E02020202020E0000", "040A11000000000000", "000000000000001F00", "080400000000000000",
        "00000E010F110F0000", "10101E1111111E0000", "00000E1010100E0000", "01010F1111110F0000", "00000E111F100E0000",
        "0608081C0808080000", "00000F1111110F010E", "10101E111111110000", "04000C0404040E0000", "02000602020202120C",
        "101012141814120000", "0C04040404040E0000", "00001A151515150000", "00001E111111110000", "00000E1111110E0000",
        "00001E1111111E1010", "00000F1111110F0101", "000016181010100000", "00000F100E011E0000", "08081C080808060000",
        "0000111111110F0000", "00001111110A040000", "0000111115150A0000", "0000110A040A110000", "0000111111110F010E",
        "00001F0204081F0000", "030404080404030000", "040404040404040000", "180404020404180000", "000008150200000000",
    ]));

    /// <summary>Width of one line of text in pixels.</summary>
    public static int Width(string text, int scale) => text.Length == 0 ? 0 : (text.Length * Advance - (Advance - Columns)) * scale;

    /// <summary>Draws one line; characters outside ASCII appear as question marks.</summary>
    /// <param name="canvas">Where to draw.</param>
    /// <param name="text">The line.</param>
    /// <param name="x">Left edge.</param>
    /// <param name="y">Top of the capitals.</param>
    /// <param name="scale">Size of a font pixel.</param>
    /// <param name="color">Colour of the text.</param>
    public static void Draw(SKCanvas canvas, string text, float x, float y, int scale, SKColor color)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = false };
        foreach (char c in text)
        {
            int glyph = (c is >= (char)First and <= (char)Last ? c : '?') - First;
            for (int row = 0; row < Rows; row++)
            {
                int bits = s_rows[glyph * Rows + row];
                // Neighbouring pixels of a row are one rectangle.
                for (int column = 0; column < Columns; column++)
                {
                    int run = 0;
                    while (column + run < Columns && (bits >> (Columns - 1 - column - run) & 1) != 0) run++;
                    if (run == 0) continue;
                    canvas.DrawRect(x + column * scale, y + row * scale, run * scale, scale, paint);
                    column += run;
                }
            }
            x += Advance * scale;
        }
    }

    /// <summary>Breaks text at spaces into lines no wider than asked; a longer word stands alone, cut.</summary>
    public static IReadOnlyList<string> Wrap(string text, int scale, int width, int linesMax)
    {
        int perLine = Math.Max(1, (width / scale + 1) / Advance);
        var lines = new List<string>();
        string line = "";
        foreach (string word in text.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            string longer = line.Length == 0 ? word : $"{line} {word}";
            if (longer.Length <= perLine || line.Length == 0)
            {
                line = longer;
                continue;
            }
            lines.Add(line);
            line = word;
        }
        if (line.Length > 0) lines.Add(line);
        bool cut = lines.Count > linesMax;
        if (cut) lines.RemoveRange(linesMax, lines.Count - linesMax);
        for (int i = 0; i < lines.Count; i++)
        {
            bool dots = lines[i].Length > perLine || (cut && i == lines.Count - 1);
            if (dots) lines[i] = perLine <= 2 ? lines[i][..Math.Min(perLine, lines[i].Length)] : lines[i][..Math.Min(perLine - 2, lines[i].Length)] + "..";
        }
        return lines;
    }
}
