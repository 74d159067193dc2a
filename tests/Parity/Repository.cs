namespace SeLoRA.Tests;

/// <summary>Finds the working copy that the test assembly was built in.</summary>
public static class Repository
{
    /// <summary>The folder that holds the solution file, or null where the tests run elsewhere.</summary>
    public static string? Root { get; } = FindRoot();

    /// <summary>A folder beside the working copy, or null where there is none.</summary>
    /// <param name="relativePath">Path below the working copy's parent folder.</param>
    public static string? BesideIt(string relativePath)
    {
        if (Root is null) return null;
        string path = Path.GetFullPath(Path.Combine(Root, "..", relativePath));
        return Directory.Exists(path) ? path : null;
    }

    private static string? FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SeLoRA.Native.sln"))) return folder.FullName;
        }
        return null;
    }
}
