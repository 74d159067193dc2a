using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace SeLoRA.Train;

/// <summary>
/// One line that follows a long job: what is done, rate, time left. It rewrites itself on a terminal, and is printed every few seconds
/// where output goes to a file.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan FileInterval = TimeSpan.FromSeconds(10), TerminalInterval = TimeSpan.FromMilliseconds(100);

    private readonly string title;
    private readonly bool terminal = AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan? shown;
    private int width;

    /// <summary>Starts the clock.</summary>
    public ProgressLine(string title) => this.title = title;

    /// <summary>Shows the state after <paramref name="done"/> (part of an item counts for rate and time left) of <paramref name="total"/>, of which <paramref name="before"/> were done before this process.</summary>
    public void Report(double done, int total, string details = "", int before = 0)
    {
        TimeSpan now = clock.Elapsed;
        bool due = shown is null || done >= total || now - shown >= (terminal ? TerminalInterval : FileInterval);
        if (!due) return;
        shown = now;
        double perItem = now.TotalSeconds / Math.Max(1e-3, done - before);
        string left = done >= total ? Span(now) : $"{Span(TimeSpan.FromSeconds(perItem * (total - done)))} left";
        Write($"{title} {(int)done}/{total}  {details}{(details.Length > 0 ? "  " : "")}{left}");
    }

    /// <summary>Ends the line.</summary>
    public void Dispose()
    {
        if (terminal && width > 0) Console.WriteLine();
    }

    /// <summary>Hours, minutes and seconds, as short as they can be.</summary>
    public static string Span(TimeSpan time) => time.TotalHours >= 1
        ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture)
        : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);

    private void Write(string line)
    {
        if (!terminal)
        {
            Console.WriteLine(line);
            return;
        }
        int room = Math.Max(20, Console.WindowWidth - 1);
        if (line.Length > room) line = line[..room];
        Console.Write('\r' + line.PadRight(width));
        width = line.Length;
    }
}
