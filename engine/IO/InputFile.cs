using Microsoft.Win32.SafeHandles;

namespace SeLoRA.Engine;

/// <summary>
/// A file open for reading. Its parts are read, not mapped: touching a mapped page of a file that another process made shorter ends this
/// process without a word, whereas a read tells. A read straight to its destination is no slower either: nothing is copied twice.
/// </summary>
internal sealed class InputFile : IDisposable
{
    private readonly SafeFileHandle handle;

    private InputFile(string path, SafeFileHandle handle, long length)
    {
        Path = path;
        this.handle = handle;
        Length = length;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>Its size in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="what">What it should be, with an article, for messages.</param>
    /// <param name="least">The fewest bytes such a file has; at least 1.</param>
    /// <exception cref="EngineException">The file is absent, unreadable or too short.</exception>
    public static InputFile Open(string path, string what, int least)
    {
        if (Directory.Exists(path)) throw new EngineException($"{path}: is a folder, not {what}");
        if (!File.Exists(path)) throw new EngineException($"{path}: no such file");
        try
        {
            var handle = File.OpenHandle(path);
            long bytes = RandomAccess.GetLength(handle);
            if (bytes >= least) return new InputFile(path, handle, bytes);
            handle.Dispose();
            throw new EngineException($"{path}: has {bytes} bytes, {what} has at least {least}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a part.</summary>
    /// <exception cref="EngineException">The system cannot read it, or the file is shorter than it was when it was opened.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        Check(offset, destination.Length);
        try
        {
            while (destination.Length > 0)
            {
                int count = RandomAccess.Read(handle, destination, offset);
                if (count == 0)
                {
                    throw new EngineException($"{Path}: became shorter while it was read: {Length} bytes when it was opened, now " +
                        $"{RandomAccess.GetLength(handle)}; another program writes to it");
                }
                destination = destination[count..];
                offset += count;
            }
        }
        catch (IOException e)
        {
            throw new EngineException($"{Path}: cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc cref="Read(long, Span{byte})"/>
    public byte[] Read(long offset, int count)
    {
        Check(offset, count);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(count);
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>A part as a stream.</summary>
    public Stream Stream(long offset, long count)
    {
        Check(offset, count);
        return new BufferedStream(new PartStream(this, offset, count), 1 << 16);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => handle.Dispose();

    private void Check(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        if (offset < 0 || count < 0 || count > Length - offset) throw new ArgumentOutOfRangeException(nameof(count));
    }

    private sealed class PartStream(InputFile file, long offset, long length) : Stream
    {
        private long position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => position;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int count = (int)Math.Min(buffer.Length, length - position);
            file.Read(offset + position, buffer[..count]);
            position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
