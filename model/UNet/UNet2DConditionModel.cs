using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// The denoising network of Stable Diffusion (Rombach et al., 2022): predicts the noise in latents, given a timestep and a text. Module
/// names and their order are those of diffusers' class of the same name.
/// </summary>
public sealed class UNet2DConditionModel : Module
{
    private readonly Conv2d convIn, convOut;
    private readonly TimestepEmbedding timeEmbedding;
    private readonly ModuleList<DownBlock2D> downBlocks;
    private readonly ModuleList<UpBlock2D> upBlocks;
    private readonly UNetMidBlock2DCrossAttn midBlock;
    private readonly GroupNorm convNormOut;
    private bool checkpointBlocks;

    /// <summary>The network without weights.</summary>
    public UNet2DConditionModel(UNetConfig config)
    {
        Config = config;
        int first = config.BlockOutChannels[0];
        convIn = Register("conv_in", new Conv2d(config.InChannels, first, 3, 1, Padding.All(1)));
        timeEmbedding = Register("time_embedding", new TimestepEmbedding(first, config.TimeEmbeddingDim));
        IEnumerable<int> levels = Enumerable.Range(0, config.Levels);
        downBlocks = Register("down_blocks", new ModuleList<DownBlock2D>(levels.Select(i => new DownBlock2D(config, i))));
        upBlocks = Register("up_blocks", new ModuleList<UpBlock2D>(levels.Select(i => new UpBlock2D(config, i))));
        midBlock = Register("mid_block", new UNetMidBlock2DCrossAttn(config));
        convNormOut = Register("conv_norm_out", new GroupNorm(config.NormNumGroups, first, config.NormEps));
        convOut = Register("conv_out", new Conv2d(first, config.OutChannels, 3, 1, Padding.All(1)));
    }

    /// <summary>Its architecture.</summary>
    public UNetConfig Config { get; }

    /// <summary>
    /// Gradient checkpointing: each resnet and each transformer keeps only its inputs and runs again in backward. About a third more
    /// time for a fraction of the memory; the gradients are the same.
    /// </summary>
    public bool CheckpointBlocks
    {
        get => checkpointBlocks;
        set
        {
            checkpointBlocks = value;
            foreach ((_, Module module) in NamedModules())
            {
                if (module is ResnetBlock2D resnet) resnet.Recompute = value;
                if (module is Transformer2DModel transformer) transformer.Recompute = value;
            }
        }
    }

    /// <summary>Called with the output of each block and its module name.</summary>
    internal Action<string, Tensor>? Probe { get; set; }

    /// <summary>Predicts the noise.</summary>
    /// <param name="sample">Latents (N, H, W, 4), any height and width.</param>
    /// <param name="timesteps">One for each sample, or one for all.</param>
    /// <param name="context">The text encoder's hidden states (N, L, 768).</param>
    /// <returns>(N, H, W, 4).</returns>
    /// <exception cref="EngineException">A shape does not fit.</exception>
    public Tensor Forward(Tensor sample, ReadOnlySpan<float> timesteps, Tensor context)
    {
        using var scope = new TensorScope();
        return scope.Return(Forward(sample, Tensor.From(EmbedTimesteps(timesteps), TimestepShape(timesteps.Length), sample.Device), context));
    }

    /// <summary>Shape of <see cref="EmbedTimesteps"/> of so many timesteps.</summary>
    public Shape TimestepShape(int count) => new(count, Config.BlockOutChannels[0]);

    /// <summary>Sines and cosines that stand for timesteps, computed on the host.</summary>
    public float[] EmbedTimesteps(ReadOnlySpan<float> timesteps) =>
        Ops.TimestepValues(timesteps, Config.BlockOutChannels[0], Config.FlipSinToCos, Config.FreqShift);

    /// <summary>Predicts the noise.</summary>
    /// <param name="sample">Latents (N, H, W, 4), any height and width.</param>
    /// <param name="sinusoid">Timesteps as <see cref="EmbedTimesteps"/> gives them; one for each sample, or one for all.</param>
    /// <param name="context">The text encoder's hidden states (N, L, 768).</param>
    /// <returns>(N, H, W, 4).</returns>
    /// <exception cref="EngineException">A shape does not fit.</exception>
    public Tensor Forward(Tensor sample, Tensor sinusoid, Tensor context)
    {
        CheckShapes(sample.Shape, sinusoid.Shape, context.Shape);
        using var scope = new TensorScope();
        Tensor temb = timeEmbedding.Forward(Ops.Cast(sinusoid, Precision));
        Probe?.Invoke("time_embedding", temb);

        Tensor h = convIn.Forward(Ops.Cast(sample, Precision));
        context = Ops.Cast(context, Precision);
        Probe?.Invoke("conv_in", h);
        var skips = new Stack<Tensor>([h]);
        for (int i = 0; i < downBlocks.Count; i++)
        {
            h = downBlocks[i].Forward(h, temb, context, skips);
            Probe?.Invoke($"down_blocks.{i}", h);
        }
        h = midBlock.Forward(h, temb, context);
        Probe?.Invoke("mid_block", h);
        for (int i = 0; i < upBlocks.Count; i++)
        {
            h = upBlocks[i].Forward(h, temb, context, skips);
            Probe?.Invoke($"up_blocks.{i}", h);
        }
        return scope.Return(Ops.Cast(convOut.Forward(convNormOut.Forward(h, silu: true)), DType.F32));
    }

    private void CheckShapes(Shape sample, Shape timesteps, Shape context)
    {
        if (sample.Rank != 4 || sample[3] != Config.InChannels)
            throw new EngineException($"UNet2DConditionModel: sample {sample}, NxHxWx{Config.InChannels} is needed");
        if (timesteps != TimestepShape(sample[0]) && timesteps != TimestepShape(1))
            throw new EngineException($"UNet2DConditionModel: {(timesteps.Rank == 0 ? 0 : timesteps[0])} timesteps for {sample[0]} samples");
        if (context.Rank != 3 || context[0] != sample[0] || context[2] != Config.CrossAttentionDim)
        {
            throw new EngineException(
                $"UNet2DConditionModel: text {context}, {sample[0]}xLx{Config.CrossAttentionDim} is needed (sample {sample})");
        }
    }
}
