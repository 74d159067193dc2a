using System.Diagnostics;

namespace SeLoRA.Bench;

/// <summary>A program that is given some time and whose lines are handed on as they come.</summary>
/// <param name="ExitCode">Null where it was ended because its time was over.</param>
/// <param name="LastError">Its last line of standard error that is not empty, else null.</param>
internal sealed record BoundedProcess(int? ExitCode, string? LastError)
{
    // A process that it started and left behind (a compiler's worker) may hold its pipes open.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5), Dying = TimeSpan.FromSeconds(10);

    /// <summary>Runs it to its end or to the end of its time, when it is ended with all that it started.</summary>
    /// <param name="info">The program; without standard input.</param>
    /// <param name="limit">Its time.</param>
    /// <param name="line">Gets every line of standard output. Not called after this method has returned.</param>
    /// <param name="error">Gets every line of standard error, likewise.</param>
    public static BoundedProcess Run(ProcessStartInfo info, TimeSpan limit, Action<string> line, Action<string> error)
    {
        (info.RedirectStandardInput, info.RedirectStandardOutput, info.RedirectStandardError) = (true, true, true);
        string? lastError = null;
        var gate = new Lock();
        bool over = false;
        using var ends = new CountdownEvent(2);
        void Take(string? text, Action<string> then)
        {
            if (text is null)
            {
                lock (gate)
                {
                    if (!over) ends.Signal();
                }
                return;
            }
            lock (gate)
            {
                if (!over) then(text);
            }
        }
        using var process = new Process { StartInfo = info };
        process.OutputDataReceived += (_, e) => Take(e.Data, line);
        process.ErrorDataReceived += (_, e) => Take(e.Data, text =>
        {
            if (text.Trim().Length > 0) lastError = text.Trim();
            error(text);
        });
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        int? code = null;
        if (process.WaitForExit(limit))
        {
            ends.Wait(Grace);
            code = process.ExitCode;
        }
        else
        {
            process.Kill(entireProcessTree: true);
            // Its memory on the device is the next one's.
            process.WaitForExit(Dying);
        }
        lock (gate) over = true;
        return new BoundedProcess(code, lastError);
    }
}
