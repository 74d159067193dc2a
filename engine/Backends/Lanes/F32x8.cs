using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SeLoRA.Engine;

/// <summary>Eight floats: a 256-bit vector of the host.</summary>
internal readonly unsafe struct F32x8(Vector256<float> value) : IVectorLane<F32x8>
{
    private readonly Vector256<float> value = value;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Load(float* p) => new(Vector256.Load(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* p, F32x8 x) => x.value.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreStreaming(float* p, F32x8 x) => x.value.StoreAlignedNonTemporal(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadPart(float* p, int count, F32x8 rest)
    {
        if (!Avx.IsSupported) return VectorMath.LoadPartUnmasked(p, count, rest);
        Vector256<float> first = First(count);
        return new(Vector256.ConditionalSelect(first, Avx.MaskLoad(p, first), rest.value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(float* p, F32x8 x, int count)
    {
        if (Avx.IsSupported) Avx.MaskStore(p, First(count), x.value);
        else VectorMath.StorePartUnmasked(p, x, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> First(int count) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Of(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator +(F32x8 a, F32x8 b) => new(a.value + b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 a, F32x8 b) => new(a.value - b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator *(F32x8 a, F32x8 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator /(F32x8 a, F32x8 b) => new(a.value / b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MulAdd(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.MultiplyAddEstimate(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Exp(F32x8 x) => VectorMath.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Sqrt(F32x8 x) => new(Vector256.Sqrt(x.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Abs(F32x8 x) => new(Vector256.Abs(x.value));

    // The machine's maximum keeps its second operand where one is NaN: swapped, a's NaN is not lost.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Max(F32x8 a, F32x8 b) => new(Vector256.MaxNative(b.value, a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Min(F32x8 a, F32x8 b) => new(Vector256.MinNative(b.value, a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 IfLess(F32x8 a, F32x8 b, F32x8 then, F32x8 otherwise) => 
        new(Vector256.ConditionalSelect(Vector256.LessThan(a.value, b.value), then.value, otherwise.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x8 x) => Vector256.Sum(x.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 PowerOfTwo(F32x8 shifted) => 
        new((Vector256.ShiftLeft(shifted.value.AsInt32(), 23) + Vector256.Create(127 << 23)).AsSingle());
}
