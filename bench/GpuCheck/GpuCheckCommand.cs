using System.CommandLine;
using System.Text.RegularExpressions;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>gpu-check: is everything right on this device, and how fast is it? Needs the tests beside it, and no SDK.</summary>
internal static class GpuCheckCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var device = new Option<string>("--device") { HelpName = "NAME", Description = "cuda:0, opencl:0, cpu (cuda:0).", DefaultValueFactory = _ => "cuda:0" };
        var minutes = new Option<double>("--minutes") { HelpName = "N", Description = "Time for everything; the parts' limits grow and shrink with it (9).", DefaultValueFactory = _ => CheckPlan.FullMinutes };
        var folder = new Option<string>("--out") { HelpName = "DIR", Description = "Where results go (gpu-check-results).", DefaultValueFactory = _ => "gpu-check-results" };
        var peer = new Option<string?>("--peer") { HelpName = "FILE.py", Description = "PyTorch's script, to be run beside where python3 has torch." };
        var model = new Option<string>("--model") { HelpName = "NAME", Description = "sd15, or tiny to try the check itself out (sd15).", DefaultValueFactory = _ => "sd15" };
        var only = new Option<string>("--only") { HelpName = "REGEX", Description = "Only parts whose name matches, such as 'parity' or 'bf16'.", DefaultValueFactory = _ => "" };
        var list = new Option<bool>("--list") { Description = "Name the parts and stop." };
        var command = new Command("gpu-check", "Check a device against the references and time it, the most important first, within some minutes.")
        { device, minutes, folder, peer, model, only, list, CheckPack.Create() };
        command.SetAction(result =>
        {
            if (result.GetValue(minutes) is var time && !(time > 0)) throw new EngineException($"--minutes {time}: more than 0 is needed");
            string size = result.GetValue(model)!;
            if (!ModelSize.All.ContainsKey(size)) throw new EngineException($"--model {size}: one of {string.Join(", ", ModelSize.All.Keys)} is needed");
            if (result.GetValue(peer) is { } file && !File.Exists(file)) throw new EngineException($"--peer {file}: no such file");
            Device where = Device.Parse(result.GetValue(device)!);
            var options = new CheckOptions(where, size, time, result.GetValue(folder)!, result.GetValue(peer));
            CheckPart[] parts = Select(CheckPlan.Parts(options), result.GetValue(only)!);
            if (result.GetValue(list))
            {
                foreach (CheckPart part in parts) Console.WriteLine(part.Name);
                return 0;
            }
            return Run(options, parts);
        });
        return command;
    }

    private static int Run(CheckOptions options, CheckPart[] parts)
    {
        string name = NameOf(options.Device);
        TestProgram.Folder();
        IReadOnlyList<CheckResult> results;
        TimeSpan took;
        using (var run = new CheckRun(options))
        {
            results = run.Run(parts);
            took = run.Elapsed;
        }
        string[] table = [.. CheckTable.Lines(options, name, results, took)];
        File.WriteAllLines(Path.Combine(options.Folder, "table.txt"), table);
        foreach (string line in table) Console.WriteLine(line);
        // A check in which nothing ran has shown nothing.
        return results.Any(r => r.Outcome == CheckOutcome.Passed) && results.All(r => r.Outcome != CheckOutcome.Failed) ? 0 : 1;
    }

    private static CheckPart[] Select(IReadOnlyList<CheckPart> parts, string pattern)
    {
        try
        {
            CheckPart[] chosen = [.. parts.Where(part => Regex.IsMatch(part.Name, pattern))];
            return chosen.Length > 0 ? chosen : throw new EngineException($"--only {pattern}: matches no part; --list names them");
        }
        catch (RegexParseException e)
        {
            throw new EngineException($"--only {pattern}: is no regular expression: {e.Message}", e);
        }
    }

    private static string NameOf(Device device)
    {
        if (device.Kind == DeviceKind.Cpu) return "the host";
        DeviceList found = DeviceDiscovery.List();
        foreach (FoundDevice one in found.Devices)
            if (one.Device == device) return one.Name;
        throw new EngineException($"--device {device}: no such device; {string.Join("; ", found.Problems)}");
    }
}
