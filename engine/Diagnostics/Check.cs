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

    /// <summary>An activation with the given number of axes.</summary>
    public static void Rank(string op, string name, Tensor x, int rank)
    {
        if (x.Shape.Rank != rank) Fail($"{op}: {name} has shape {x.Shape}, {rank} axes are needed");
        Activation(op, name, x);
    }

    /// <summary>A float tensor of a type that its device computes with: the host has float32 only.</summary>
    public static void Activation(string op, string name, Tensor x)
    {
        if (!x.DType.IsFloat() || x.Device.Kind == DeviceKind.Cpu) Float32(op, name, x);
    }

    /// <summary>Both tensors of one type.</summary>
    public static void SameType(string op, Tensor a, Tensor b)
    {
        if (a.DType != b.DType) Fail($"{op}: {a.DType} {a.Shape} and {b.DType} {b.Shape} must be of one type; convert one with Cast");
    }

    /// <summary>A float32 tensor.</summary>
    public static void Float32(string op, string name, Tensor x)
    {
        if (x.DType != DType.F32) Fail($"{op}: {name} is {x.DType}, F32 is needed; convert with Cast");
    }

    /// <summary>A weight with the given number of axes: float32, or 16 bits if it is frozen, and then of x's type but on the host.</summary>
    public static void Weight(string op, Tensor w, int rank, Tensor x)
    {
        if (w.Shape.Rank != rank) Fail($"{op}: w has shape {w.Shape}, {rank} axes are needed");
        if (w.DType is not (DType.F16 or DType.BF16))
        {
            Float32(op, "w", w);
            return;
        }
        if (w.RequiresGrad) Fail($"{op}: w is {w.DType}; a weight that is trained must be F32");
        if (w.Device.Kind != DeviceKind.Cpu && w.DType != x.DType)
            Fail($"{op}: w is {w.DType} and x is {x.DType}; on {w.Device} x must be of w's type, convert with Cast");
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
