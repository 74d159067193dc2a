using System.CommandLine;
using System.Globalization;
using SeLoRA.Engine;
using Spectre.Console;

namespace SeLoRA.Train;

/// <summary>devices: what can compute here, and for each driver that is absent or refused, which step failed.</summary>
internal static class DevicesCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var command = new Command("devices", "List the devices this machine offers, and say which step failed where a driver is absent.");
        command.SetAction(_ => Print());
        return command;
    }

    private static void Print()
    {
        DeviceList list = DeviceDiscovery.List();
        Device auto = DeviceDiscovery.Auto();
        var table = new Table().Border(TableBorder.Rounded).AddColumns("device", "name", "memory", "");
        string Chosen(Device device) => device == auto ? "chosen by auto" : "";
        table.AddRow("cpu", Markup.Escape(Backend.Get(Device.Cpu).Name),
            Gigabytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes), Chosen(Device.Cpu));
        foreach (FoundDevice found in list.Devices)
            table.AddRow(found.Device.ToString(), Markup.Escape(found.Name), Gigabytes(found.MemoryBytes),
                found.IsProcessor ? "a processor: used only when named" : Chosen(found.Device));
        AnsiConsole.Write(table);
        foreach (string problem in list.Problems) Console.WriteLine($"not usable: {problem}");
    }

    private static string Gigabytes(long bytes) => (bytes / 1e9).ToString("F1", CultureInfo.InvariantCulture) + " GB";
}
