using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Drawn radiographs as a training set.</summary>
internal sealed class PhantomData(PhantomStyle style, ulong seed, int count, int size) : IImageTextData
{
    private readonly PhantomDataset phantoms = new(seed, count, size, style);

    public int Count => count;

    public string Description => $"phantoms: {count} drawn radiographs with captions, no real patients";

    public string Caption(int index) => phantoms.Describe(index).Caption;

    public float[] Pixels(int index, int side) => side == size
        ? phantoms.SignedUnit(index)
        : throw new EngineException($"phantoms were opened at {size} px, {side} px asked for");

    public string ContentKey(int index) => $"{style} {seed} {index}";
}
