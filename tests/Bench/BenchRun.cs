extern alias bench;

using System.Text.Json.Nodes;

namespace SeLoRA.Tests;

/// <summary>A verb of the benchmark program, run in this process with its output caught.</summary>
internal sealed record BenchRun(int Code, string Output, string Errors)
{
    public JsonObject[] Records => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject())];

    public static BenchRun Of(params string[] args)
    {
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        using StringWriter caught = new(), caughtErrors = new();
        Console.SetOut(caught);
        Console.SetError(caughtErrors);
        try
        {
            return new BenchRun(bench::SeLoRA.Bench.Program.Main(args), caught.ToString(), caughtErrors.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }
}
