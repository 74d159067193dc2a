using Xunit;

namespace SeLoRA.Tests;

/// <summary>Finds real data sets and CLIP's vocabulary: shared/data beside the repository. Nothing of it is shipped.</summary>
public static class RealData
{
    /// <summary>The folder, or null where there is none.</summary>
    public static string? Root { get; } = Repository.BesideIt(Path.Combine("shared", "data"));

    /// <summary>A file or folder of it; the test is skipped, with the reason, where it is absent.</summary>
    /// <param name="relativePath">Path below the folder, such as <c>clip</c>.</param>
    public static string Require(string relativePath)
    {
        if (Root is null) Assert.Skip("real data: no folder shared/data beside the repository");
        string path = Path.Combine(Root!, relativePath);
        if (!Path.Exists(path)) Assert.Skip($"real data: {relativePath} is absent from {Root}");
        return path;
    }
}
