namespace SeLoRA.Engine;

/// <summary>
/// What a node keeps for its backward: handles of its own to tensors, or, for a result that its maker can make again, the maker alone.
/// Walking backwards, a maker still has what it saved when those that came after it ask.
/// </summary>
internal sealed class SavedTensors : IDisposable
{
    private static readonly SavedTensors Nothing = new([], null);

    private readonly Tensor?[] tensors;
    private readonly Node?[]? makers;

    private SavedTensors(Tensor?[] tensors, Node?[]? makers)
    {
        this.tensors = tensors;
        this.makers = makers;
    }

    public static SavedTensors Of(ReadOnlySpan<Tensor?> saved)
    {
        if (saved.Length == 0) return Nothing;
        var tensors = new Tensor?[saved.Length];
        Node?[]? makers = null;
        for (int i = 0; i < saved.Length; i++)
        {
            if (saved[i] is not { } tensor) continue;
            if (tensor.Variable is { Producer: { CanRemake: true } maker }) (makers ??= new Node?[saved.Length])[i] = maker;
            else tensors[i] = TensorScope.Detach(tensor.Detach());
        }
        return new SavedTensors(tensors, makers);
    }

    /// <summary>Saved tensor <paramref name="i"/>; one that has to be made again is made at the first call.</summary>
    public Tensor? Get(int i)
    {
        if (tensors[i] is null && makers?[i] is { } maker) tensors[i] = TensorScope.Detach(maker.Remake());
        return tensors[i];
    }

    public void Dispose()
    {
        foreach (Tensor? tensor in tensors) tensor?.Dispose();
    }
}
