namespace SeLoRA.Engine;

/// <summary>
/// Writes a file under a temporary name in the same folder, flushes it to the disk and renames it: at every moment the
/// path holds the old content or the new one, whole.
/// </summary>
public static class AtomicFile
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes or replaces a file.</summary>
    /// <param name="path">Where the file shall be; its folder must exist.</param>
    /// <param name="write">Writes the content. If it throws, the old file stays and the temporary one is removed.</param>
    /// <exception cref="EngineException">The folder does not exist, or the system refuses the writing (rights, disk full).</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? throw new EngineException($"{path}: is not the name of a file");
        if (!Directory.Exists(folder)) throw new EngineException($"{path}: cannot be written, there is no folder {folder}");
        if (Directory.Exists(full)) throw new EngineException($"{path}: cannot be written, a folder has this name");

        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new EngineException($"{path}: cannot be written: {e.Message}", e);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>
    /// Removes the temporary files that killed processes left in a folder and below. Those of processes that write now are kept: the system
    /// holds a lock on them until the process closes them or dies.
    /// </summary>
    /// <param name="folder">The folder; nothing happens where there is none.</param>
    public static void RemoveLeftovers(string folder)
    {
        if (!Directory.Exists(folder)) return;
        var all = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        foreach (string path in Directory.EnumerateFiles(folder, ".*.tmp", all).Where(IsTemporary).ToArray())
        {
            try
            {
                using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is being written, or is not ours to remove: it does no harm.
            }
        }
    }

    // .NAME.GUID.tmp
    private static bool IsTemporary(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        return Guid.TryParseExact(name[(name.LastIndexOf('.') + 1)..], "N", out _);
    }

    // The first error is the one to report; a file that cannot even be removed is left behind.
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
