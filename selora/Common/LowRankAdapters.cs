namespace SeLoRA.Adapters;

/// <summary>Makes the adapters that LoRA and SeLoRA start from.</summary>
internal static class LowRankAdapters
{
    /// <summary>An adapter of the given rank for each chosen layer: rows of A from <paramref name="rows"/>, B zero, with room to grow if asked for.</summary>
    public static AdapterSet Create(IReadOnlyList<AdapterRoot> roots, AdapterTargets targets, int rank, float scale, bool grows, RowSource rows)
    {
        var adapters = new List<IAdapter>();
        foreach (AdapterTarget target in targets.Select(roots))
        {
            var adapter = new LowRankAdapter(target, scale, grows);
            int inFeatures = target.Linear.InFeatures;
            var a = new float[rank * inFeatures];
            for (int row = 0; row < rank; row++) rows(target.FullName, row, inFeatures).CopyTo(a, row * inFeatures);
            adapter.Buffer.Load(a, new float[target.Linear.OutFeatures * rank]);
            adapters.Add(adapter);
        }
        return new AdapterSet(roots, adapters);
    }
}
