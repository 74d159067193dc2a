using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>A linear layer or convolution of a network: what a file may hold an update for.</summary>
/// <param name="Root">The network.</param>
/// <param name="ModuleName">The module's name within the network, with dots.</param>
/// <param name="Module">A <see cref="Linear"/> or a <see cref="Conv2d"/>; its weights need not be loaded.</param>
/// <param name="WeightShape">Shape of its weight in files: (out, in) or (out, in, height, width).</param>
public sealed record AdapterSlot(AdapterRoot Root, string ModuleName, Module Module, IReadOnlyList<long> WeightShape)
{
    /// <summary><c>unet.</c> or <c>text_encoder.</c> and the module's name.</summary>
    public string FullName => $"{Root.Name}.{ModuleName}";

    /// <summary>
    /// The name in kohya's form: <c>lora_unet_</c> or <c>lora_te_</c> and the module's name with every dot an underscore. That cannot
    /// be undone by parsing, so names are looked up in a table made from the model.
    /// </summary>
    public string KohyaKey => $"lora_{(Root.Name == AdapterSlots.TextEncoder ? "te" : Root.Name)}_{ModuleName.Replace('.', '_')}";

    /// <summary>Rows of the weight.</summary>
    public int Out => (int)WeightShape[0];

    /// <summary>Columns of the weight: inputs, times the pixels of a convolution's kernel.</summary>
    public int In => (int)WeightShape.Skip(1).Aggregate(1L, (a, b) => a * b);

    /// <summary>Shape of the down factor in files: (rank, in) or (rank, in, height, width).</summary>
    public long[] DownShape(int rank) => [rank, .. WeightShape.Skip(1)];

    /// <summary>Shape of the up factor in files: (out, rank) or (out, rank, 1, 1).</summary>
    public long[] UpShape(int rank) => WeightShape.Count == 4 ? [Out, rank, 1, 1] : [Out, rank];

    /// <summary>The place of a layer that has or gets an adapter.</summary>
    public static AdapterSlot Of(AdapterTarget target) => new(target.Root, target.ModuleName, target.Linear, Shape(target.Linear.Weight));

    internal static long[] Shape(Parameter weight) => [.. weight.FileShape.ToArray().Select(axis => (long)axis)];
}
