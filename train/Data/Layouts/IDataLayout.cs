namespace SeLoRA.Train;

/// <summary>How a published data set lies in a folder.</summary>
internal interface IDataLayout
{
    /// <summary>Its name for <c>--dataset</c>.</summary>
    string Name { get; }

    /// <summary>The data set's own name.</summary>
    string Title { get; }

    /// <summary>What the folder must hold, for messages.</summary>
    string Needs { get; }

    /// <summary>The SeLoRA paper's shares.</summary>
    SplitShares Shares { get; }

    /// <summary>True where the folder looks like this layout; files may still lack.</summary>
    bool IsAt(string folder);

    /// <summary>Reads the tables; images are not opened.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="seed">Seed of a draw, for data sets that are not used whole.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A table is missing or is another one.</exception>
    LayoutRows Read(string folder, ulong seed);
}

/// <summary>What a layout's tables say.</summary>
/// <param name="Source">The table that lists the images, for messages.</param>
/// <param name="Rows">Images in an order of the data set's own, and rows with problems.</param>
/// <param name="Notes">What was left out by rule, counted.</param>
internal sealed record LayoutRows(string Source, List<CaptionedRow> Rows, List<string> Notes)
{
    /// <summary>Adds a note unless there is nothing to count; <paramref name="what"/> follows the number.</summary>
    public void Note(int count, string what)
    {
        if (count > 0) Notes.Add(FormattableString.Invariant($"{count:N0} {what}"));
    }
}
