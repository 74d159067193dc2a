namespace SeLoRA.Engine;

/// <summary>What may be done with a name that a pickle asks for.</summary>
internal enum PickleCall
{
    /// <summary>Nothing: the name alone is harmless.</summary>
    None,

    /// <summary>Makes a dictionary.</summary>
    Dict,

    /// <summary>A tensor from storage, offset, shape and strides.</summary>
    Tensor,

    /// <summary>The same from a storage of bytes, with the type behind.</summary>
    TypedTensor,

    /// <summary>A parameter from its tensor.</summary>
    Parameter,

    /// <summary>A value that is not looked at.</summary>
    Opaque,
}

/// <summary>A name that state dicts use, with what stands for it here. Nothing else is known, and nothing is ever run.</summary>
/// <param name="Name">Module and name.</param>
/// <param name="Call">What calling it means.</param>
/// <param name="DType">The element type that it stands for.</param>
/// <param name="IsStorage">Whether it is the class of a storage; without a type, of one of bytes.</param>
internal sealed record PickleGlobal(string Name, PickleCall Call, SafetensorsDType? DType = null, bool IsStorage = false)
{
    private static readonly Dictionary<string, PickleGlobal> Known = Table().ToDictionary(g => g.Name, StringComparer.Ordinal);

    public static PickleGlobal? Find(string name) => Known.GetValueOrDefault(name);

    private static IEnumerable<PickleGlobal> Table()
    {
        yield return new("collections.OrderedDict", PickleCall.Dict);
        yield return new("torch._utils._rebuild_tensor", PickleCall.Tensor);
        yield return new("torch._utils._rebuild_tensor_v2", PickleCall.Tensor);
        yield return new("torch._utils._rebuild_tensor_v3", PickleCall.TypedTensor);
        yield return new("torch._utils._rebuild_parameter", PickleCall.Parameter);
        foreach ((string name, SafetensorsDType dtype) in ((string, SafetensorsDType)[])
            [
                ("Float", SafetensorsDType.F32), ("Double", SafetensorsDType.F64), ("Half", SafetensorsDType.F16),
                ("BFloat16", SafetensorsDType.BF16), ("Long", SafetensorsDType.I64), ("Int", SafetensorsDType.I32),
                ("Short", SafetensorsDType.I16), ("Char", SafetensorsDType.I8), ("Byte", SafetensorsDType.U8), ("Bool", SafetensorsDType.Bool),
                ("ComplexFloat", SafetensorsDType.C64),
            ])
        {
            yield return new($"torch.{name}Storage", PickleCall.None, dtype, IsStorage: true);
            yield return new($"torch.cuda.{name}Storage", PickleCall.None, dtype, IsStorage: true);
        }
        yield return new("torch.UntypedStorage", PickleCall.None, IsStorage: true);
        yield return new("torch.storage.UntypedStorage", PickleCall.None, IsStorage: true);
        foreach ((string name, SafetensorsDType dtype) in ((string, SafetensorsDType)[])
            [
                ("float32", SafetensorsDType.F32), ("float64", SafetensorsDType.F64), ("float16", SafetensorsDType.F16),
                ("bfloat16", SafetensorsDType.BF16), ("int64", SafetensorsDType.I64), ("int32", SafetensorsDType.I32),
                ("int16", SafetensorsDType.I16), ("int8", SafetensorsDType.I8), ("uint8", SafetensorsDType.U8), ("bool", SafetensorsDType.Bool),
                ("uint16", SafetensorsDType.U16), ("uint32", SafetensorsDType.U32), ("uint64", SafetensorsDType.U64),
                ("float8_e4m3fn", SafetensorsDType.F8E4M3), ("float8_e5m2", SafetensorsDType.F8E5M2),
                ("float8_e4m3fnuz", SafetensorsDType.F8E4M3FNUZ), ("float8_e5m2fnuz", SafetensorsDType.F8E5M2FNUZ),
            ])
            yield return new($"torch.{name}", PickleCall.None, dtype);

        // What training checkpoints keep beside their state dict: settings, losses, counters.
        foreach (string name in (string[])
            [
                "torch.Size", "torch.device", "__builtin__.set", "builtins.set", "_codecs.encode", "numpy.dtype",
                "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
            ])
            yield return new(name, PickleCall.Opaque);
        // The key under which the published checkpoints of Stable Diffusion keep the state of that callback; never called.
        yield return new("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint", PickleCall.None);
    }
}
