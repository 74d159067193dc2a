using System.Diagnostics;

namespace SeLoRA.WeightsConvert;

/// <summary>How far a conversion is, its rate and the time left: a line that rewrites itself on a terminal, one every few seconds elsewhere.</summary>
internal sealed class ConvertProgress(TextWriter writer, long total, CancellationToken cancel)
{
    private readonly bool terminal = ReferenceEquals(writer, Console.Error) && !Console.IsErrorRedirected;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan shown;
    private long done;
    private int width;

    /// <summary>So many more bytes are written.</summary>
    /// <exception cref="OperationCanceledException">The work shall end.</exception>
    public void Add(long bytes)
    {
        cancel.ThrowIfCancellationRequested();
        done += bytes;
        TimeSpan now = clock.Elapsed;
        if (now - shown < TimeSpan.FromSeconds(terminal ? 0.2 : 5)) return;
        shown = now;
        double rate = done / now.TotalSeconds;
        string line = $"{Text.Bytes(done)} of {Text.Bytes(total)}, {rate / 1e6:0} MB/s, {(total - done) / rate:0} s left";
        if (terminal) writer.Write($"\r{line.PadRight(width)}");
        else writer.WriteLine(line);
        width = line.Length;
    }

    /// <summary>Takes the line away and says how it went.</summary>
    public string Finish()
    {
        if (terminal && width > 0) writer.Write($"\r{new string(' ', width)}\r");
        double seconds = clock.Elapsed.TotalSeconds;
        return $"{Text.Bytes(total)} in {seconds:0.0} s";
    }
}
