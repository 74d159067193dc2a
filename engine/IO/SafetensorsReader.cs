using System.Buffers.Binary;

namespace SeLoRA.Engine;

/// <summary>
/// A safetensors file: opening reads and validates the header only, tensors are read when asked for.
/// Format: 8 bytes little-endian header length, the header (JSON), then the tensors' bytes
/// (github.com/huggingface/safetensors). Files of any size; a damaged or hostile one is refused by an
/// <see cref="EngineException"/> that names the file and what is wrong.
/// </summary>
public sealed class SafetensorsReader : TensorSource
{
    private const int LengthBytes = 8;

    private readonly InputFile file;
    private readonly SafetensorsHeader header;
    private readonly long dataStart;

    private SafetensorsReader(InputFile file)
        : base(file.Path)
    {
        this.file = file;
        long headerBytes = CheckedHeaderLength(Path, file.Read(0, LengthBytes), file.Length);
        dataStart = LengthBytes + headerBytes;
        header = SafetensorsHeader.Parse(file.Read(LengthBytes, (int)headerBytes), file.Length - dataStart, Path);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names => header.Names;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, SafetensorsEntry> Tensors => header.Tensors;

    /// <summary>Opens a file and validates its header.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="EngineException">The file is absent, unreadable, truncated or not a valid safetensors file.</exception>
    public static SafetensorsReader Open(string path)
    {
        InputFile file = InputFile.Open(path, "a safetensors file", LengthBytes);
        try
        {
            return new SafetensorsReader(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => file.Dispose();

    private static long CheckedHeaderLength(string path, ReadOnlySpan<byte> first, long fileBytes)
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(first);
        if (length <= SafetensorsHeader.MaxBytes && (long)length <= fileBytes - LengthBytes) return (long)length;

        string kind = first.StartsWith("version "u8) ? "a Git LFS pointer; fetch the file itself (git lfs pull)"
            : first.StartsWith("PK"u8) || first[0] == 0x80 ? "a pickle checkpoint (.ckpt, .bin, .pt), which is not read here; weights-convert convert FILE NEW.safetensors makes one that is, and runs nothing of it"
            : first[0] == (byte)'<' ? "an HTML page, perhaps the answer to a failed download"
            : "";
        if (kind.Length > 0) throw new EngineException($"{path}: is not a safetensors file but {kind}");
        throw new EngineException(length > SafetensorsHeader.MaxBytes
            ? $"{path}: header length {length} is above the format's limit of {SafetensorsHeader.MaxBytes}; not a safetensors file?"
            : $"{path}: header of {length} bytes does not fit into the file of {fileBytes} bytes; is it truncated?");
    }

    private protected override void Copy(SafetensorsEntry entry, long offset, Span<byte> destination) =>
        file.Read(dataStart + entry.Begin + offset, destination);
}
