using SeLoRA.Engine;
using SeLoRA.Train;
using SkiaSharp;
using Xunit;

namespace SeLoRA.Tests;

public sealed class ReportDrawingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("selora-reports-").FullName;

    private string File => Path.Combine(_folder, "drawn.png");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_printable_character_has_a_glyph_of_its_own()
    {
        var seen = new Dictionary<string, char>();
        for (char c = '!'; c <= '~'; c++)
        {
            string glyph = Glyph(c);
            Assert.Contains('#', glyph);
            Assert.True(seen.TryAdd(glyph, c), $"{c} looks like {seen.GetValueOrDefault(glyph)}");
        }
        Assert.DoesNotContain('#', Glyph(' '));
        Assert.Equal(Glyph('?'), Glyph('ü'));
    }

    [Fact]
    public void Wrapped_lines_fit_and_say_where_they_were_cut()
    {
        IReadOnlyList<string> lines = PixelFont.Wrap("one two three incomprehensibilities four", 2, 120, 9);
        Assert.Equal(["one two", "three", "incompre..", "four"], lines);
        Assert.All(lines, l => Assert.True(PixelFont.Width(l, 2) <= 120));
        Assert.Equal(["one two", "three fo.."], PixelFont.Wrap("one two three four five", 2, 120, 2));
        Assert.Empty(PixelFont.Wrap("  ", 2, 120, 2));
    }

    [Fact]
    public void Ranks_of_the_unet_stand_in_data_flow_order()
    {
        List<RankPanel> panels = RankPanel.Build(UNet().Concat(TextEncoder()).Reverse());
        Assert.Equal(["Text encoder", "U-Net transformer blocks", "U-Net time embedding"], panels.Select(p => p.Title));

        Assert.Equal(["q", "k", "v", "out", "fc1", "fc2"], panels[0].Rows);
        Assert.Equal(Enumerable.Range(0, 12).Select(l => $"{l}"), panels[0].Columns);
        Assert.Equal(
            ["down0.0", "down0.1", "down1.0", "down1.1", "down2.0", "down2.1", "mid", "up1.0", "up1.1", "up1.2", "up2.0", "up2.1", "up2.2", "up3.0", "up3.1", "up3.2"],
            panels[1].Columns);
        Assert.Equal(
            ["attn1.q", "attn1.k", "attn1.v", "attn1.out", "attn2.q", "attn2.k", "attn2.v", "attn2.out", "ff.net.0", "ff.net.2"],
            panels[1].Rows);
        Assert.Equal(160, panels[1].Ranks.Count);
        Assert.Equal(24, panels[2].Ranks.Count);
        Assert.Equal("linear_1", panels[2].Columns[0]);
        Assert.Equal("up3.2", panels[2].Columns[^1]);
        Assert.Equal(72, panels[0].Ranks.Count);
    }

    [Fact]
    public void Module_is_found_with_or_without_prefix_and_unknown_ones_are_kept()
    {
        List<RankPanel> panels = RankPanel.Build(
        [
            new("unet.up_blocks.1.attentions.2.transformer_blocks.3.attn2.to_out.0", 7),
            new("down_blocks.0.attentions.0.proj_in", 2),
            new("something.else", 5),
        ]);
        Assert.Equal(7, panels[0].Ranks[("attn2.out", "up1.2.3")]);
        Assert.Equal(2, panels[0].Ranks[("proj_in", "down0.0")]);
        Assert.Equal(5, panels[1].Ranks[("something.else", "rank")]);
    }

    [Fact]
    public void Heat_map_colours_lowest_and_highest_rank_at_the_ends_of_the_ramp()
    {
        RankHeatMap.Save(File, "ranks", [.. UNet()]);
        RgbImage image = ImageLoader.Decode(File);
        Assert.True(Count(image, ColorRamp.At(0)) > 500 && Count(image, ColorRamp.At(1)) > 500);
        Assert.Equal(SKColors.White, At(image, image.Width - 1, image.Height - 1));

        RankHeatMap.Save(File, "one", [new("a.b", 1)]);
        Assert.True(Count(ImageLoader.Decode(File), ColorRamp.At(0.5)) > 500);
        Assert.Throws<ArgumentException>(() => RankHeatMap.Save(File, "none", []));
    }

    [Fact]
    public void Sample_grid_shows_every_image_magnified()
    {
        static RgbImage Plain(byte r, byte g, byte b)
        {
            var image = new RgbImage(32, 32);
            for (int i = 0; i < 32 * 32; i++) (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]) = (r, g, b);
            return image;
        }

        SampleGrid.Save(File, "grid", ["first prompt", "second"], ["seed 1", "seed 2"],
        [
            new SampleGroup("before", [[Plain(200, 1, 2), Plain(3, 200, 4)], [Plain(5, 6, 200), Plain(200, 200, 7)]]),
            new SampleGroup("after", [[Plain(9, 200, 200), Plain(200, 10, 200)], [Plain(90, 10, 10), Plain(10, 90, 10)]]),
        ]);
        RgbImage image = ImageLoader.Decode(File);
        foreach (SKColor color in new SKColor[] { new(200, 1, 2), new(3, 200, 4), new(5, 6, 200), new(200, 200, 7), new(9, 200, 200), new(200, 10, 200), new(90, 10, 10), new(10, 90, 10) })
            Assert.Equal(128 * 128, Count(image, color));
        Assert.True(Count(image, Drawing.Ink) > 100);
        Assert.Throws<ArgumentException>(() => SampleGrid.Save(File, "x", ["a"], ["b"], [new SampleGroup("c", [])]));
    }

    [Fact]
    public void Line_plot_takes_gaps_single_points_and_nothing()
    {
        var blue = new SKColor(0x1F, 0x5F, 0xA8);
        var green = new SKColor(0x2E, 0x8B, 0x57);
        List<(double, double)> loss = [.. Enumerable.Range(1, 200).Select(i => ((double)i, i == 50 ? double.NaN : i == 60 ? double.PositiveInfinity : 1.0 / i))];
        LinePlot.SaveTraining(File, "a run", loss, [(100, 0.5), (200, 0.1)], [(1, 10), (100, 20), (200, 30)]);
        RgbImage image = ImageLoader.Decode(File);
        Assert.True(Count(image, blue) > 500 && Count(image, green) > 500);

        LinePlot.SaveTraining(File, "one step", [(1, 0.25)], [], [(1, 184)]);
        image = ImageLoader.Decode(File);
        Assert.True(Count(image, blue) > 50 && Count(image, green) > 50);

        LinePlot.SaveTraining(File, "nothing", [], [(1, double.NaN)], []);
        Assert.Equal(0, Count(ImageLoader.Decode(File), blue));
    }

    [Theory]
    [InlineData(0, 1, 5, "0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(0.07, 0.31, 5, "0.10 0.15 0.20 0.25 0.30")]
    [InlineData(-3, 12, 4, "0 5 10")]
    [InlineData(0, 4000, 4, "0 1000 2000 3000 4000")]
    [InlineData(-0.2, 0.2, 4, "-0.2 -0.1 0 0.1 0.2")]
    [InlineData(0, 0, 4, "0")]
    public void Ticks_are_round_numbers(double low, double high, int count, string expected)
    {
        double step = NiceTicks.Step(low, high, count);
        Assert.Equal(expected, string.Join(' ', NiceTicks.Between(low, high, count).Select(t => NiceTicks.Label(t, step))));
    }

    [Fact]
    public void Smoothing_of_a_constant_is_the_constant_and_gaps_stay()
    {
        IReadOnlyList<(double Step, double Value)> smooth = Smoothing.Average([.. Enumerable.Range(0, 300).Select(i => ((double)i, i == 7 ? double.NaN : 2.5))]);
        Assert.True(double.IsNaN(smooth[7].Value));
        Assert.All(smooth.Where(p => p.Step != 7), p => Assert.Equal(2.5, p.Value, 12));
    }

    [Fact]
    public void Unwritable_file_is_an_error_that_names_it()
    {
        string inFile = Path.Combine(_folder, "file");
        System.IO.File.WriteAllText(inFile, "");
        string path = Path.Combine(inFile, "x.png");
        var e = Assert.Throws<EngineException>(() => RankHeatMap.Save(path, "t", [new("a", 1)]));
        Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<ModuleRank> TextEncoder() =>
        from layer in Enumerable.Range(0, 12)
        from part in new[] { "self_attn.k_proj", "self_attn.v_proj", "self_attn.q_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2" }
        select new ModuleRank($"text_model.encoder.layers.{layer}.{part}", 1 + layer);

    // The linear layers of Stable Diffusion 1.5's U-Net; the rank is the position modulo 5.
    private static IEnumerable<ModuleRank> UNet()
    {
        var names = new List<string>();
        string[] parts = ["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_q", "attn2.to_k", "attn2.to_v", "attn2.to_out.0", "ff.net.0.proj", "ff.net.2"];
        void Block(string block, int layer, bool attention)
        {
            if (attention) names.AddRange(parts.Select(p => $"{block}.attentions.{layer}.transformer_blocks.0.{p}"));
            names.Add($"{block}.resnets.{layer}.time_emb_proj");
        }

        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 2; j++) Block($"down_blocks.{i}", j, i < 3);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 3; j++) Block($"up_blocks.{i}", j, i > 0);
        Block("mid_block", 0, true);
        Block("mid_block", 1, false);
        names.AddRange(["time_embedding.linear_1", "time_embedding.linear_2"]);
        return names.Select((n, i) => new ModuleRank(n, 1 + i % 5));
    }

    private string Glyph(char c)
    {
        using var drawing = new Drawing(6, 9);
        drawing.Text(c.ToString(), 0, 0, 1, SKColors.Black);
        drawing.Save(File);
        return string.Concat(ImageLoader.Decode(File).Pixels.Where((_, i) => i % 3 == 0).Select(v => v == 0 ? '#' : '.'));
    }

    private static SKColor At(RgbImage image, int x, int y)
    {
        ReadOnlySpan<byte> p = image.Pixels.AsSpan(3 * (y * image.Width + x), 3);
        return new SKColor(p[0], p[1], p[2]);
    }

    private static int Count(RgbImage image, SKColor color)
    {
        int count = 0;
        for (int i = 0; i < image.Pixels.Length; i += 3)
            if (image.Pixels[i] == color.Red && image.Pixels[i + 1] == color.Green && image.Pixels[i + 2] == color.Blue) count++;
        return count;
    }
}
