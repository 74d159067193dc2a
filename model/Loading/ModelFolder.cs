using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// A Stable Diffusion model in the layout of diffusers: folders <c>unet</c>, <c>vae</c> and <c>text_encoder</c> with a
/// <c>config.json</c> and weights each (safetensors, or what PyTorch pickled), <c>tokenizer</c>, <c>scheduler</c>. A single-file
/// checkpoint with a tokenizer beside it counts as one. Parts are read when asked for.
/// </summary>
public sealed class ModelFolder
{
    private const string UNetFolder = "unet", VaeFolder = "vae", TextFolder = "text_encoder", TokenizerFolder = "tokenizer",
        SchedulerFolder = "scheduler", ConfigFile = "config.json", SchedulerFile = "scheduler_config.json", IndexFile = "model_index.json";

    private const string DiffusersWeights = "diffusion_pytorch_model";

    /// <summary>Transformers' name for a file of weights, without its ending.</summary>
    internal const string TransformersWeights = "model";

    private readonly bool isFile;
    private readonly string? tokenizer;

    private ModelFolder(string path, bool isFile = false, string? tokenizer = null)
    {
        Path = path;
        this.isFile = isFile;
        this.tokenizer = tokenizer;
    }

    /// <summary>The folder, or the single file.</summary>
    public string Path { get; }

    /// <summary>Finds the parts of a model and reads its configs; weights are not touched.</summary>
    /// <param name="path">The model's folder, a single-file checkpoint, or a name in Hugging Face's cache (<see cref="ModelCache"/>).</param>
    /// <param name="tokenizer">A folder with the tokenizer's files (or with a folder <c>tokenizer</c>), in place of the model's own.</param>
    /// <exception cref="EngineException">There is none of them, a part is absent, or it holds another kind of model.</exception>
    public static ModelFolder Open(string path, string? tokenizer = null)
    {
        if (File.Exists(path)) return new ModelFolder(path, isFile: true, tokenizer);
        if (!Directory.Exists(path)) path = ModelCache.Find(path);
        string[] parts = tokenizer is null ? [UNetFolder, VaeFolder, TextFolder, TokenizerFolder, SchedulerFolder] : [UNetFolder, VaeFolder, TextFolder, SchedulerFolder];
        string[] absent = [.. parts.Where(part => !Directory.Exists(System.IO.Path.Combine(path, part)))];
        if (absent.Length > 0)
            throw new EngineException($"{path}: is not a diffusers model folder, it lacks {string.Join(", ", absent)}");
        var folder = new ModelFolder(path, isFile: false, tokenizer);
        folder.CheckKind();
        return folder;
    }

    /// <summary>The scheduler's config.</summary>
    public SchedulerConfig ReadSchedulerConfig() => isFile
        ? SchedulerConfig.Parse(SingleFileCheckpoint.Scheduler, Path)
        : SchedulerConfig.Load(At(SchedulerFolder, SchedulerFile));

    /// <summary>The tokenizer.</summary>
    /// <exception cref="EngineException">Its files are missing or damaged.</exception>
    public ClipTokenizer LoadTokenizer() => ClipTokenizer.FromFolder(TokenizerPath()
        ?? throw new EngineException($"{Path}: a single file has no tokenizer; put the folder {TokenizerFolder} of the model (vocab.json, merges.txt) beside it, or name one with --tokenizer"));

    /// <summary>The folder of the tokenizer's files; null where there is none.</summary>
    /// <exception cref="EngineException">The folder that was named is none.</exception>
    public string? TokenizerPath()
    {
        if (tokenizer is null && !isFile) return At(TokenizerFolder);
        string root = tokenizer ?? System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        string? found = ((string[])[root, System.IO.Path.Combine(root, TokenizerFolder)])
            .FirstOrDefault(folder => File.Exists(System.IO.Path.Combine(folder, "vocab.json")));
        return found ?? (tokenizer is null ? null : throw new EngineException($"{tokenizer}: no tokenizer here: vocab.json and merges.txt are needed"));
    }

    /// <summary>The U-Net, its weights unread.</summary>
    /// <param name="ema">Take the averaged copy of the weights that some single files have.</param>
    /// <exception cref="EngineException">No weights, an unsupported config, or a damaged file.</exception>
    public ModelPart OpenUNet(bool ema = false)
    {
        if (ema && !isFile) throw new EngineException($"{Path}: a diffusers folder has no averaged copy (EMA) of its weights");
        return Open(UNetFolder, DiffusersWeights, source =>
        {
            (UNetConfig config, var keys) = isFile ? SingleFileCheckpoint.Of(source).UNet(ema) : (UNetConfig.Read(At(UNetFolder, ConfigFile)), _ => StateDictKeys.UNet);
            var module = new UNet2DConditionModel(config);
            return new ModelPart(UNetFolder, DiffusersWeights, module, config.ToJson(), source, keys(module), name => LdmNames.UNet(name, config));
        });
    }

