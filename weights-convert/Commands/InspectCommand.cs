using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary><c>inspect FILE|DIR</c>: what the files seem to be, their metadata and their tensors.</summary>
internal static class InspectCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var path = new Argument<string>("path")
        {
            Description = "A .safetensors file, one pickled by PyTorch (.ckpt, .pt, .pth, .bin; nothing in it is run), a *.index.json of a sharded one, or a folder, searched with its subfolders",
        };
        var summary = new Option<bool>("--summary") { Description = "Leave out the table of tensors" };
        var filter = new Option<string>("--filter")
        {
            Description = "List only tensors whose name contains this text",
            HelpName = "TEXT",
        };
        var command = new Command("inspect", "Show what weight files hold: kind, counts, metadata, every tensor's type and shape")
        {
            path, summary, filter,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(path), !parsed.GetValue(summary), parsed.GetValue(filter) ?? "", output, error));
        return command;
    }

    private static int Run(string path, bool table, string filter, TextWriter output, TextWriter error)
    {
        WeightFiles files = WeightFiles.Find(path);
        foreach (string note in files.Notes) output.WriteLine(note);
        int failed = 0;
        foreach (string file in files.Paths)
        {
            // One damaged file of a folder must not hide the others.
            try
            {
                using ITensorSource source = TensorFile.Open(file);
                var report = new InspectReport(source, output);
                report.WriteSummary();
                if (table) report.WriteTensors(filter);
            }
            catch (EngineException e)
            {
                error.WriteLine(e.Message);
                failed++;
            }
        }
        return failed == 0 ? 0 : 1;
    }
}
