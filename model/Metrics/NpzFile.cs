using System.IO.Compression;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>NumPy's <c>.npz</c>: a zip of <c>.npy</c> files, one an array (<see cref="NpzArray"/>).</summary>
internal static class NpzFile
{
    private const string Ending = ".npy";

    // Deflate can make a thousand bytes of one. The statistics of Inception's 2048 features are 34 MB, which may pack well where images are alike.
    private const long MostGrowth = 16, AlwaysAllowed = 64 << 20;

    public static void Write(string path, IEnumerable<NpzArray> arrays) => AtomicFile.Write(path, stream =>
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (NpzArray array in arrays)
        {
            ZipArchiveEntry entry = zip.CreateEntry(array.Name + Ending, CompressionLevel.Fastest);
            // A time of writing would make two files of the same values differ.
            entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using Stream content = entry.Open();
            array.Write(content);
        }
    });

    /// <summary>Those of the named arrays that the file has.</summary>
    public static IReadOnlyDictionary<string, NpzArray> Read(string path, params ReadOnlySpan<string> names)
    {
        var found = new Dictionary<string, NpzArray>(StringComparer.Ordinal);
        try
        {
            using FileStream file = File.OpenRead(path);
            using var zip = new ZipArchive(file);
            foreach (string name in names)
            {
                if (zip.GetEntry(name + Ending) is not { } entry) continue;
                if (entry.Length > AlwaysAllowed + MostGrowth * file.Length)
                    throw new EngineException($"array '{name}': unpacks to {entry.Length} bytes, too many for a file of {file.Length}");
                using Stream content = entry.Open();
                found[name] = NpzArray.Read(name, content);
            }
            return found;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EngineException($"{path}: no such file", e);
        }
        catch (EngineException e)
        {
            throw new EngineException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new EngineException($"{path}: cannot be read as .npz: {e.Message}", e);
        }
    }
}
