using System.Text;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>What a model's folder says beside its weights, and what a single file's names and shapes say.</summary>
public class ModelFuzzTests
{
    private static readonly string[] s_configs = ["unet/config.json", "vae/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json", "model_index.json", "clip/config.json"];

    private static readonly string[] s_tokenizer = ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"];

    [Fact]
    public void Configs_of_models_are_read_or_refused()
    {
        string[] texts =
        [
            TinyModel.UNet.ToJson(), TinyModel.Vae.ToJson(), new ClipTextConfig { NumHiddenLayers = 2 }.ToJson(),
            """
            {"_class_name": "DPMSolverMultistepScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
             "trained_betas": null, "solver_order": 2, "steps_offset": 1, "timestep_spacing": "leading", "use_karras_sigmas": false, "prediction_type": "epsilon", "lambda_min_clipped": "-Infinity"}
            """,
            """{"_class_name": "StableDiffusionPipeline", "scheduler": ["diffusers", "PNDMScheduler"]}""",
            """{"model_type": "clip", "projection_dim": 8, "text_config": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}, "vision_config": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}}""",
        ];
        using var run = new FuzzRun("configs of a model folder", factor: 256, floor: 64 << 20);
        run.Run([.. s_configs, "tokenizer/x"], texts.Select((t, i) => (i, Encoding.UTF8.GetBytes(t))).Append((6, [])), random =>
        {
            int file = random.Below(texts.Length);
            return (file, TextMutations.Apply(texts[file], random));
        }, folder => ReadConfigs(folder, run.Changed));
    }

    // What was not changed is not read again for each input.
    private static void ReadConfigs(string folder, int? changed)
    {
        bool Is(int file) => changed is null || changed == file;
        string At(int file) => Path.Combine(folder, s_configs[file]);
        ModelFolder model = ModelFolder.Open(folder);
        if (Is(0))
        {
            UNetConfig unet = UNetConfig.Read(At(0));
            Assert.NotEmpty(new UNet2DConditionModel(unet).NamedParameters());
            Assert.NotEmpty(unet.ToJson());
        }
        if (Is(1))
        {
            VaeConfig vae = VaeConfig.Read(At(1));
            Assert.NotEmpty(new AutoencoderKL(vae).NamedParameters());
            Assert.NotEmpty(vae.ToJson());
        }
        if (Is(2))
        {
            ClipTextConfig text = ClipTextConfig.Read(At(2));
            Assert.NotEmpty(new ClipTextModel(text).NamedParameters());
            Assert.NotEmpty(text.ToJson());
        }
        if (Is(3)) ReadScheduler(model);
        if (Is(5)) Assert.NotEmpty(new ClipModel(ClipConfig.Read(At(5))).NamedParameters());
    }

    private static void ReadScheduler(ModelFolder model)
    {
        IScheduler scheduler = SchedulerFactory.FromConfig(model.ReadSchedulerConfig());
        try
        {
            scheduler.SetTimesteps(5);
        }
        catch (EngineException e)
        {
            // More steps than the schedule has are the caller's fault.
            FuzzRun.CheckLine(e.Message);
        }
    }

