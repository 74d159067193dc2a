namespace SeLoRA.Bench;

/// <summary>
/// The sizes, batch 1 at 512 pixels (latents 64x64) unless the name says otherwise. <c>Deep</c> lists are those that a change
/// rarely needs: odd, very large, or much like another.
/// </summary>
public static class Sd15Shapes
{
    /// <summary>Linear layers: attention projections, feed-forward, CLIP's MLP, and a rank-8 down projection.</summary>
    public static IReadOnlyList<GemmShapeCase> Gemm { get; } =
    [
        new("unet.down0.attn1.to_q", 4096, 320, 320),
        new("unet.down0.ff.net.0", 4096, 2560, 320),
        new("unet.down1.ff.net.0", 1024, 5120, 640),
        new("unet.down2.ff.net.2", 256, 1280, 5120),
        new("unet.mid.ff.net.0", 64, 10240, 1280),
        new("unet.down0.lora_down", 4096, 8, 320),
        new("clip.mlp.fc1", 77, 3072, 768),
    ];

    /// <summary>Rarely needed linear layers.</summary>
    public static IReadOnlyList<GemmShapeCase> GemmDeep { get; } =
    [
        new("unet.down0.ff.net.2", 4096, 320, 1280),
        new("unet.down1.attn1.to_q", 1024, 640, 640),
        new("unet.down2.ff.net.0", 256, 10240, 1280),
        new("unet.down2.attn2.to_k", 77, 1280, 768),
        new("unet.time_embedding.linear_2", 1, 1280, 1280),
        new("square.1024", 1024, 1024, 1024),
        new("square.2048", 2048, 2048, 2048),
        new("odd", 1021, 509, 331),
    ];

    /// <summary>Convolutions of the U-Net's resnets.</summary>
    public static IReadOnlyList<Conv2dShapeCase> Conv2d { get; } =
    [
        new("unet.down0.res", 64, 64, 320, 320),
        new("unet.down1.res", 32, 32, 640, 640),
        new("unet.down2.res", 16, 16, 1280, 1280),
        new("unet.mid.res", 8, 8, 1280, 1280),
    ];

    /// <summary>Ends of the U-Net, strides, the concatenated inputs on the way up, and the VAE.</summary>
    public static IReadOnlyList<Conv2dShapeCase> Conv2dDeep { get; } =
    [
        new("unet.conv_in", 64, 64, 4, 320),
        new("unet.conv_out", 64, 64, 320, 4),
        new("unet.down0.downsample", 64, 64, 320, 320, Stride: 2),
        new("unet.up1.res0", 16, 16, 2560, 1280),
        new("unet.up3.res0", 64, 64, 960, 320),
        new("vae.decoder.mid.res", 64, 64, 512, 512),
        new("vae.decoder.up3.res", 512, 512, 128, 128),
        new("unet.down0.res.224px", 28, 28, 320, 320),
    ];

    /// <summary>Self and cross-attention of the U-Net, and CLIP's causal one.</summary>
    public static IReadOnlyList<AttentionShapeCase> Attention { get; } =
    [
        new("unet.down0.attn1", 4096, 4096, 8, 40),
        new("unet.down1.attn1", 1024, 1024, 8, 80),
        new("unet.down2.attn1", 256, 256, 8, 160),
        new("unet.down0.attn2", 4096, 77, 8, 40),
        new("clip.self_attn", 77, 77, 12, 64, Causal: true),
    ];

    /// <summary>Rarely needed attentions.</summary>
    public static IReadOnlyList<AttentionShapeCase> AttentionDeep { get; } =
    [
        new("unet.mid.attn1", 64, 64, 8, 160),
        new("unet.down1.attn2", 1024, 77, 8, 80),
        new("unet.down2.attn2", 256, 77, 8, 160),
        new("unet.down0.attn1.224px", 784, 784, 8, 40),
        new("unet.down0.attn1.768px", 9216, 9216, 8, 40),
    ];

    /// <summary>Norms before the resnets' convolutions.</summary>
    public static IReadOnlyList<GroupNormShapeCase> GroupNorm { get; } =
    [
        new("unet.down0.res", 4096, 320),
        new("unet.down1.res", 1024, 640),
        new("unet.down2.res", 256, 1280),
        new("unet.mid.res", 64, 1280),
    ];

    /// <summary>Rarely needed group norms.</summary>
    public static IReadOnlyList<GroupNormShapeCase> GroupNormDeep { get; } =
    [
        new("unet.up3.res0", 4096, 960),
        new("vae.decoder.up3.res", 262144, 128),
    ];

    /// <summary>Norms of the transformer blocks and of CLIP.</summary>
    public static IReadOnlyList<LayerNormShapeCase> LayerNorm { get; } =
    [
        new("unet.down0.norm1", 4096, 320),
        new("unet.down1.norm1", 1024, 640),
        new("unet.down2.norm1", 256, 1280),
        new("clip.layer_norm1", 77, 768),
    ];

    /// <summary>Rarely needed layer norms.</summary>
    public static IReadOnlyList<LayerNormShapeCase> LayerNormDeep { get; } =
    [
        new("unet.mid.norm1", 64, 1280),
        new("unet.down0.norm1.batch8", 32768, 320),
    ];

    /// <summary>Residual sums, activations and gates.</summary>
    public static IReadOnlyList<ElementwiseShapeCase> Elementwise { get; } =
    [
        new("unet.down0.ff", 4096, 1280),
        new("unet.down2.ff", 256, 5120),
    ];

    /// <summary>Rarely needed element-wise sizes.</summary>
    public static IReadOnlyList<ElementwiseShapeCase> ElementwiseDeep { get; } =
    [
        new("unet.time_embedding", 1, 1280),
        new("vae.decoder.up3.res", 262144, 128),
    ];

    /// <summary>One adapted layer, and all of them: every linear layer of U-Net and text encoder at rank 8.</summary>
    public static IReadOnlyList<AdamWShapeCase> AdamW { get; } =
    [
        new("unet.down0.attn1.to_q.rank8", 8 * (320 + 320)),
        new("all_adapters.rank8", AllAdaptersRank8),
    ];

    /// <summary>Rarely needed sizes of an AdamW step.</summary>
    public static IReadOnlyList<AdamWShapeCase> AdamWDeep { get; } = [new("all_adapters.rank128", 16 * AllAdaptersRank8)];

    // 8 times the sum of in + out over the 184 linear layers of the U-Net and the 72 of the text encoder.
    private const int AllAdaptersRank8 = 4_739_072;
}
