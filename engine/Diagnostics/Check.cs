using System.Diagnostics.CodeAnalysis;

namespace SeLoRA.Engine;

/// <summary>Throws every error of the engine, so that hot methods stay small and the messages read alike: op, got, expected.</summary>
internal static class Check
{
    [DoesNotReturn]
    public static void Fail(string message) => throw new EngineException(message);

    [DoesNotReturn]
    public static T Fail<T>(string message) => throw new EngineException(message);

    /// <summary>Both tensors on one device.</summary>
    public static void SameDevice(string op, Tensor a, Tensor b)
    {
        if (!ReferenceEquals(a.Backend, b.Backend))
            Fail($"{op}: tensors on different devices, {a.Device} and {b.Device}; move one with To(device)");
    }

    /// <summary>Both tensors of one shape and on one device.</summary>
    public static void SameShape(string op, Tensor a, Tensor b)
    {
        SameDevice(op, a, b);
        if (a.Shape != b.Shape) Fail($"{op}: shapes {a.Shape} and {b.Shape} must be equal");
    }

    /// <summary>A float32 tensor with the given number of axes.</summary>
    public static void Rank(string op, string name, Tensor x, int rank)
    {
        if (x.Shape.Rank != rank) Fail($"{op}: {name} has shape {x.Shape}, {rank} axes are needed");
        Float32(op, name, x);
    }

    /// <summary>A float32 tensor.</summary>
    public static void Float32(string op, string name, Tensor x)
    {
        if (x.DType != DType.F32) Fail($"{op}: {name} is {x.DType}, F32 is needed; convert with Cast");
    }

    /// <summary>A weight with the given number of axes: float32, or 16 bits if it is frozen and on the host.</summary>
    public static void Weight(string op, Tensor w, int rank)
    {
        if (w.DType is not (DType.F16 or DType.BF16))
        {
            Rank(op, "w", w, rank);
            return;
        }
        if (w.Shape.Rank != rank) Fail($"{op}: w has shape {w.Shape}, {rank} axes are needed");
        if (w.RequiresGrad) Fail($"{op}: w is {w.DType}; a weight that is trained must be F32");
        if (w.Device.Kind != DeviceKind.Cpu) Fail($"{op}: w is {w.DType}; on {w.Device} F32 is needed, convert with Cast");
    }

    /// <summary>A vector (bias, scale) of the given length on x's device, or null.</summary>
    public static void Vector(string op, string name, Tensor? v, long length, Tensor x)
    {
        if (v is null) return;
        SameDevice(op, x, v);
        Float32(op, name, v);
        if (v.Count != length || v.Shape.Rank != 1) Fail($"{op}: {name} has shape {v.Shape}, {length} is needed (x is {x.Shape})");
    }
}
