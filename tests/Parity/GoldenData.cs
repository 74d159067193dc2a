using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Finds the folder of reference values: the environment variable SELORA_GOLDEN, else the copy beside the test
/// assembly, else shared/golden beside the repository.
/// </summary>
public static class GoldenData
{
    /// <summary>Where a folder may be named that replaces the shipped one.</summary>
    public const string Variable = "SELORA_GOLDEN";

    /// <summary>The folder, or null where there is none.</summary>
    public static string? Root { get; } = FindRoot();

    /// <summary>A file of the folder; the test is skipped, with the reason, where it is absent.</summary>
    /// <param name="relativePath">Path below the folder, such as <c>models/ops.safetensors</c>.</param>
    public static string File(string relativePath)
    {
        string path = Path.Combine(RequiredRoot(), relativePath);
        if (!System.IO.File.Exists(path)) Assert.Skip($"golden data: no file {relativePath} in {Root}");
        return path;
    }

    /// <summary>Opens a golden safetensors file; the test is skipped where it is absent.</summary>
    /// <param name="relativePath">Path below the folder.</param>
    public static SafetensorsReader Open(string relativePath) => SafetensorsReader.Open(File(relativePath));

    /// <summary>
    /// All files of a subfolder that match, as paths relative to the golden folder, in ordinal order. Empty where
    /// there are none, so that it can feed a theory: call <see cref="Files"/> in a test that must not pass on nothing.
    /// </summary>
    /// <param name="subfolder">Such as <c>schedulers</c>.</param>
    /// <param name="pattern">Such as <c>euler_*.safetensors</c>.</param>
    public static IReadOnlyList<string> Enumerate(string subfolder, string pattern)
    {
        string folder = Path.Combine(Root ?? "", subfolder);
        if (Root is null || !Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder, pattern)
            .Select(path => $"{subfolder}/{Path.GetFileName(path)}")
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>As <see cref="Enumerate"/>, but the test is skipped, with the reason, where nothing matches.</summary>
    /// <param name="subfolder">Such as <c>schedulers</c>.</param>
    /// <param name="pattern">Such as <c>*.safetensors</c>.</param>
    public static IReadOnlyList<string> Files(string subfolder, string pattern)
    {
        RequiredRoot();
        IReadOnlyList<string> files = Enumerate(subfolder, pattern);
        if (files.Count == 0) Assert.Skip($"golden data: nothing matches {subfolder}/{pattern} in {Root}");
        return files;
    }

    private static string RequiredRoot()
    {
        if (Root is null) Assert.Skip($"golden data: no folder (set {Variable} to one)");
        return Root!;
    }

    private static string? FindRoot()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(named)) return Directory.Exists(named) ? Path.GetFullPath(named) : null;

        string shipped = Path.Combine(AppContext.BaseDirectory, "golden");
        return Directory.Exists(shipped) ? shipped : Repository.BesideIt(Path.Combine("shared", "golden"));
    }
}
