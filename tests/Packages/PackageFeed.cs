using System.IO.Compression;
using System.Reflection;
using System.Text.Json.Nodes;

namespace SeLoRA.Tests;

/// <summary>
/// The packages of what these tests were built with, in a folder that serves as the only source of new packages. What others' packages are
/// needed was restored for the tests: those folders are read, the machine's cache gets nothing, and no network is asked.
/// </summary>
public sealed class PackageFeed : IDisposable
{
    /// <summary>A version that nobody has in a cache.</summary>
    public const string Version = "0.0.0-test";

    private readonly string root = Directory.CreateTempSubdirectory("selora-packages-").FullName;

    /// <summary>Packs everything that is a package, where an SDK is found.</summary>
    public PackageFeed()
    {
        if (DotnetSdk.Missing is not null) return;
        string configuration = typeof(PackageFeed).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        // Whoever built these tests built the packages' projects with them.
        DotnetSdk.Run(Repository.Root!, "pack", "--no-build", "-c", configuration, "-o", Feed, $"-p:PackageVersion={Version}");
        File.WriteAllText(NuGetConfig, $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Folder("cache")}" /></config>
              <packageSources><add key="feed" value="{Feed}" /></packageSources>
              <fallbackPackageFolders>{string.Concat(RestoredFolders().Select((folder, i) => $"""<add key="{i}" value="{folder}" />"""))}</fallbackPackageFolders>
            </configuration>
            """);
        // The same SDK as in the working copy.
        File.Copy(Path.Combine(Repository.Root!, "global.json"), Path.Combine(root, "global.json"));
    }

    /// <summary>Where the packages are.</summary>
    public string Feed => Path.Combine(root, "feed");

    /// <summary>The file that names the feed, and nothing else, as a source.</summary>
    public string NuGetConfig => Path.Combine(root, "NuGet.config");

    /// <summary>A folder beside the feed, outside of the working copy.</summary>
    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(root, name)).FullName;

    /// <summary>Opens a package.</summary>
    public ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    /// <summary>Reads a text file of a package; lines end with a line feed alone.</summary>
    public string ReadText(string id, string file)
    {
        using ZipArchive package = Open(id);
        using var reader = new StreamReader(package.GetEntry(file)!.Open());
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    /// <summary>Installs a tool.</summary>
    /// <returns>The file that starts it.</returns>
    public string Install(string id, string command)
    {
        string tools = Folder("tools");
        DotnetSdk.Run(root, "tool", "install", id, "--version", Version, "--tool-path", tools, "--configfile", NuGetConfig);
        return Path.Combine(tools, OperatingSystem.IsWindows() ? command + ".exe" : command);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(root, recursive: true);

    private static IEnumerable<string> RestoredFolders()
    {
        string assets = Path.Combine(Repository.Root!, "tests", "obj", "project.assets.json");
        return JsonNode.Parse(File.ReadAllText(assets))!["packageFolders"]!.AsObject().Select(folder => folder.Key);
    }
}
