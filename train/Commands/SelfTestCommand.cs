using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>selftest: agreement of every operation with the host on a named device.</summary>
internal static class SelfTestCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var device = new Option<string>("--device") { HelpName = "NAME", Description = "auto, cpu, cuda:0, opencl:0.", DefaultValueFactory = _ => "auto" };
        var operation = new Option<string?>("--op") { HelpName = "NAME", Description = "One operation only, such as Conv2d (all)." };
        var command = new Command("selftest",
            "Hold every operation of a device to the host: results, gradients, the same bits when run again, and finite differences.")
        { device, operation };
        command.SetAction((result, cancel) =>
        {
            Device chosen = Device.Parse(result.GetValue(device)!);
            OpCase[] cases = Choose(result.GetValue(operation));
            Console.WriteLine($"device    {chosen}: {Backend.Get(chosen).Name}");
            return Task.FromResult(SelfTest.Run(chosen, cases, Console.WriteLine, cancel) == 0 ? 0 : 1);
        });
        return command;
    }

    private static OpCase[] Choose(string? operation)
    {
        if (operation is null) return [.. OpCases.All];
        OpCase[] cases = [.. OpCases.All.Where(c => c.Op.Equals(operation, StringComparison.OrdinalIgnoreCase))];
        return cases.Length > 0 ? cases : throw new EngineException(
            $"--op {operation}: no such operation; there are {string.Join(", ", OpCases.All.Select(c => c.Op).Distinct().Order(StringComparer.Ordinal))}");
    }
}
