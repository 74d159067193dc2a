using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

/// <summary>Four floats: a 128-bit vector of the host.</summary>
internal readonly unsafe struct F32x4(Vector128<float> value) : IVectorLane<F32x4>
{
    private readonly Vector128<float> value = value;

    public static int Width => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Load(float* p) => new(Vector128.Load(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* p, F32x4 x) => x.value.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreStreaming(float* p, F32x4 x) => x.value.StoreAlignedNonTemporal(p);

    public static F32x4 LoadPart(float* p, int count, F32x4 rest) => VectorMath.LoadPartUnmasked(p, count, rest);

    public static void StorePart(float* p, F32x4 x, int count) => VectorMath.StorePartUnmasked(p, x, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Of(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator +(F32x4 a, F32x4 b) => new(a.value + b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator -(F32x4 a, F32x4 b) => new(a.value - b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator *(F32x4 a, F32x4 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator /(F32x4 a, F32x4 b) => new(a.value / b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MulAdd(F32x4 a, F32x4 b, F32x4 c) => new(Vector128.MultiplyAddEstimate(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Exp(F32x4 x) => VectorMath.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Sqrt(F32x4 x) => new(Vector128.Sqrt(x.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Abs(F32x4 x) => new(Vector128.Abs(x.value));

    // The machine's maximum keeps its second operand where one is NaN: swapped, a's NaN is not lost.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Max(F32x4 a, F32x4 b) => new(Vector128.MaxNative(b.value, a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Min(F32x4 a, F32x4 b) => new(Vector128.MinNative(b.value, a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 IfLess(F32x4 a, F32x4 b, F32x4 then, F32x4 otherwise) => 
        new(Vector128.ConditionalSelect(Vector128.LessThan(a.value, b.value), then.value, otherwise.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(F32x4 x) => Vector128.Sum(x.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 PowerOfTwo(F32x4 shifted) => 
        new((Vector128.ShiftLeft(shifted.value.AsInt32(), 23) + Vector128.Create(127 << 23)).AsSingle());
}
