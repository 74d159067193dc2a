using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Tests;

/// <summary>A complete model of a few thousand weights, drawn at random.</summary>
public static class TinyModel
{
    public static UNetConfig UNet { get; } = new()
    {
        BlockOutChannels = [8, 16], LayersPerBlock = [1, 1], AttentionHeads = [2, 2], TransformerLayersPerBlock = [1, 1],
        DownAttention = [true, false], UpAttention = [false, true], CrossAttentionDim = 12, NormNumGroups = 4, SampleSize = 8,
    };

    public static VaeConfig Vae { get; } = new() { BlockOutChannels = [8, 8], LayersPerBlock = 1, NormNumGroups = 4, SampleSize = 16 };

    public static StableDiffusionModel Create(Device device = default, ulong first = 1)
    {
        ClipVocabulary vocabulary = ClipVocabularyTrainer.Train(["left effusion", "right nodule", "no finding"], ClipVocabularyTrainer.MinSize + 8);
        var tokenizer = new ClipTokenizer(vocabulary, maxLength: 10);
        var text = new ClipTextConfig
        {
            HiddenSize = 12, IntermediateSize = 24, NumHiddenLayers = 2, NumAttentionHeads = 3, VocabSize = vocabulary.Count,
            MaxPositionEmbeddings = 10, EosTokenId = tokenizer.EndId,
        };
        var model = new StableDiffusionModel(new UNet2DConditionModel(UNet), new AutoencoderKL(Vae), new ClipTextModel(text), tokenizer,
            SchedulerConfig.Parse("""
                {"_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
                 "num_train_timesteps": 1000, "clip_sample": false, "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1}
                """));
        foreach ((Module module, ulong seed) in Parts(model).Zip([first, first + 1, first + 2])) module.Initialize(seed, device);
        return model;
    }

    public static IEnumerable<Module> Parts(StableDiffusionModel model) => [model.UNet, model.Vae, model.TextEncoder];
}
