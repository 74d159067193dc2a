using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>
/// Elements of a float32, float16 or bfloat16 tensor on the host, read as float32: frozen weights stay in memory as their file has them and are
/// widened, exactly, where a product packs them.
/// </summary>
internal readonly unsafe struct WeightReader
{
    private readonly byte* start;
    private readonly DType type;
    private readonly int size;

    public WeightReader(Tensor weight)
    {
        type = weight.DType;
        size = type.SizeInBytes();
        start = HostBackend.Bytes(weight);
    }

    /// <summary>Whether elements must be widened.</summary>
    public bool IsHalf => size == sizeof(ushort);

    /// <summary>Where a float32 tensor's elements lie.</summary>
    public float* Floats => (float*)start;

    /// <summary>y = <paramref name="count"/> elements from index <paramref name="first"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Read(long first, int count, float* y)
    {
        if (size == sizeof(float)) GemmOperand.CopyLine((float*)start + first, y, count);
        else if (type == DType.F16) HalfConversion.Float16ToFloat32(new ReadOnlySpan<ushort>((ushort*)start + first, count), new Span<float>(y, count));
        else HalfConversion.BFloat16ToFloat32(new ReadOnlySpan<ushort>((ushort*)start + first, count), new Span<float>(y, count));
    }

    /// <summary>Asks for the memory of <paramref name="count"/> elements, into the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(long first, int count) => CacheHint.FetchFar((float*)(start + first * size), (int)((long)count * size / sizeof(float)));
}
