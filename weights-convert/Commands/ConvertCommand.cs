using System.CommandLine;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.WeightsConvert;

/// <summary><c>convert IN OUT</c>: between single-file checkpoints, diffusers folders, pickled files and safetensors.</summary>
internal static class ConvertCommand
{
    private const string Ending = ".safetensors";

    private static readonly Dictionary<string, SafetensorsDType> Types = new(StringComparer.Ordinal)
    {
        ["fp32"] = SafetensorsDType.F32, ["fp16"] = SafetensorsDType.F16, ["bf16"] = SafetensorsDType.BF16,
    };

    public static Command Create(TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var from = new Argument<string>("in")
        {
            Description = "What to read: a single-file checkpoint (.safetensors, .ckpt), a diffusers folder, the name of a model in Hugging Face's " +
                "cache, or any file of named tensors (.safetensors, .ckpt, .pt, .pth, .bin, *.index.json). Nothing in a pickled file is run",
        };
        var to = new Argument<string>("out")
        {
            Description = "What to write: a name that ends in .safetensors (a single-file checkpoint if a whole model is read, else the file's " +
                "tensors under their own names), or a folder in diffusers' layout",
        };
        var dtype = new Option<string?>("--dtype") { HelpName = "TYPE", Description = "Store weights as fp16, bf16 or fp32 (as they are, bit for bit)" };
        dtype.AcceptOnlyFromAmong([.. Types.Keys]);
        var ema = new Option<bool>("--ema") { Description = "Take the U-Net's averaged weights (model_ema.*), which some checkpoints have beside the plain ones" };
        var tokenizer = new Option<string?>("--tokenizer")
        {
            HelpName = "DIR",
            Description = "Folder with vocab.json and merges.txt for the new model folder (that of the model read, or a folder 'tokenizer' beside the file)",
        };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace the file OUT; it stays whole until the new one is" };
        var command = new Command("convert", """
            Convert whole models and files of tensors

            Examples:
              convert v1-5-pruned.ckpt sd15            a single file to a diffusers folder
              convert sd15 sd15.safetensors            and back
              convert sd15 sd15-half --dtype fp16      a folder at half the size
              convert model.ckpt model.safetensors     out of the pickle, same names, without the averaged copy
              convert inception.pth inception.safetensors
            """)
        {
            from, to, dtype, ema, tokenizer, overwrite,
        };
        command.SetAction(parsed =>
        {
            SafetensorsDType? type = parsed.GetValue(dtype) is { } name ? Types[name] : null;
            Run(parsed.GetRequiredValue(from), parsed.GetRequiredValue(to), new ConvertOptions(type, parsed.GetValue(ema), parsed.GetValue(tokenizer)),
                parsed.GetValue(overwrite), output, error, cancel);
        });
        return command;
    }

    private static void Run(string from, string to, ConvertOptions options, bool overwrite, TextWriter output, TextWriter error,
        CancellationToken cancel)
    {
        bool toFile = to.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);
        CheckTarget(to, toFile, overwrite);
        bool wholeModel = !File.Exists(from);
        if (!wholeModel)
        {
            using ITensorSource source = TensorFile.Open(from);
            wholeModel = SingleFileCheckpoint.Is(source);
            if (toFile)
            {
                FileConversion.Run(source, wholeModel, to, options, output, error, cancel);
                return;
            }
            if (!wholeModel)
                throw new EngineException($"{from}: is no checkpoint of a whole model (no tensors {LdmNames.UNetPrefix}*), which a folder needs; name a file {Ending} to write");
        }
        ModelFolder model = ModelFolder.Open(from, options.Tokenizer);
        using var conversion = new ModelConversion(model, options, output, error, cancel);
        if (toFile) conversion.WriteFile(to);
        else conversion.WriteFolder(to);
    }

    private static void CheckTarget(string to, bool toFile, bool overwrite)
    {
        if (WeightFiles.HasEnding(to, WeightFiles.PickleEndings))
            throw new EngineException($"{to}: pickled files are read, not written; name a file {Ending} or a folder");
        if (toFile && File.Exists(to) && !overwrite) throw new EngineException($"{to}: exists; --overwrite replaces it");
        if (!toFile && File.Exists(to)) throw new EngineException($"{to}: is a file; name a file {Ending} or a folder");
        if (!toFile && Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
            throw new EngineException($"{to}: is a folder with something in it; name a new one");
    }
}
