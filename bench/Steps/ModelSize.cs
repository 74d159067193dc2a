using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.Tests;

namespace SeLoRA.Bench;

/// <summary>Architectures under the names of the PyTorch script's <c>--model</c>.</summary>
/// <param name="Name">sd15, or tiny: the same networks with small numbers, for trying things out.</param>
/// <param name="UNet">The U-Net.</param>
/// <param name="Vae">The autoencoder.</param>
/// <param name="Text">The text encoder.</param>
internal sealed record ModelSize(string Name, UNetConfig UNet, VaeConfig Vae, ClipTextConfig Text)
{
    /// <summary>SD-1.5's noise schedule with PNDM, its default sampler.</summary>
    public const string Schedule =
        """
        {"_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
         "num_train_timesteps": 1000, "clip_sample": false, "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1}
        """;

    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, ModelSize> All { get; } = new ModelSize[]
    {
        new("sd15", new UNetConfig(), new VaeConfig(), new ClipTextConfig()),
        new("tiny", new UNetConfig { BlockOutChannels = [32, 64, 96, 96], AttentionHeads = [4, 4, 4, 4], CrossAttentionDim = 48, NormNumGroups = 16 },
            new VaeConfig { BlockOutChannels = [32, 32, 64, 96], NormNumGroups = 16 },
            new ClipTextConfig
            {
                HiddenSize = 48, IntermediateSize = 192, NumHiddenLayers = 2, NumAttentionHeads = 4, VocabSize = 100, MaxPositionEmbeddings = 16,
            }),
    }.ToDictionary(m => m.Name, StringComparer.Ordinal);

    /// <summary>Fills a network with hash weights, for a step. The VAE computes in float32 whatever the others do.</summary>
    public static T Load<T>(T network, StepOptions options) where T : Module
    {
        if (network is not AutoencoderKL) network.SetPrecision(options.Precision);
        return Load(network, options.Device, options.Weights);
    }

    /// <summary>Fills a network with hash weights.</summary>
    /// <param name="network">The network.</param>
    /// <param name="device">Where it shall lie.</param>
    /// <param name="weights">F32, or the type of 16 bits that a file of the model would have, rounded to which the host keeps them.</param>
    public static T Load<T>(T network, Device device, DType weights = DType.F32) where T : Module
    {
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            var values = new float[parameter.FileShape.Count];
            HashTensor.FillWeight(name, [.. parameter.FileShape.ToArray().Select(d => (long)d)], 1, 0, values);
            if (weights != DType.F32 && parameter.AllowsHalf) LoadHalves(parameter, values, weights, device);
            else parameter.Load(values, device);
        }
        return network;
    }

    private static void LoadHalves(Parameter parameter, float[] values, DType type, Device device)
    {
        var bits = new ushort[values.Length];
        if (type == DType.F16) HalfConversion.Float32ToFloat16(values, bits);
        else HalfConversion.Float32ToBFloat16(values, bits);
        parameter.LoadHalves(bits, type, device);
    }

    /// <summary>Gives the weights' memory back to the system.</summary>
    public static void Unload(IEnumerable<Module> networks, Device device)
    {
        foreach (Module network in networks)
            foreach ((_, Parameter parameter) in network.NamedParameters()) parameter.Unload();
        Backend.Get(device).ReleaseCached();
    }
}
