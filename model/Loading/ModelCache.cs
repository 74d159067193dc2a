using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// Models that Hugging Face's tools have downloaded, found by their names (<c>owner/model</c>) without a network: the folder
/// <c>models--owner--model/snapshots/REVISION</c> of the cache, of the branch main or else the newest.
/// </summary>
public static class ModelCache
{
    /// <summary>The snapshot's folder.</summary>
    /// <param name="name">A model's name, such as <c>runwayml/stable-diffusion-v1-5</c>.</param>
    /// <exception cref="EngineException">It is no such name, or the cache does not hold it.</exception>
    public static string Find(string name)
    {
        string[] parts = name.Split('/');
        if (parts is not [{ Length: > 0 } owner, { Length: > 0 } model] || parts.Any(p => p[0] == '.' || p.Contains('\\')))
            throw new EngineException($"{name}: no such folder or file");
        string cache = Root();
        string folder = Path.Combine(cache, $"models--{owner}--{model}");
        if (Snapshot(folder) is { } snapshot) return snapshot;
        throw new EngineException($"{name}: no such folder or file, and Hugging Face's cache has no model of this name ({folder}); nothing is downloaded");
    }

    private static string Root()
    {
        if (Environment.GetEnvironmentVariable("HF_HUB_CACHE") is { Length: > 0 } hub) return hub;
        string home = Environment.GetEnvironmentVariable("HF_HOME") is { Length: > 0 } set ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "huggingface");
        return Path.Combine(home, "hub");
    }

    private static string? Snapshot(string folder)
    {
        string snapshots = Path.Combine(folder, "snapshots"), branch = Path.Combine(folder, "refs", "main");
        if (!Directory.Exists(snapshots)) return null;
        if (File.Exists(branch))
        {
            // A revision is a name, not a path.
            string name = Path.GetFileName(File.ReadAllText(branch).Trim());
            string revision = Path.Combine(snapshots, name);
            if (name is not ("" or "." or "..") && Directory.Exists(revision)) return revision;
        }
        return Directory.EnumerateDirectories(snapshots).OrderByDescending(Directory.GetLastWriteTimeUtc).FirstOrDefault();
    }
}
