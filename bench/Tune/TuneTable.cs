using System.Text;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>The text of <c>TensorCoreTuned.g.cs</c>.</summary>
internal static class TuneTable
{
    /// <summary>The file, with newlines of one character.</summary>
    /// <param name="device">Where it was measured; empty where nothing was.</param>
    /// <param name="multiprocessors">Of that device.</param>
    /// <param name="rows">In the order of the file.</param>
    public static string Text(string device, int multiprocessors, IEnumerable<TensorCoreTunedRow> rows)
    {
        var text = new StringBuilder(
            $"""
            // Written by bench: tune. Regenerate it on the device that it shall serve, see bench/README.md.
            namespace SeLoRA.Engine;

            /// <summary>What <see cref="TensorCoreTuned"/> looks up.</summary>
            internal static class TensorCoreTunedRows
            {"{"}
                /// <summary>Where the rows were measured; empty as long as nothing was.</summary>
                public const string DeviceName = "{device}";

                /// <summary>Multiprocessors of that device.</summary>
                public const int Multiprocessors = {multiprocessors};

                /// <summary>All of them: convolution or not, log2 of M, N and K, tile, splits of K.</summary>
                public static TensorCoreTunedRow[] All {"{"} get; {"}"} =
                [

            """);
        foreach (TensorCoreTunedRow row in rows)
            text.Append($"        new(new({(row.Class.Convolves ? "true" : "false")}, {row.Class.Log2M}, {row.Class.Log2N}, {row.Class.Log2K}), TensorCoreTile.{row.Tile}, {row.Splits}),\n");
        return text.Append("    ];\n}\n").ToString().ReplaceLineEndings("\n");
    }
}
