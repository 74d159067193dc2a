using System.CommandLine;

namespace SeLoRA.Train;

/// <summary>report: the HTML page of a run folder, or of a folder of runs that are compared.</summary>
internal static class ReportCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A run folder, or a folder METHOD[-LAMBDA]/seedN/ of run folders." };
        var command = new Command("report", "Write report.html: curves, ranks, samples of a run, or runs side by side.") { folder };
        command.SetAction(result =>
        {
            string path = result.GetValue(folder)!;
            Console.WriteLine(RunRecord.IsRun(path) ? RunPage.Write(path) : ComparisonPage.Write(path));
        });
        return command;
    }
}
