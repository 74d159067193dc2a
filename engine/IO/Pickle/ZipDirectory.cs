using System.Buffers.Binary;
using System.Text;

namespace SeLoRA.Engine;

/// <summary>A file within a zip archive.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Deflated">Whether it is compressed.</param>
/// <param name="DataOffset">Where its bytes begin in the archive.</param>
/// <param name="StoredBytes">How many they are there.</param>
/// <param name="Bytes">How many they are unpacked.</param>
internal sealed record ZipEntry(string Name, bool Deflated, long DataOffset, long StoredBytes, long Bytes);

/// <summary>
/// The directory of a zip archive (with its 64-bit extension), which says where each file's bytes lie: stored ones are then read in
/// place. Every number is held against the size of the archive.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndBytes = 22, LocatorBytes = 20, End64Bytes = 56, CentralBytes = 46, LocalBytes = 30, LongestComment = 65535;
    private const uint EndMark = 0x06054b50, LocatorMark = 0x07064b50, End64Mark = 0x06064b50, CentralMark = 0x02014b50, LocalMark = 0x04034b50;

    // Deflate can make a thousand bytes of one. Weights shrink by a little; what grows more is refused before memory is taken.
    private const long MostGrowth = 16, AlwaysAllowed = 1 << 20;

    private readonly InputFile file;

    private ZipDirectory(InputFile file) => this.file = file;

    /// <summary>Reads the directory.</summary>
    /// <exception cref="EngineException">The archive is truncated, inconsistent, encrypted, or packed in an unknown way.</exception>
    public static Dictionary<string, ZipEntry> Read(InputFile file) => new ZipDirectory(file).Read();

    private Dictionary<string, ZipEntry> Read()
    {
        (long offset, long length, ulong count) = FindDirectory();
        var entries = new Dictionary<string, ZipEntry>(StringComparer.Ordinal);
        for (ulong i = 0; i < count; i++)
        {
            if (length < CentralBytes) throw Damaged($"its directory holds {i} of {count} files");
            ZipEntry entry = ReadEntry(offset, length, out int taken);
            offset += taken;
            length -= taken;
            if (!entries.TryAdd(entry.Name, entry)) throw Damaged($"it has {SafetensorsText.Quote(entry.Name)} twice");
        }
        return entries;
    }

    private (long Offset, long Length, ulong Count) FindDirectory()
    {
        int tailBytes = (int)Math.Min(file.Length, EndBytes + LongestComment);
        long tailStart = file.Length - tailBytes;
        ReadOnlySpan<byte> tail = file.Read(tailStart, tailBytes);
        int end = tailBytes - EndBytes;
        while (end >= 0 && U32(tail[end..]) != EndMark) end--;
        if (end < 0) throw Damaged("its directory is missing; is it truncated?");
        ReadOnlySpan<byte> record = tail[end..];
        (ulong count, ulong length, ulong offset) = (U16(record[10..]), U32(record[12..]), U32(record[16..]));
        if (end >= LocatorBytes && U32(tail[(end - LocatorBytes)..]) == LocatorMark)
        {
            ulong at = U64(tail[(end - LocatorBytes + 8)..]);
            if (at > (ulong)file.Length || (ulong)file.Length - at < End64Bytes) throw Damaged("its 64-bit directory lies outside the file");
            ReadOnlySpan<byte> wide = file.Read((long)at, End64Bytes);
            if (U32(wide) != End64Mark) throw Damaged("its 64-bit directory is not where it should be");
            (count, length, offset) = (U64(wide[32..]), U64(wide[40..]), U64(wide[48..]));
        }
        if (offset > (ulong)file.Length || length > (ulong)file.Length - offset) throw Damaged("its directory lies outside the file; is it truncated?");
        return ((long)offset, (long)length, count);
    }

    private ZipEntry ReadEntry(long offset, long left, out int taken)
    {
        ReadOnlySpan<byte> head = file.Read(offset, CentralBytes);
        if (U32(head) != CentralMark) throw Damaged($"its directory is damaged at byte {offset}");
        int nameBytes = U16(head[28..]), extraBytes = U16(head[30..]);
        taken = CentralBytes + nameBytes + extraBytes + U16(head[32..]);
        if (taken > left) throw Damaged($"its directory is damaged at byte {offset}");
        string name = Encoding.UTF8.GetString(file.Read(offset + CentralBytes, nameBytes));
        string quoted = SafetensorsText.Quote(name);
        if (name.Contains('\\') || name.StartsWith('/') || name.Split('/').Contains(".."))
            throw Damaged($"the name {quoted} leads out of it");
        if ((U16(head[8..]) & 1) != 0) throw Damaged($"{quoted} is encrypted");
        int method = U16(head[10..]);
        if (method is not (0 or 8)) throw Damaged($"{quoted} is packed by method {method}; known are 0 (stored) and 8 (deflate)");

        (ulong stored, ulong bytes, ulong local) = (U32(head[20..]), U32(head[24..]), U32(head[42..]));
        Widen(file.Read(offset + CentralBytes + nameBytes, extraBytes), ref bytes, ref stored, ref local);
        if (local > (ulong)file.Length || (ulong)file.Length - local < LocalBytes) throw Damaged($"{quoted} lies outside the file");
        ReadOnlySpan<byte> header = file.Read((long)local, LocalBytes);
        if (U32(header) != LocalMark) throw Damaged($"{quoted} is not where the directory says");
        ulong data = local + (ulong)(LocalBytes + U16(header[26..]) + U16(header[28..]));
        if (data > (ulong)file.Length || stored > (ulong)file.Length - data) throw Damaged($"{quoted} reaches beyond the file; is it truncated?");
        if (method == 0 && stored != bytes) throw Damaged($"{quoted} has two sizes, {stored} and {bytes}");
        if (method == 8 && (bytes > (ulong)(AlwaysAllowed + MostGrowth * file.Length) || bytes > (ulong)Array.MaxLength))
            throw Damaged($"{quoted} unpacks to {bytes} bytes, too many for a file of {file.Length}");
        return new ZipEntry(name, method == 8, (long)data, (long)stored, (long)bytes);
    }

    // Numbers that do not fit into 32 bits stand in an extra field, in this order, only those that are needed.
    private static void Widen(ReadOnlySpan<byte> extra, ref ulong bytes, ref ulong stored, ref ulong local)
    {
        while (extra.Length >= 4)
        {
            int id = U16(extra), size = U16(extra[2..]);
            extra = extra[4..];
            if (size > extra.Length) return;
            if (id == 1)
            {
                ReadOnlySpan<byte> field = extra[..size];
                Take(ref field, ref bytes);
                Take(ref field, ref stored);
                Take(ref field, ref local);
                return;
            }
            extra = extra[size..];
        }
    }

    private static void Take(ref ReadOnlySpan<byte> field, ref ulong value)
    {
        if (value != uint.MaxValue || field.Length < sizeof(ulong)) return;
        value = U64(field);
        field = field[sizeof(ulong)..];
    }

    private static ushort U16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint U32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static ulong U64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    private EngineException Damaged(string what) => new($"{file.Path}: the zip archive cannot be read: {what}");
}
