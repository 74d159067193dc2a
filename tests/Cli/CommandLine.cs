using SeLoRA.Train;
using Spectre.Console;

namespace SeLoRA.Tests;

/// <summary>Runs the command line and catches what it prints, tables too.</summary>
internal static class CommandLine
{
    public static (int Code, string Output, string Error) Run(params string[] args)
    {
        (TextWriter outBefore, TextWriter errorBefore) = (Console.Out, Console.Error);
        using StringWriter output = new(), error = new();
        try
        {
            Redirect(output, error);
            return (Program.Main(args), output.ToString(), error.ToString());
        }
        finally
        {
            Redirect(outBefore, errorBefore);
        }
    }

    // The console that draws tables keeps the writer it was made with.
    private static void Redirect(TextWriter output, TextWriter error)
    {
        Console.SetOut(output);
        Console.SetError(error);
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
    }
}
