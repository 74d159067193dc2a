using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.WeightsConvert;

/// <summary>A whole model to a single-file checkpoint or to a diffusers folder. Weights pass through a small buffer.</summary>
internal sealed class ModelConversion : IDisposable
{
    private static readonly string[] TokenizerFiles = ["vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"];

    private readonly ModelFolder model;
    private readonly ConvertOptions options;
    private readonly TextWriter output;
    private readonly List<ModelPart> parts = [];
    private readonly ConvertProgress progress;
    private readonly int tensors;

    /// <summary>Opens the model's parts and checks that every key is there.</summary>
    public ModelConversion(ModelFolder model, ConvertOptions options, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        (this.model, this.options, this.output) = (model, options, output);
        try
        {
            parts.Add(model.OpenUNet(options.Ema));
            parts.Add(model.OpenVae());
            parts.Add(model.OpenTextEncoder());
            long bytes = 0;
            foreach (ModelPart part in parts)
                foreach ((_, string file, _) in part.Weights())
                {
                    bytes += options.Bytes(part.Source.Tensors[file]);
                    tensors++;
                }
            progress = new ConvertProgress(error, bytes, cancel);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Writes a single-file checkpoint.</summary>
    public void WriteFile(string path)
    {
        SafetensorsWriter writer = Writer();
        foreach (ModelPart part in parts)
            foreach ((string name, string file, long[] shape) in part.Weights())
            {
                (string newName, long[] newShape) = part.InSingleFile(name, shape);
                writer.AddCopy(newName, newShape, part.Source, file, options.For(part.Source.Tensors[file]), progress.Add);
            }
        writer.Save(path);
        output.WriteLine($"{path}: single-file checkpoint, {tensors} tensors, {progress.Finish()}");
    }

    /// <summary>Writes a folder: under a temporary name, then renamed, so that a folder of this name is always whole.</summary>
    public void WriteFolder(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be written: {e.Message}", e);
        }
        string? tokenizer;
        try
        {
            foreach (ModelPart part in parts) WritePart(part, temporary);
            Directory.CreateDirectory(Path.Combine(temporary, "scheduler"));
            ModelFolder.WriteDescription(temporary, model.ReadSchedulerConfig());
            tokenizer = CopyTokenizer(temporary);
            // Checked to be empty.
            if (Directory.Exists(full)) Directory.Delete(full);
            Directory.Move(temporary, full);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
        output.WriteLine($"{path}: diffusers folder, {tensors} tensors, {progress.Finish()}");
        if (tokenizer is null)
            output.WriteLine("it has no tokenizer, and such a file holds none: copy vocab.json and merges.txt of Stable Diffusion 1.5 into its folder tokenizer (or convert with --tokenizer DIR)");
    }

    /// <summary>Closes the model's files.</summary>
    public void Dispose()
    {
        foreach (ModelPart part in parts) part.Dispose();
    }

    private void WritePart(ModelPart part, string root)
    {
        string folder = Path.Combine(root, part.Folder);
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, "config.json"), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(part.Config + "\n")));
        SafetensorsWriter writer = Writer();
        foreach ((string name, string file, long[] shape) in part.Weights())
            writer.AddCopy(name, shape, part.Source, file, options.For(part.Source.Tensors[file]), progress.Add);
        writer.Save(Path.Combine(folder, $"{part.Stem}.safetensors"));
    }

    private string? CopyTokenizer(string root)
    {
        string target = Path.Combine(root, "tokenizer");
        Directory.CreateDirectory(target);
        string? from = model.TokenizerPath();
        foreach (string file in from is null ? [] : TokenizerFiles.Where(f => File.Exists(Path.Combine(from, f))))
            File.Copy(Path.Combine(from!, file), Path.Combine(target, file));
        return from;
    }

    // transformers refuses a file without it.
    private static SafetensorsWriter Writer() => new() { Metadata = { ["format"] = "pt" } };
}
