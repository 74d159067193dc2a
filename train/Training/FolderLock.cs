using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// Keeps a folder to one process: a file in it that is open under a lock of the operating system, which ends with the process however
/// that ends. The empty file stays; to delete it would let a third process lock another file of the same name.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>The file's name.</summary>
    public const string FileName = ".lock";

    // EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.
    private static readonly int[] Held = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream file;

    private FolderLock(FileStream file) => this.file = file;

    /// <summary>Takes a folder, which is made if it is not there.</summary>
    /// <exception cref="EngineException">Another process (or another run in this one) has it, or the system refuses.</exception>
    public static FolderLock Take(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new FolderLock(new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (Held.Contains(e.HResult))
        {
            throw new EngineException($"{folder}: another process is writing here; wait until it has ended, or choose another folder", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(folder, e);
        }
    }

    /// <summary>Tries whether a folder can be made or written to, before anything that takes time; leaves nothing behind.</summary>
    /// <exception cref="EngineException">The system refuses.</exception>
    public static void TryOut(string folder)
    {
        string place = Path.GetFullPath(folder);
        while (!Directory.Exists(place) && Path.GetDirectoryName(place) is { } parent) place = parent;
        try
        {
            new FileStream(Path.Combine(place, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(folder, e);
        }
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose() => file.Dispose();

    private static EngineException Refused(string folder, Exception e) => new($"{folder}: cannot be written: {e.Message}", e);
}
