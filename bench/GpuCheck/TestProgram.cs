using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>The tests as a program: they need no SDK, only the runtime and what lies beside them.</summary>
internal sealed class TestProgram
{
    private const string Assembly = "SeLoRA.Tests", Variable = "SELORA_TEST_DEVICE";
    private const int LongestMessage = 4000;

    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly string part;
    private readonly Action<string> write;

    /// <param name="part">What the results belong to.</param>
    /// <param name="write">Gets a JSON object a test as soon as it has ended.</param>
    public TestProgram(string part, Action<string> write) => (this.part, this.write) = (part, write);

    /// <summary>Tests that passed.</summary>
    public int Passed { get; private set; }

    /// <summary>Tests that failed, and whole classes that could not be run.</summary>
    public int Failed { get; private set; }

    /// <summary>Tests skipped for another reason than that they are for other devices.</summary>
    public int Skipped { get; private set; }

    /// <summary>The first failure, in one line.</summary>
    public string? FirstFailure { get; private set; }

    /// <summary>The folder of the test program: this program's, else where the working copy has built it.</summary>
    /// <exception cref="EngineException">It is nowhere.</exception>
    public static string Folder()
    {
        string here = AppContext.BaseDirectory;
        if (File.Exists(Path.Combine(here, Assembly + ".dll"))) return here;
        // bench/bin/Release/net10.0 has its like in tests.
        string built = Path.GetFullPath(Path.Combine(here, "..", "..", "..", "..", "tests", "bin", "Release", "net10.0"));
        return File.Exists(Path.Combine(built, Assembly + ".dll")) ? built
            : throw new EngineException("gpu-check: the tests are not built; run: dotnet build -c Release tests");
    }

    /// <summary>How to start it on one device.</summary>
    public static ProcessStartInfo StartInfo(IEnumerable<string> filters, Device device)
    {
        ProcessStartInfo info = ProgramFile.StartInfo(Path.Combine(Folder(), Assembly), ["-noColor", "-reporter", "json", .. filters]);
        info.Environment[Variable] = device.ToString();
        return info;
    }

    /// <summary>Takes a line of its output.</summary>
    public void Read(string line)
    {
        if (Parse(line) is not { } message) return;
        string Text(string key) => message[key]?.ToString() ?? "";
        string id = Text("TestUniqueID");
        switch (Text("$type"))
        {
            case "test-starting":
                names[id] = Text("TestDisplayName");
                break;
            case "test-passed":
                Passed++;
                Write("passed", Text("Output"));
                break;
            case "test-skipped" when !Text("Reason").StartsWith(Variable, StringComparison.Ordinal):
                Skipped++;
                Write("skipped", Text("Reason"));
                break;
            case "test-failed":
                Fail(message);
                Write("failed", string.Join('\n', Messages(message)) + "\n" + Text("Output"));
                break;
            case "error" or "test-assembly-cleanup-failure" or "test-class-cleanup-failure" or "test-collection-cleanup-failure":
                Fail(message);
                break;
        }

        void Write(string outcome, string text) => write(new JsonObject
        {
            ["task"] = "parity", ["part"] = part, ["test"] = names.GetValueOrDefault(id), ["outcome"] = outcome,
            ["seconds"] = message["ExecutionTime"]?.DeepClone(), ["text"] = text.Length <= LongestMessage ? text : text[..LongestMessage],
        }.ToJsonString());
    }

    private void Fail(JsonObject message)
    {
        Failed++;
        string name = names.GetValueOrDefault(message["TestUniqueID"]?.ToString() ?? "") ?? part;
        FirstFailure ??= $"{name[(name.IndexOf('.', name.IndexOf('.') + 1) + 1)..]}: {Messages(message).FirstOrDefault()?.Split('\n')[0]}";
    }

    private static string[] Messages(JsonObject message) => message["Messages"] is JsonArray all ? [.. all.Select(m => m?.ToString() ?? "")] : [];

    private static JsonObject? Parse(string line)
    {
        try
        {
            return line.StartsWith('{') ? JsonNode.Parse(line) as JsonObject : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
