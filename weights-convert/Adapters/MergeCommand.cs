using System.CommandLine;
using SeLoRA.Adapters;

namespace SeLoRA.WeightsConvert;

/// <summary><c>merge BASE ADAPTER[:WEIGHT]... OUT</c>: a model with adapters' updates in its weights.</summary>
internal static class MergeCommand
{
    public static Command Create(TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var paths = new Argument<string[]>("paths")
        {
            HelpName = "BASE ADAPTER[:WEIGHT]... OUT",
            Description = "A model folder in diffusers form, one or more adapters of any form (weight 1 unless given), and the folder to write",
            Arity = new ArgumentArity(3, 100),
        };
        var command = new Command("merge",
            """
            Add adapters to a model's weights

            OUT is a copy of BASE whose U-Net and text encoder have the updates in them; it appears when it is complete. Sums are float32, every
            weight keeps its type. Convolutions' updates are merged too. A negative weight takes an update away. For example:

              weights-convert merge sd15 chest.safetensors style.safetensors:0.6 sd15-chest
            """)
        {
            paths,
        };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(paths), output, error, cancel));
        return command;
    }

    private static int Run(string[] paths, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var merge = new ModelMerge(paths[0]);
        foreach (string text in paths[1..^1])
        {
            AdapterSource source = AdapterSource.Parse(text);
            AdapterFileContent content = AdapterReader.Read(source.Path, merge.Roots);
            AdapterText.Warn(error, content.Unmatched);
            merge.Add(content.Modules, source.Weight);
            output.WriteLine(FormattableString.Invariant($"{source.Path}: {AdapterText.Describe(content.Modules)}, weight {source.Weight}"));
        }
        AdapterText.Warn(error, merge.Write(paths[^1], cancel));
        output.WriteLine($"{paths[^1]}: {paths[0]} with {merge.Count} weights changed");
        return 0;
    }
}
