using System.IO.MemoryMappedFiles;

namespace SeLoRA.Engine;

/// <summary>A file open for reading, as mapped memory and by copies of its parts.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly FileStream stream;
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private byte* start;

    private MappedFile(string path, FileStream stream)
    {
        Path = path;
        this.stream = stream;
        Length = stream.Length;
        map = MemoryMappedFile.CreateFromFile(
            stream, mapName: null, Length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        view = map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        start += view.PointerOffset;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>Its size in bytes.</summary>
    public long Length { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="what">What it should be, with an article, for messages.</param>
    /// <param name="least">The fewest bytes such a file has; at least 1.</param>
    /// <exception cref="EngineException">The file is absent, unreadable or too short.</exception>
    public static MappedFile Open(string path, string what, int least)
    {
        if (Directory.Exists(path)) throw new EngineException($"{path}: is a folder, not {what}");
        if (!File.Exists(path)) throw new EngineException($"{path}: no such file");
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (stream.Length >= least) return new MappedFile(path, stream);
            long bytes = stream.Length;
            stream.Dispose();
            throw new EngineException($"{path}: has {bytes} bytes, {what} has at least {least}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A part as mapped memory, valid until the file is disposed.</summary>
    public ReadOnlySpan<byte> Slice(long offset, int count)
    {
        Check(offset, count);
        return new ReadOnlySpan<byte>(start + offset, count);
    }

    /// <summary>A part as a stream.</summary>
    public Stream Stream(long offset, long count)
    {
        Check(offset, count);
        return new UnmanagedMemoryStream(start + offset, count);
    }

    /// <summary>
    /// Copies a part by reading. Mapped pages count as the process's memory once they are touched; these do not, so that a model larger
    /// than memory can go through a small buffer.
    /// </summary>
    public void Read(long offset, Span<byte> destination)
    {
        Check(offset, destination.Length);
        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(stream.SafeFileHandle, destination, offset);
            if (count == 0) throw new EngineException($"{Path}: became shorter while it was read");
            destination = destination[count..];
            offset += count;
        }
    }

    /// <summary>Unmaps and closes the file.</summary>
    public void Dispose()
    {
        if (start is not null)
        {
            start = null;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
        view.Dispose();
        map.Dispose();
    }

    private void Check(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        if (offset < 0 || count < 0 || count > Length - offset) throw new ArgumentOutOfRangeException(nameof(count));
    }
}
