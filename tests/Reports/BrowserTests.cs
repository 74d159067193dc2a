using System.Diagnostics;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Pages in a real browser, where there is one.</summary>
public sealed class BrowserTests : IDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "chrome"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_page_renders_without_a_message_on_the_console()
    {
        string browser = Find();
        DrawnRun.Write(folder.File("run"), new() { ["prompts"] = (string[])["<script>document.title = 'broken'</script>", "\" onmouseover=\"x"] });
        string page = RunPage.Write(folder.File("run"));
        (string dom, string log) = Run(browser, "--dump-dom", page);
        Assert.DoesNotContain("CONSOLE", log);
        Assert.Contains("<title>selora on mini</title>", dom);
        Assert.Contains("&lt;script&gt;document.title", dom);
        Assert.DoesNotContain("<script", dom);
        Assert.EndsWith("</html>", dom.TrimEnd());

        // The browser would say what it dislikes: a page that breaks its own policy is found.
        File.WriteAllText(folder.File("bad.html"), File.ReadAllText(page).Replace("</body>", "<script>x()</script></body>", StringComparison.Ordinal));
        Assert.Contains("CONSOLE", Run(browser, "--dump-dom", folder.File("bad.html")).Log);
    }

    [Fact]
    public void A_page_prints()
    {
        string browser = Find(), pdf = folder.File("report.pdf");
        DrawnRun.Write(folder.File("run"));
        Run(browser, $"--print-to-pdf={pdf}", RunPage.Write(folder.File("run")));
        Assert.StartsWith("%PDF-", File.ReadAllText(pdf)[..5]);
        Assert.True(new FileInfo(pdf).Length > 20_000);
    }

    private static string Find()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string? found = folders.SelectMany(f => Names.Select(n => Path.Combine(f, n))).FirstOrDefault(File.Exists);
        if (found is null) Assert.Skip($"no browser: none of {string.Join(", ", Names)} is on the path");
        return found;
    }

    private (string Output, string Log) Run(string browser, string what, string page)
    {
        var start = new ProcessStartInfo(browser) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in (string[])["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--enable-logging=stderr", $"--user-data-dir={folder.File("profile")}", what, new Uri(page).AbsoluteUri])
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> log = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output, log.Result);
    }
}
