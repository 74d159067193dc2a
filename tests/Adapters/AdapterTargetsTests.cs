using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

public class AdapterTargetsTests
{
    private static readonly AdapterRoot[] StableDiffusion =
    [
        new("unet", new UNet2DConditionModel(new UNetConfig())),
        new("text_encoder", new ClipTextModel(new ClipTextConfig())),
    ];

    [Theory]
    [InlineData("all", 184, 72)]
    [InlineData("attn", 128, 48)]
    [InlineData("ff", 32, 24)]
    [InlineData("time", 24, 0)]
    [InlineData("attn,ff", 160, 72)]
    [InlineData("all,!time", 160, 72)]
    [InlineData("!time", 160, 72)]
    [InlineData("!time_embedding.*", 182, 72)]
    [InlineData("unet.*", 184, 0)]
    [InlineData("proj", 32, 0)]
    [InlineData("all,proj", 216, 72)]
    [InlineData("proj_in", 16, 0)]
    [InlineData("re:attn1|proj_out", 80, 0)]
    [InlineData("*", 184, 72)]
    [InlineData("text_encoder.*", 0, 72)]
    [InlineData("to_q", 32, 0)]
    [InlineData("attn2.to_*", 64, 0)]
    [InlineData("unet.mid_block.*", 12, 0)]
    [InlineData("re:layers\\.1[01]\\..*q_proj$, time_emb_proj", 22, 2)]
    public void Select_counts_the_layers_of_stable_diffusion(string text, int unet, int textEncoder)
    {
        IReadOnlyList<AdapterTarget> chosen = AdapterTargets.Parse(text).Select(StableDiffusion);
        Assert.Equal((unet, textEncoder),
            (chosen.Count(t => t.Root.Name == "unet"), chosen.Count(t => t.Root.Name == "text_encoder")));
        Assert.Equal(chosen.Count, chosen.Select(t => t.FullName).Distinct().Count());
    }

    [Theory]
    [InlineData("", "an empty part")]
    [InlineData("attn,,ff", "an empty part")]
    [InlineData("to_z", "'to_z' matches none of 288 layers")]
    [InlineData("conv_in", "'conv_in' matches none")]
    [InlineData("re:(", "no regular expression")]
    [InlineData("all,!all", "no linear layer is left")]
    public void Wrong_selections_are_named(string text, string message)
    {
        var e = Assert.Throws<EngineException>(() => AdapterTargets.Parse(text).Select(StableDiffusion));
        Assert.Contains(message, e.Message);
    }
}
