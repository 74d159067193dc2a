using ILGPU;
using ILGPU.Runtime.Cuda;

namespace SeLoRA.Engine;

/// <summary>A float that tensor cores multiply; sums are float32.</summary>
internal interface ITensorCoreElement
{
    /// <summary>log2 of its bytes in memory.</summary>
    static abstract int Log2Bytes { get; }

    /// <summary>Accumulators += A B of the loaded fragments.</summary>
    static abstract void Multiply<TTile>() where TTile : struct, ITensorCoreTile;

    /// <summary>Element i as float32.</summary>
    static abstract float Load(ArrayView<ushort> x, long i);

    /// <summary>Four elements from the i-th, a multiple of 4, as float32.</summary>
    static abstract F4 LoadQuad(ArrayView<ushort> x, long i);

    /// <summary>Stores element i, rounded to nearest even.</summary>
    static abstract void Store(ArrayView<ushort> y, long i, float value);

    /// <summary>Stores four elements at an address that is a multiple of their bytes, rounded to nearest even.</summary>
    static abstract void StoreQuad(long address, F4 value);
}

/// <summary>bfloat16.</summary>
internal readonly struct TensorCoreBF16 : ITensorCoreElement
{
    public static int Log2Bytes => 1;

    public static void Multiply<TTile>() where TTile : struct, ITensorCoreTile => TTile.MultiplyBF16();

    public static float Load(ArrayView<ushort> x, long i) => StoredBF16.Load(x, i);

    public static F4 LoadQuad(ArrayView<ushort> x, long i) => StoredBF16.LoadQuad(x, i >> 2);

    public static void Store(ArrayView<ushort> y, long i, float value) => StoredBF16.Store(y, i, value);

    public static void StoreQuad(long address, F4 value) => CudaAsm.Emit("""
        { .reg .b32 xy, zw;
        cvt.rn.bf16x2.f32 xy, %2, %1;
        cvt.rn.bf16x2.f32 zw, %4, %3;
        st.global.v2.b32 [%0], {xy, zw};
        }
        """, address, value.X, value.Y, value.Z, value.W);
}

/// <summary>float16.</summary>
internal readonly struct TensorCoreF16 : ITensorCoreElement
{
    public static int Log2Bytes => 1;

    public static void Multiply<TTile>() where TTile : struct, ITensorCoreTile => TTile.MultiplyF16();

    public static float Load(ArrayView<ushort> x, long i) => StoredF16.Load(x, i);

    public static F4 LoadQuad(ArrayView<ushort> x, long i) => new(Load(x, i), Load(x, i + 1), Load(x, i + 2), Load(x, i + 3));

    public static void Store(ArrayView<ushort> y, long i, float value) => StoredF16.Store(y, i, value);

    public static void StoreQuad(long address, F4 value) => CudaAsm.Emit("""
        { .reg .b32 xy, zw;
        cvt.rn.f16x2.f32 xy, %2, %1;
        cvt.rn.f16x2.f32 zw, %4, %3;
        st.global.v2.b32 [%0], {xy, zw};
        }
        """, address, value.X, value.Y, value.Z, value.W);
}

/// <summary>float32 in memory, rounded to TF32 (8 bits of exponent, 10 of mantissa) where it is multiplied.</summary>
internal readonly struct TensorCoreTF32 : ITensorCoreElement
{
    public static int Log2Bytes => 2;

    public static void Multiply<TTile>() where TTile : struct, ITensorCoreTile => TTile.MultiplyTF32();

    public static float Load(ArrayView<ushort> x, long i) => StoredF32.Load(x, i);

    public static F4 LoadQuad(ArrayView<ushort> x, long i) => StoredF32.LoadQuad(x, i >> 2);

    public static void Store(ArrayView<ushort> y, long i, float value) => StoredF32.Store(y, i, value);

    public static void StoreQuad(long address, F4 value) =>
        CudaAsm.Emit("st.global.v4.f32 [%0], {%1, %2, %3, %4};", address, value.X, value.Y, value.Z, value.W);
}
