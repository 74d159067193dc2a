using System.Text.RegularExpressions;

namespace SeLoRA.Tests;

/// <summary>The program in a package's README.</summary>
internal static partial class ReadmeExample
{
    /// <summary>The first C# example as a class with a method Run, so that several may stand in one project.</summary>
    public static string AsClass(string name, string readme)
    {
        string code = Block().Match(readme).Groups["code"].Value;
        string usings = string.Concat(Using().Matches(code).Select(match => match.Value));
        return $"{usings}internal static class {name}\n{{\n    public static void Run()\n    {{\n{Using().Replace(code, "")}    }}\n}}\n";
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^using [\w.]+;\n", RegexOptions.Multiline)]
    private static partial Regex Using();
}
