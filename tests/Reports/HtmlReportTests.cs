using System.Xml;
using System.Xml.Linq;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The pages that the report verb writes, read as XML.</summary>
public sealed class HtmlReportTests : IDisposable
{
    private static readonly string[] Hostile =
        ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "' onload='alert(3)", "]]>&amp;\0\u0007</style><b>", "\ud800 alone"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_runs_page_shows_all_of_it_and_can_be_read_without_seeing()
    {
        DrawnRun.Write(folder.Path);
        XDocument page = Parse(RunPage.Write(folder.Path));
        Assert.Equal(["Summary", "Loss", "Ranks", "Time and memory", "Samples"], page.Descendants("h2").Select(h => h.Value));
        Assert.Equal(3, page.Descendants("figcaption").Count(f => f.Parent!.Element("svg") is not null));
        Assert.All(page.Descendants("table"), t => Assert.NotEmpty(t.Element("caption")!.Value));
        Assert.All(page.Descendants("th"), th => Assert.Contains(th.Attribute("scope")?.Value, (string[])["col", "row"]));
        Assert.All(page.Descendants("img"), i => Assert.NotEmpty(i.Attribute("alt")!.Value));
        Assert.All(page.Descendants("svg").Where(s => s.Attribute("role")?.Value == "img"), s => Assert.NotEmpty(s.Element("title")!.Value));
        // Two parts of the U-Net and the text encoder, once as numbers and once as drawings; every layer is in both.
        XElement[] maps = [.. page.Descendants("table").Where(t => t.Attribute("class")?.Value == "map")];
        Assert.Equal(6, maps.Length);
        Assert.Equal(17, maps.Descendants("svg").Count());
        Assert.Equal(17, maps.Descendants("td").Count(td => td.Attribute("style") is not null));
        Assert.Contains("lowest", page.Descendants("desc").First().Value);
        Assert.Contains(page.Descendants("td"), td => td.Value == "0.2500");
    }

    [Fact]
    public void A_page_takes_nothing_from_outside_and_runs_nothing()
    {
        DrawnRun.Write(folder.Path);
        XDocument page = Parse(RunPage.Write(folder.Path));
        Assert.Empty(page.Descendants("script"));
        Assert.All(page.Descendants().Attributes().Where(a => a.Name.LocalName is "src" or "href"),
            a => Assert.True(a.Value.StartsWith("data:", StringComparison.Ordinal) || a.Value.StartsWith('#'), a.Value));
        string text = File.ReadAllText(folder.File("report.html"));
        Assert.DoesNotContain("http:", text);
        Assert.DoesNotContain("https:", text);
        Assert.DoesNotContain("url(", text);
        Assert.Contains("prefers-color-scheme: dark", text);
        Assert.Contains("@media print", text);
    }

