namespace SeLoRA.Engine;

/// <summary>Indices of a table's rows, on the host. A device does not look at them again: what it is given must have been checked here.</summary>
public static class RowIds
{
    /// <summary>Checks indices before they go to a device.</summary>
    /// <param name="ids">The indices.</param>
    /// <param name="rows">Rows of the table.</param>
    /// <exception cref="EngineException">An index is outside the table; the first one is named.</exception>
    public static void Check(ReadOnlySpan<int> ids, int rows)
    {
        for (int i = 0; i < ids.Length; i++)
            if ((uint)ids[i] >= (uint)rows)
                Engine.Check.Fail($"Embedding: id {ids[i]} at position {i} is outside the table's 0..{rows - 1}");
    }
}
