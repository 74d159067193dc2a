using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// A Stable Diffusion model in the layout of diffusers: folders <c>unet</c>, <c>vae</c> and <c>text_encoder</c> with a
/// <c>config.json</c> and safetensors each, <c>tokenizer</c>, <c>scheduler</c>. Parts are read when asked for.
/// </summary>
public sealed class ModelFolder
{
    private const string UNetFolder = "unet", VaeFolder = "vae", TextFolder = "text_encoder", TokenizerFolder = "tokenizer",
        SchedulerFolder = "scheduler", ConfigFile = "config.json", SchedulerFile = "scheduler_config.json", IndexFile = "model_index.json";

    private const string DiffusersWeights = "diffusion_pytorch_model";

    /// <summary>Transformers' name for a file of weights, without its ending.</summary>
    internal const string TransformersWeights = "model";

    private ModelFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Finds the parts of a model and reads its configs; weights are not touched.</summary>
    /// <param name="path">The model's folder.</param>
    /// <exception cref="EngineException">It is no folder, a part is absent, or it holds another kind of model.</exception>
    public static ModelFolder Open(string path)
    {
        if (File.Exists(path))
            throw new EngineException($"{path}: is a file; a model is a folder with {UNetFolder}, {VaeFolder}, {TextFolder}, {TokenizerFolder} and {SchedulerFolder}");
        if (!Directory.Exists(path)) throw new EngineException($"{path}: no such folder");
        string[] absent = [.. ((string[])[UNetFolder, VaeFolder, TextFolder, TokenizerFolder, SchedulerFolder])
            .Where(part => !Directory.Exists(System.IO.Path.Combine(path, part)))];
        if (absent.Length > 0)
            throw new EngineException($"{path}: is not a diffusers model folder, it lacks {string.Join(", ", absent)}");
        var folder = new ModelFolder(path);
        folder.CheckKind();
        return folder;
    }

    /// <summary>Architecture of the U-Net.</summary>
    public UNetConfig ReadUNetConfig() => UNetConfig.Read(At(UNetFolder, ConfigFile));

    /// <summary>Architecture of the VAE.</summary>
    public VaeConfig ReadVaeConfig() => VaeConfig.Read(At(VaeFolder, ConfigFile));

    /// <summary>Architecture of the text encoder.</summary>
    public ClipTextConfig ReadTextConfig() => ClipTextConfig.Read(At(TextFolder, ConfigFile));

    /// <summary>The scheduler's config.</summary>
    public SchedulerConfig ReadSchedulerConfig() => SchedulerConfig.Load(At(SchedulerFolder, SchedulerFile));

    /// <summary>The tokenizer.</summary>
    public ClipTokenizer LoadTokenizer() => ClipTokenizer.FromFolder(At(TokenizerFolder));

    /// <summary>The U-Net with its weights; see <see cref="WeightLoader.Load"/> for their types.</summary>
    /// <param name="device">Where the weights shall lie.</param>
    /// <exception cref="EngineException">No weights, keys that do not fit (all of them in one line), or a damaged file.</exception>
    public UNet2DConditionModel LoadUNet(Device device) =>
        Load(new UNet2DConditionModel(ReadUNetConfig()), UNetFolder, DiffusersWeights, device, StateDictKeys.UNet);

    /// <summary>The VAE with its weights; see <see cref="WeightLoader.Load"/> for their types.</summary>
    /// <inheritdoc cref="LoadUNet"/>
    public AutoencoderKL LoadVae(Device device) =>
        Load(new AutoencoderKL(ReadVaeConfig()), VaeFolder, DiffusersWeights, device, StateDictKeys.Vae);

    /// <summary>The text encoder with its weights; see <see cref="WeightLoader.Load"/> for their types.</summary>
    /// <inheritdoc cref="LoadUNet"/>
    public ClipTextModel LoadTextEncoder(Device device) =>
        Load(new ClipTextModel(ReadTextConfig()), TextFolder, TransformersWeights, device, StateDictKeys.ClipText);

    /// <summary>Everything.</summary>
    /// <inheritdoc cref="LoadUNet"/>
    public StableDiffusionModel Load(Device device) =>
        new(LoadUNet(device), LoadVae(device), LoadTextEncoder(device), LoadTokenizer(), ReadSchedulerConfig());

