namespace SeLoRA.Engine;

/// <summary>Opens a file of tensors in whichever format it is.</summary>
public static class TensorFile
{
    private const int PeekBytes = 16;

    /// <summary>Opens safetensors, a pickled PyTorch state dict, or the index of several such files; the content decides.</summary>
    /// <param name="path">Path of the file, or of an index (<c>*.json</c>).</param>
    /// <exception cref="EngineException">The file is absent, unreadable, damaged, or asks for what a state dict does not need.</exception>
    public static ITensorSource Open(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal) ? ShardedSafetensors.Open(path) : OpenSingle(path);

    internal static ITensorSource OpenSingle(string path) =>
        IsPickle(path) ? PickleReader.Open(path) : SafetensorsReader.Open(path);

    // A safetensors header's length may begin with any byte, but its text always begins behind it.
    private static bool IsPickle(string path)
    {
        if (!File.Exists(path)) return false;
        try
        {
            using FileStream stream = File.OpenRead(path);
            Span<byte> first = stackalloc byte[PeekBytes];
            first = first[..stream.ReadAtLeast(first, PeekBytes, throwOnEndOfStream: false)];
            return first is [(byte)'P', (byte)'K', 3, 4, ..] or [0x80, <= 5, ..] && first is not [_, _, _, _, _, _, _, _, (byte)'{', ..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