    [Fact]
    public void Names_and_shapes_of_single_files_make_a_model_or_are_refused()
    {
        const string unet = LdmNames.UNetPrefix, vae = LdmNames.VaePrefix, text = LdmNames.TextPrefix + "text_model.";
        byte[] file = SafetensorsMutations.File(
        [
            ($"{unet}input_blocks.0.0.weight", "F16", [32, 4, 1, 1]), ($"{unet}input_blocks.1.0.in_layers.0.weight", "F16", [32]), ($"{unet}input_blocks.1.0.out_layers.3.weight", "F16", [32, 1]),
            ($"{unet}input_blocks.1.1.proj_in.weight", "F16", [32, 1]), ($"{unet}input_blocks.1.1.transformer_blocks.0.norm1.weight", "F16", [32]),
            ($"{unet}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", "F16", [1, 8]), ($"{unet}out.2.weight", "F16", [4, 1]),
            ($"{vae}encoder.down.0.block.0.conv1.weight", "F16", [32, 1]), ($"{vae}encoder.conv_in.weight", "F16", [32, 3]), ($"{vae}decoder.conv_out.weight", "F16", [3, 1]),
            ($"{vae}post_quant_conv.weight", "F16", [4, 1]), ($"{text}embeddings.token_embedding.weight", "F16", [3, 64]), ($"{text}encoder.layers.0.mlp.fc1.weight", "F16", [8, 1]),
            ($"{text}embeddings.position_embedding.weight", "F16", [7, 1]),
        ]);
        using var run = new FuzzRun("single-file checkpoint", factor: 256, floor: 16 << 20);
        run.Run("x.safetensors", [file], random => SafetensorsMutations.Apply(file, random), path =>
        {
            ModelFolder model = ModelFolder.Open(path);
            model.OpenUNet().Dispose();
            model.OpenVae().Dispose();
            model.OpenTextEncoder().Dispose();
        });
    }

    [Fact]
    public void Tokenizers_are_read_or_refused()
    {
        using var made = new TemporaryFolder();
        new ClipTokenizer(ClipVocabularyTrainer.Train(["effusion"], ClipVocabularyTrainer.MinSize + 4), maxLength: 12).Save(made.Path);
        string[] texts = [.. s_tokenizer.Select(name => File.ReadAllText(made.File(name)))];
        using var run = new FuzzRun("tokenizer", factor: 256, floor: 4 << 20);
        run.Run(s_tokenizer, texts.Select((t, i) => (i, Encoding.UTF8.GetBytes(t))), random =>
        {
            // A vocabulary is five hundred tokens that must all be there: nearly every change of it is refused early.
            int file = random.Below(5) % 4;
            return (file, TextMutations.Apply(texts[file], random));
        }, folder => ClipTokenizer.FromFolder(folder).Encode("Left effusion, <|endoftext|> 3"));
    }

    [Fact]
    public void Texts_of_any_kind_are_encoded()
    {
        var tokenizer = new ClipTokenizer(ClipVocabularyTrainer.Train(["effusion"], ClipVocabularyTrainer.MinSize + 4));
        string[] seeds = ["chest x-ray, <|startoftext|> large left pleural effusion's size 3.5 cm", "\u0130stanbul \u03a3\u03a3 a\u0301\u0323 \ud55c\uae00 \u1112\u1161\u11ab \U0001F600 x\ud800", "<|endoftext|>''''''s 're"];
        using var run = new FuzzRun("texts for the tokenizer", factor: 2048, floor: 256 << 10);
        run.Run("caption.txt", [.. seeds.Select(Encoding.UTF8.GetBytes)], random => TextMutations.Apply(random.Pick(seeds), random),
            path => Assert.Equal(77, tokenizer.Encode(File.ReadAllText(path)).Length));
    }

    [Fact]
    public void Statistics_of_features_are_read_or_refused()
    {
        using var folder = new TemporaryFolder();
        new FeatureStatistics("FID (pytorch-fid, 3 features)", 7, [1, 2, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]).Save(folder.File("x.npz"));
        byte[] file = File.ReadAllBytes(folder.File("x.npz"));
        List<(string, byte[])> arrays = ZipMutations.Files(file);
        byte[][] tokens = [.. new[] { "<f8", "<f4", "<i8", "<U4", "<U9999", "|O", "True", "(3,)", "(3, 3)", "()", "(999999999,)", "(999999999, 999999999, 999999999)", "(0,)", "(,)" }.Select(Encoding.ASCII.GetBytes)];
        using var run = new FuzzRun("statistics of features", factor: 64, floor: 1 << 20);
        run.Run("x.npz", [file], random => ZipMutations.Apply(arrays, random, tokens), path => FeatureStatistics.Load(path));
    }
}
