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
            throw new EngineException($"{folder}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose() => file.Dispose();
}
