namespace SeLoRA.Engine;

/// <summary>
/// What a node keeps for its backward: handles of its own to tensors, or, for a result that its maker can make again, the maker's variable
/// alone. Walking backwards, a maker still has what it saved when those that came after it ask.
/// </summary>
internal sealed class SavedTensors
{
    private Tensor?[] tensors = [];
    private Variable?[] made = [];

    /// <summary>Keeps tensors where nothing is kept yet.</summary>
    public void Keep(ReadOnlySpan<Tensor?> saved)
    {
        if (tensors.Length < saved.Length) (tensors, made) = (new Tensor?[saved.Length], new Variable?[saved.Length]);
        for (int i = 0; i < saved.Length; i++)
        {
            if (saved[i] is not { } tensor) continue;
            if (tensor.Variable is { Producer.CanRemake: true } variable) made[i] = variable;
            else tensors[i] = tensor.Hold();
        }
    }

    /// <summary>Saved tensor <paramref name="i"/>; one that has to be made again is made at the first call.</summary>
    public Tensor? Get(int i)
    {
        if (tensors[i] is null && made[i] is { } variable)
        {
            using var scope = new TensorScope(hidden: true);
            tensors[i] = Node.Of(variable).Remake().Hold();
        }
        return tensors[i];
    }

    /// <summary>Frees everything.</summary>
    public void Clear()
    {
        foreach (Tensor? tensor in tensors) tensor?.Recycle();
        Array.Clear(tensors);
        Array.Clear(made);
    }
}
