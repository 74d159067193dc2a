namespace SeLoRA.Engine;

/// <summary>Named tensors that lie in one or several files, read on demand.</summary>
/// <remarks>Reading is safe from several threads. Nothing may be read after, or while, the source is disposed.</remarks>
public interface ITensorSource : IDisposable
{
    /// <summary>The path that was opened; error messages begin with it.</summary>
    string Path { get; }

    /// <summary>The file's <c>__metadata__</c>; empty where it has none.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Names of all tensors in the order of the data.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Every tensor's type, shape and place, by name.</summary>
    IReadOnlyDictionary<string, SafetensorsEntry> Tensors { get; }

    /// <summary>A tensor's bytes as they lie in the file.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="EngineException">There is no such tensor, or it is larger than 2 GiB.</exception>
    ReadOnlySpan<byte> Bytes(string name);

    /// <summary>Reads some of a tensor's bytes: for passing whole models through a small buffer.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="offset">First byte, at the beginning of an element.</param>
    /// <param name="destination">Receives the bytes; whole elements.</param>
    /// <exception cref="EngineException">There is no such tensor, it has fewer bytes, or the file cannot be read any more.</exception>
    void CopyBytes(string name, long offset, Span<byte> destination);

    /// <summary>Copies a tensor into <paramref name="destination"/> as float32.</summary>
    /// <param name="name">A tensor of F32, F16, BF16, F64, an integer type or BOOL; values are rounded to nearest.</param>
    /// <param name="destination">Exactly as many elements as the tensor has.</param>
    /// <exception cref="EngineException">No such tensor, another type, or another number of elements.</exception>
    void ReadFloat32(string name, Span<float> destination);

    /// <summary>A tensor as a new float32 array in row-major order; see <see cref="ReadFloat32(string, Span{float})"/>.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="EngineException">No such tensor, another type, or more elements than an array holds.</exception>
    float[] ReadFloat32(string name);

    /// <summary>A tensor of integers (any width, or BOOL) as a new int64 array in row-major order.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="EngineException">No such tensor, not integers, or a U64 value above 2^63-1.</exception>
    long[] ReadInt64(string name);
}
