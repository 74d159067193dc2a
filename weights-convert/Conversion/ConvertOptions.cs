using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>What is wanted of a conversion.</summary>
/// <param name="StoredAs">Type of the weights; null to keep theirs.</param>
/// <param name="Ema">Take the U-Net's averaged copy.</param>
/// <param name="Tokenizer">Folder of the tokenizer, where it is not the model's own.</param>
internal sealed record ConvertOptions(SafetensorsDType? StoredAs, bool Ema, string? Tokenizer)
{
    /// <summary>The type for a tensor: integers, and doubles where nothing is asked for, stay what they are.</summary>
    public SafetensorsDType For(SafetensorsEntry tensor) =>
        tensor.DType is SafetensorsDType.F16 or SafetensorsDType.BF16 or SafetensorsDType.F32 or SafetensorsDType.F64 ? StoredAs ?? tensor.DType : tensor.DType;

    /// <summary>Bytes of a tensor in its new type.</summary>
    public long Bytes(SafetensorsEntry tensor) => tensor.ByteLength / tensor.DType.Bits() * For(tensor).Bits();
}