    [Fact]
    public void Hostile_settings_and_layers_stay_text()
    {
        DrawnRun.Write(folder.Path, new() { ["method"] = Hostile[0], ["model"] = Hostile[1], ["data"] = Hostile[2], ["prompts"] = Hostile[..4], [Hostile[1]] = 1 },
            modules: [.. Hostile[..3], "unet.time_embedding.linear_1"]);
        XDocument page = Parse(RunPage.Write(folder.Path));
        Assert.Empty(page.Descendants("script"));
        Assert.Single(page.Descendants("style"));
        Assert.DoesNotContain(page.Descendants().Attributes(), a => a.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase));
        Assert.Equal($"{Hostile[0]} on {Hostile[1]}", page.Descendants("h1").Single().Value);
        Assert.Contains(page.Descendants("th"), th => th.Value == Hostile[2]);
    }

    [Fact]
    public void Holes_of_a_template_are_escaped_unless_they_are_markup()
    {
        foreach (string text in Hostile)
        {
            string markup = HtmlText.Of($"<p title=\"{text}\">{text}</p>").Markup;
            XElement p = XElement.Parse(markup.Replace('\ud800', '\uFFFD'), LoadOptions.PreserveWhitespace);
            Assert.Empty(p.Elements());
            Assert.Equal("title", Assert.Single(p.Attributes()).Name.LocalName);
        }
        HtmlText inner = HtmlText.Of($"<b>{1.5:F2}</b>");
        Assert.Equal("<i><b>1.50</b></i>", HtmlText.Of($"<i>{inner}</i>").Markup);
    }

    [Fact]
    public void A_run_that_was_killed_is_reported_up_to_its_last_whole_row()
    {
        DrawnRun.Write(folder.Path);
        File.Delete(folder.File("summary.json"));
        Directory.Delete(folder.File("samples"), recursive: true);
        string[] rows = File.ReadAllLines(folder.File("metrics.csv"));
        File.WriteAllText(folder.File("metrics.csv"), string.Join('\n', rows[..100]) + "\n99,1,0.2");
        File.AppendAllText(folder.File("ranks.csv"), "240,unet.ti");
        RunRecord run = RunRecord.Read(folder.Path);
        Assert.Equal(98, run.Metrics[^1].Step);
        Assert.Equal(17, run.FinalRanks.Count);
        Assert.Contains("not finished", Parse(RunPage.Write(folder.Path)).Descendants("header").Single().Value);

        File.WriteAllText(folder.File("metrics.csv"), MetricsRow.Header + "\n");
        File.WriteAllText(folder.File("ranks.csv"), "");
        Assert.Contains("No step", Parse(RunPage.Write(folder.Path)).Root!.Value);
    }

    [Theory]
    [InlineData("metrics.csv", "step\n1,2\n", "metrics.csv line 2")]
    [InlineData("ranks.csv", "step\n1,a,b,c,d,e,f\n", "ranks.csv line 2")]
    [InlineData("config.json", "{", "config.json: ")]
    [InlineData("summary.json", "{}", "summary.json: ")]
    [InlineData("evaluation.json", "[]", "evaluation.json: ")]
    [InlineData("samples/before-after.png", "no image", "before-after.png: is no PNG")]
    public void A_damaged_file_is_named(string file, string content, string message)
    {
        DrawnRun.Write(folder.Path);
        File.WriteAllText(folder.File(file), content);
        Assert.Contains(message, Assert.Throws<EngineException>(() => RunPage.Write(folder.Path)).Message);
    }

    [Fact]
    public void Ranks_of_other_methods_may_fall_and_have_no_scores()
    {
        DrawnRun.Write(folder.Path, new() { ["method"] = "adalora" });
        File.WriteAllText(folder.File("ranks.csv"), "step,module,rank,fi_original,fi_expanded,ratio,grown\n27,unet.time_embedding.linear_1,6,,,,-4\n");
        RankRow row = Assert.Single(RunRecord.Read(folder.Path).Ranks);
        Assert.Equal((6, 2), (row.Before, row.After));
        XElement drawing = Parse(RunPage.Write(folder.Path)).Descendants("title").Single(t => t.Value.Contains("time_embedding", StringComparison.Ordinal));
        Assert.EndsWith("rank 6 to 2", drawing.Value);
    }

    [Fact]
    public void Long_curves_stay_small_and_keep_their_spikes()
    {
        (double Step, double Value)[] points = [.. Enumerable.Range(0, 100_000).Select(i => ((double)i, i == 77_777 ? 9.0 : i % 10 == 3 ? double.NaN : 1.0))];
        IReadOnlyList<(double Step, double Value)> thin = SvgPath.Thin(points, 500);
        Assert.InRange(thin.Count, 500, 1000);
        Assert.Contains((77_777, 9.0), thin);
        Assert.Equal(thin.OrderBy(p => p.Step), thin);
        Assert.Equal("M0 1L1 2M3 4H5V6", SvgPath.Through([(0, 1), (1, 2), (2, double.NaN)], x => x, y => y) + SvgPath.Through([(3, 4), (5, 6)], x => x, y => y, steps: true));
    }

    [Fact]
    public void A_large_picture_is_made_smaller()
    {
        byte[] noise = new byte[2000 * 400 * 3];
        new Random(1).NextBytes(noise);
        ImageFile.SavePng(folder.File("large.png"), new RgbImage(2000, 400, noise));
        Assert.True(new FileInfo(folder.File("large.png")).Length > 1 << 20);
        XElement figure = XElement.Parse(HtmlImage.Figure(folder.File("large.png"), "c", "a").Markup);
        string source = figure.Element("img")!.Attribute("src")!.Value;
        Assert.StartsWith("data:image/jpeg;base64,", source);
        RgbImage image = ImageLoader.Decode(Convert.FromBase64String(source[(source.IndexOf(',') + 1)..]), "large");
        Assert.Equal((1600, 320), (image.Width, image.Height));
    }

    [Fact]
    public void Runs_side_by_side_have_means_deviations_and_a_table_of_lambda()
    {
        foreach ((string group, string method, double lambda, double loss) in (ReadOnlySpan<(string, string, double, double)>)
            [("lora", "lora", 1.1, 0.4), ("selora-1.1", "selora", 1.1, 0.2), ("selora-1.3", "selora", 1.3, 0.3)])
            for (int seed = 1; seed <= 2; seed++)
            {
                string run = folder.File($"{group}/seed{seed}");
                DrawnRun.Write(run, new() { ["method"] = method, ["lambda"] = lambda, ["seed"] = seed }, loss + seed * 0.1);
                if (method == "selora") File.WriteAllText(Path.Combine(run, "evaluation.json"), FormattableString.Invariant($$"""{"metrics": {"fid": {{100 + seed}}}, "note": "x"}"""));
            }
        Directory.CreateDirectory(folder.File("lora/seed-of-nothing"));
        XDocument page = Parse(ComparisonPage.Write(folder.Path));
        Assert.Equal(["Quality", "Cost", "Lambda", "Loss and rank", "Memory", "Ranks of each layer", "Samples"], page.Descendants("h2").Select(h => h.Value));
        Assert.Equal(["selora-1.1", "2", "0.3500 ± 0.0707", "101.5 ± 0.7071"], Row(page.Descendants("table").First(), "selora-1.1"));
        Assert.Equal(["lora", "2", "0.5500 ± 0.0707", ""], Row(page.Descendants("table").First(), "lora"));
        XElement lambdas = page.Descendants("table").Single(t => t.Element("caption")!.Value == "selora at different lambda");
        Assert.Equal(["1.1", "1.3"], lambdas.Element("tbody")!.Elements().Select(r => r.Elements().First().Value));
        Assert.Equal(3, page.Descendants("img").Count());
        Assert.DoesNotContain(page.Descendants("table"), t => t.Attribute("class")?.Value == "sheet");
        Assert.Contains("no METHOD/seedN", Assert.Throws<EngineException>(() => ComparisonPage.Write(folder.File("lora/seed1"))).Message);
    }

    [Fact]
    public void Real_images_stand_beside_those_of_every_method_on_the_same_captions()
    {
        foreach (string method in (string[])["lora", "selora-1.1", "selora-1.3"])
        {
            string run = folder.File($"{method}/seed1"), images = Path.Combine(run, "evaluation");
            DrawnRun.Write(run, new() { ["method"] = method });
            Directory.CreateDirectory(Path.Combine(images, "real"));
            // The last one was evaluated on other captions.
            string[] captions = method == "selora-1.3" ? ["other", "captions"] : ["left \"effusion\"", "<b>clear</b>"];
            File.WriteAllText(Path.Combine(images, "metadata.csv"), "file_name,text,seed\n" + string.Concat(captions.Select((c, i) => $"{i}.png,\"{c.Replace("\"", "\"\"")}\",{7 + i}\n")));
            for (int i = 0; i < 2; i++) ImageFile.SavePng(Path.Combine(images, $"{i}.png"), new RgbImage(8, 8, new byte[192]));
            ImageFile.SavePng(Path.Combine(images, "real", "0000.png"), new RgbImage(8, 8, new byte[192]));
        }
        XElement sheet = Parse(ComparisonPage.Write(folder.Path)).Descendants("table").Single(t => t.Attribute("class")?.Value == "sheet");
        Assert.Equal(["real", "lora", "selora-1.1"], sheet.Element("thead")!.Descendants("th").Select(h => h.Value));
        XElement[] rows = [.. sheet.Element("tbody")!.Elements()];
        Assert.Equal(["left \"effusion\"seed 7", "<b>clear</b>seed 8"], rows.Select(r => r.Element("th")!.Value));
        Assert.Equal([3, 2], rows.Select(r => r.Descendants("img").Count()));
        Assert.Equal("selora-1.1: <b>clear</b>", rows[1].Descendants("img").Last().Attribute("alt")!.Value);
        File.WriteAllText(folder.File("lora/seed1/evaluation/metadata.csv"), "file_name,text,seed\n0.png,x\n");
        Assert.Contains("metadata.csv line 2: 2 fields", Assert.Throws<EngineException>(() => ComparisonPage.Write(folder.Path)).Message);
    }

    private static IEnumerable<string> Row(XElement table, string name) =>
        table.Element("tbody")!.Elements().Single(r => r.Elements().First().Value == name).Elements().Select(c => c.Value);

    private static XDocument Parse(string path)
    {
        using XmlReader reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }
}
