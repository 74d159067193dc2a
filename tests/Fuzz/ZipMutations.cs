using System.IO.Compression;

namespace SeLoRA.Tests;

/// <summary>Zip archives whose files, names, packing or own structure are changed.</summary>
internal static class ZipMutations
{
    private static readonly string[] s_names =
        ["", "/", "../canary", "/etc/hostname", "a\\b", "data.pkl", "x/data.pkl", "archive/data/0", "archive/constants.pkl", "mu.npy", "sigma.npy", new('n', 3000), "\u001b[2J", "a\0b"];

    private static readonly CompressionLevel[] s_levels = [CompressionLevel.NoCompression, CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.SmallestSize];

    /// <summary>The files of an archive.</summary>
    public static List<(string Name, byte[] Bytes)> Files(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        return [.. zip.Entries.Select(e =>
        {
            using Stream stream = e.Open();
            var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return (e.FullName, bytes.ToArray());
        })];
    }

    /// <summary>An archive with changes.</summary>
    public static byte[] Apply(IReadOnlyList<(string Name, byte[] Bytes)> files, FuzzRandom random, IReadOnlyList<byte[]> tokens)
    {
        List<(string Name, byte[] Bytes)> changed = [.. files];
        // The first file is the one with structure.
        int i = random.OneIn(2) ? 0 : random.Below(changed.Count);
        byte[][] all = [.. files.Select(f => f.Bytes)];
        switch (random.Below(8))
        {
            case 0: changed[i] = (random.Pick(s_names), changed[i].Bytes); break;
            case 1: changed.Add((random.Pick(s_names), changed[i].Bytes)); break;
            case 2: changed.RemoveAt(i); break;
            case 3: changed[i] = (changed[i].Name, new byte[random.Pick((int[])[0, 1, 100, 5000, 300_000])]); break;
            case 4: break;
            default: changed[i] = (changed[i].Name, ByteMutations.Apply(changed[i].Bytes, all, random, tokens)); break;
        }
        byte[] archive = Write(changed, random.Pick(s_levels));
        return random.OneIn(3) ? ByteMutations.Apply(archive, [archive], random) : archive;
    }

    private static byte[] Write(IEnumerable<(string Name, byte[] Bytes)> files, CompressionLevel level)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in files)
            {
                ZipArchiveEntry entry = zip.CreateEntry(name.Length == 0 ? "." : name, level);
                entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using Stream content = entry.Open();
                content.Write(bytes);
            }
        }
        return stream.ToArray();
    }
}
