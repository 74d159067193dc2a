using System.Diagnostics;

namespace SeLoRA.Bench;

/// <summary>Programs of this repository that lie beside this one.</summary>
internal static class ProgramFile
{
    /// <summary>How to start one, by the runtime that runs this process.</summary>
    public static ProcessStartInfo StartInfo(string assembly, IEnumerable<string> arguments)
    {
        string host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        return new ProcessStartInfo(host, ["exec", Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), .. arguments]);
    }
}