    /// <summary>Writes a model in the layout that diffusers and this class read; what a folder of this name holds is replaced.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The folder; created where it does not exist.</param>
    /// <param name="storedAs">F32, F16 or BF16.</param>
    /// <exception cref="EngineException">A weight does not fit into float16, or the system refuses the writing.</exception>
    public static void Save(StableDiffusionModel model, string path, SafetensorsDType storedAs)
    {
        var folder = new ModelFolder(path);
        try
        {
            foreach (string part in (string[])[UNetFolder, VaeFolder, TextFolder, TokenizerFolder, SchedulerFolder])
                Directory.CreateDirectory(folder.At(part));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be created: {e.Message}", e);
        }
        folder.SavePart(model.UNet, UNetFolder, DiffusersWeights, model.UNet.Config.ToJson(), storedAs);
        folder.SavePart(model.Vae, VaeFolder, DiffusersWeights, model.Vae.Config.ToJson(), storedAs);
        folder.SavePart(model.TextEncoder, TextFolder, TransformersWeights, model.TextEncoder.Config.ToJson(), storedAs);
        model.Tokenizer.Save(folder.At(TokenizerFolder));
        WriteText(folder.At(SchedulerFolder, SchedulerFile), model.Scheduler.ToJson());
        WriteText(folder.At(IndexFile), new JsonObject
        {
            ["_class_name"] = "StableDiffusionPipeline",
            ["feature_extractor"] = new JsonArray(null, null),
            ["requires_safety_checker"] = false,
            ["safety_checker"] = new JsonArray(null, null),
            [SchedulerFolder] = new JsonArray("diffusers", model.Scheduler.ClassName),
            [TextFolder] = new JsonArray("transformers", "CLIPTextModel"),
            [TokenizerFolder] = new JsonArray("transformers", "CLIPTokenizer"),
            [UNetFolder] = new JsonArray("diffusers", "UNet2DConditionModel"),
            [VaeFolder] = new JsonArray("diffusers", "AutoencoderKL"),
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private static T Load<T>(T model, ITensorSource source, Device device, Func<string, string?> keys) where T : Module
    {
        WeightLoader.Load(model, source, device, keys);
        return model;
    }

    private T Load<T>(T model, string part, string stem, Device device, Func<string, string?> keys) where T : Module
    {
        using ITensorSource source = OpenWeights(At(part), stem);
        return Load(model, source, device, keys);
    }

    // The plain file first, as diffusers does; an index stands for several files.
    internal static ITensorSource OpenWeights(string folder, string stem)
    {
        foreach (string variant in (string[])["", ".fp16"])
        {
            string file = System.IO.Path.Combine(folder, $"{stem}{variant}.safetensors");
            if (File.Exists(file)) return SafetensorsReader.Open(file);
            // diffusers puts the variant before the last ending of an index, transformers before the first.
            foreach (string name in (string[])[$"{stem}.safetensors.index{variant}.json", $"{stem}{variant}.safetensors.index.json"])
            {
                string index = System.IO.Path.Combine(folder, name);
                if (File.Exists(index)) return ShardedSafetensors.Open(index);
            }
        }
        string expected = $"{stem}.safetensors, {stem}.fp16.safetensors or {stem}.safetensors.index.json";
        string? pickle = Directory.EnumerateFiles(folder)
            .Where(f => System.IO.Path.GetExtension(f) is ".bin" or ".ckpt" or ".pt" or ".pth")
            .Order(StringComparer.Ordinal).FirstOrDefault();
        throw new EngineException(pickle is null
            ? $"{folder}: has no weights; {expected} is needed"
            : $"{folder}: has only pickled weights ({System.IO.Path.GetFileName(pickle)}), which may run code and are not read; " +
                $"save the model as safetensors ({expected})");
    }

    private void CheckKind()
    {
        string path = At(IndexFile);
        if (!File.Exists(path)) return;
        string kind = ConfigJson.Read(path).Text("_class_name", "StableDiffusionPipeline");
        // Fine-tunes name pipelines of their own; what differs in architecture differs in name.
        if (!kind.StartsWith("StableDiffusion", StringComparison.Ordinal) || kind.Contains("XL", StringComparison.Ordinal)
            || kind.StartsWith("StableDiffusion3", StringComparison.Ordinal))
        {
            throw new EngineException($"{path}: is a {kind}; only models of Stable Diffusion 1.x and 2.x are supported");
        }
    }

    private void SavePart(Module model, string part, string stem, string config, SafetensorsDType storedAs)
    {
        WriteText(At(part, ConfigFile), config);
        WeightSaver.Save(model, At(part, $"{stem}.safetensors"), storedAs);
    }

    private static void WriteText(string path, string text) =>
        AtomicFile.Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text + "\n")));

    private string At(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);
}
