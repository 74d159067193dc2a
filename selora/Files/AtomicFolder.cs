using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>Writes a folder under a temporary name beside its place and renames it: the path never holds half of it.</summary>
public static class AtomicFolder
{
    /// <summary>Writes a folder that does not exist yet.</summary>
    /// <param name="path">Where the folder shall be; nothing may have this name.</param>
    /// <param name="fill">Puts the files into the folder whose path it is given. If it throws, nothing is left.</param>
    /// <exception cref="EngineException">Something has this name already, or the system refuses the writing.</exception>
    public static void Write(string path, Action<string> fill)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string parent = Path.GetDirectoryName(full) ?? throw new EngineException($"{path}: is not the name of a folder");
        if (!Directory.Exists(parent)) throw new EngineException($"{path}: cannot be written, there is no folder {parent}");
        if (Directory.Exists(full) || File.Exists(full)) throw new EngineException($"{path}: exists already; give a new name or remove it");
        string temporary = Path.Combine(parent, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(temporary);
            fill(temporary);
            Directory.Move(temporary, full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be written: {e.Message}", e);
        }
        finally
        {
            TryDelete(temporary);
        }
    }

    // The first error is the one to report; a folder that cannot even be removed is left behind.
    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