    /// <summary>The VAE, its weights unread.</summary>
    /// <exception cref="EngineException">No weights, an unsupported config, or a damaged file.</exception>
    public ModelPart OpenVae() => Open(VaeFolder, DiffusersWeights, source =>
    {
        (VaeConfig config, var keys) = isFile ? SingleFileCheckpoint.Of(source).Vae() : (VaeConfig.Read(At(VaeFolder, ConfigFile)), _ => StateDictKeys.Vae);
        var module = new AutoencoderKL(config);
        return new ModelPart(VaeFolder, DiffusersWeights, module, config.ToJson(), source, keys(module), name => LdmNames.Vae(name, config));
    });

    /// <summary>The text encoder, its weights unread.</summary>
    /// <exception cref="EngineException">No weights, an unsupported config, or a damaged file.</exception>
    public ModelPart OpenTextEncoder() => Open(TextFolder, TransformersWeights, source =>
    {
        (ClipTextConfig config, Func<string, string?> keys) = isFile
            ? SingleFileCheckpoint.Of(source).Text() : (ClipTextConfig.Read(At(TextFolder, ConfigFile)), StateDictKeys.ClipText);
        return new ModelPart(TextFolder, TransformersWeights, new ClipTextModel(config), config.ToJson(), source, keys, LdmNames.ClipText);
    });

    /// <summary>The U-Net with its weights; see <see cref="WeightLoader.Load"/> for their types.</summary>
    /// <param name="device">Where the weights shall lie.</param>
    /// <param name="precision">What it computes in on a GPU; see <see cref="Module.SetPrecision"/>.</param>
    /// <exception cref="EngineException">No weights, keys that do not fit (all of them in one line), or a damaged file.</exception>
    public UNet2DConditionModel LoadUNet(Device device, DType precision = DType.F32) => (UNet2DConditionModel)Load(OpenUNet(), device, precision);

    /// <summary>The VAE with its weights; see <see cref="WeightLoader.Load"/> for their types.</summary>
    /// <inheritdoc cref="LoadUNet"/>
    public AutoencoderKL LoadVae(Device device) => (AutoencoderKL)Load(OpenVae(), device, DType.F32);

    /// <summary>The text encoder with its weights; see <see cref="WeightLoader.Load"/> for their types.</summary>
    /// <inheritdoc cref="LoadUNet"/>
    public ClipTextModel LoadTextEncoder(Device device, DType precision = DType.F32) => (ClipTextModel)Load(OpenTextEncoder(), device, precision);

    /// <summary>Everything.</summary>
    /// <param name="device">Where the weights shall lie.</param>
    /// <param name="precision">What U-Net and text encoder compute in on a GPU; the VAE computes in float32.</param>
    /// <inheritdoc cref="LoadUNet" path="/exception"/>
    public StableDiffusionModel Load(Device device, DType precision = DType.F32) =>
        new(LoadUNet(device, precision), LoadVae(device), LoadTextEncoder(device, precision), LoadTokenizer(), ReadSchedulerConfig());

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
        WriteDescription(path, model.Scheduler);
    }

    /// <summary>Writes what is no network: the scheduler's config and the index of the parts. The folder must exist.</summary>
    /// <param name="path">The model's folder.</param>
    /// <param name="scheduler">The scheduler.</param>
    /// <exception cref="EngineException">The system refuses the writing.</exception>
    public static void WriteDescription(string path, SchedulerConfig scheduler)
    {
        var folder = new ModelFolder(path);
        WriteText(folder.At(SchedulerFolder, SchedulerFile), scheduler.ToJson());
        WriteText(folder.At(IndexFile), new JsonObject
        {
            ["_class_name"] = "StableDiffusionPipeline",
            ["feature_extractor"] = new JsonArray(null, null),
            ["requires_safety_checker"] = false,
            ["safety_checker"] = new JsonArray(null, null),
            [SchedulerFolder] = new JsonArray("diffusers", scheduler.ClassName),
            [TextFolder] = new JsonArray("transformers", "CLIPTextModel"),
            [TokenizerFolder] = new JsonArray("transformers", "CLIPTokenizer"),
            [UNetFolder] = new JsonArray("diffusers", "UNet2DConditionModel"),
            [VaeFolder] = new JsonArray("diffusers", "AutoencoderKL"),
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private static Module Load(ModelPart part, Device device, DType precision)
    {
        using ModelPart until = part;
        if (precision != DType.F32 && device.Kind == DeviceKind.Cpu) throw new EngineException($"{part.Source.Path}: cannot be loaded as {precision}, the host computes in float32");
        part.Module.SetPrecision(precision);
        WeightLoader.Load(part.Module, part.Source, device, part.Keys);
        return part.Module;
    }

    private ModelPart Open(string part, string stem, Func<ITensorSource, ModelPart> describe)
    {
        ITensorSource source = isFile ? TensorFile.Open(Path) : WeightFile.Open(At(part), stem);
        try
        {
            return describe(source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
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
            throw new EngineException($"{path}: is a {ConfigJson.Shown(kind)}; only models of Stable Diffusion 1.x and 2.x are supported");
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
