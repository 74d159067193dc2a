using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Names, shapes and values of every form of adapter file, for every module of the real Stable Diffusion 1.5.</summary>
public class AdapterFormatTests
{
    private static readonly AdapterRoot[] Sd15 =
        [new("unet", new UNet2DConditionModel(new UNetConfig())), new("text_encoder", new ClipTextModel(new ClipTextConfig()))];

    /// <summary>The modules that common tools adapt, spelt out instead of asked of the model: (network, name, out, in, 1x1 convolution).</summary>
    private static IEnumerable<(string Root, string Name, int Out, int In, bool Conv)> Published()
    {
        foreach ((string block, int count, int c) in new[]
        {
            ("down_blocks.0", 2, 320), ("down_blocks.1", 2, 640), ("down_blocks.2", 2, 1280), ("mid_block", 1, 1280),
            ("up_blocks.1", 3, 1280), ("up_blocks.2", 3, 640), ("up_blocks.3", 3, 320),
        })
        {
            for (int i = 0; i < count; i++)
            {
                string at = $"{block}.attentions.{i}", inner = $"{at}.transformer_blocks.0";
                yield return ("unet", $"{at}.proj_in", c, c, true);
                foreach (string projection in new[] { "to_q", "to_k", "to_v", "to_out.0" })
                {
                    yield return ("unet", $"{inner}.attn1.{projection}", c, c, false);
                    yield return ("unet", $"{inner}.attn2.{projection}", c, projection is "to_k" or "to_v" ? 768 : c, false);
                }
                yield return ("unet", $"{inner}.ff.net.0.proj", 8 * c, c, false);
                yield return ("unet", $"{inner}.ff.net.2", c, 4 * c, false);
                yield return ("unet", $"{at}.proj_out", c, c, true);
            }
        }
        for (int i = 0; i < 12; i++)
        {
            string layer = $"text_model.encoder.layers.{i}";
            foreach (string projection in new[] { "q_proj", "k_proj", "v_proj", "out_proj" })
                yield return ("text_encoder", $"{layer}.self_attn.{projection}", 768, 768, false);
            yield return ("text_encoder", $"{layer}.mlp.fc1", 3072, 768, false);
            yield return ("text_encoder", $"{layer}.mlp.fc2", 768, 3072, false);
        }
    }

    /// <summary>An update for each module, ranks 1 to 3, alphas that are no ranks, all types that are stored.</summary>
    private static AdapterFileModule[] Modules(Func<AdapterSlot, bool> chosen)
    {
        SafetensorsDType[] types = [SafetensorsDType.F32, SafetensorsDType.F16, SafetensorsDType.BF16];
        return [.. new AdapterSlots(Sd15).All.Where(chosen).Select((slot, i) =>
        {
            int rank = 1 + i % 3;
            // Eighths are exact in every type.
            float[] Values(int count, int seed) => [.. Enumerable.Range(0, count).Select(j => ((j * 7 + seed) % 31 - 15) / 8f)];
            return new AdapterFileModule(slot, rank, 0.1f + i % 5, Values(rank * slot.In, i), Values(slot.Out * rank, i + 3), types[i % 3]);
        })];
    }

    private static bool IsPublished(AdapterSlot slot) => Published().Any(p => $"{p.Root}.{p.Name}" == slot.FullName);

    [Fact]
    public void Every_published_module_has_the_names_and_shapes_that_other_programs_know()
    {
        using var folder = new TemporaryFolder();
        AdapterFileModule[] modules = Modules(IsPublished);
        Assert.Equal(192 + 72, modules.Length);
        string kohya = folder.File("kohya.safetensors"), diffusers = folder.File("diffusers.safetensors"), peft = folder.File("peft");
        AdapterWriter.Write(kohya, AdapterFormat.Kohya, modules, new Dictionary<string, string>());
        AdapterWriter.Write(diffusers, AdapterFormat.Diffusers, modules, new Dictionary<string, string>());
        AdapterWriter.Write(peft, AdapterFormat.Peft, modules, new Dictionary<string, string>());
        using SafetensorsReader k = SafetensorsReader.Open(kohya), d = SafetensorsReader.Open(diffusers);
        using SafetensorsReader pu = SafetensorsReader.Open(Path.Combine(peft, "unet/adapter_model.safetensors"));
        using SafetensorsReader pt = SafetensorsReader.Open(Path.Combine(peft, "text_encoder/adapter_model.safetensors"));
        Assert.Equal((264 * 3, 264 * 2, 192 * 2, 72 * 2), (k.Names.Count, d.Names.Count, pu.Names.Count, pt.Names.Count));
        var ranks = modules.ToDictionary(m => m.Slot.FullName, m => m.Rank);
        foreach ((string root, string name, int outs, int ins, bool conv) in Published())
        {
            int rank = ranks[$"{root}.{name}"];
            long[] down = conv ? [rank, ins, 1, 1] : [rank, ins], up = conv ? [outs, rank, 1, 1] : [outs, rank];
            string key = (root == "unet" ? "lora_unet_" : "lora_te_") + name.Replace('.', '_');
            Assert.Equal(down, k.Tensors[$"{key}.lora_down.weight"].Shape);
            Assert.Equal(up, k.Tensors[$"{key}.lora_up.weight"].Shape);
            Assert.Empty(k.Tensors[$"{key}.alpha"].Shape);
            Assert.Equal(down, d.Tensors[$"{root}.{name}.lora_A.weight"].Shape);
            Assert.Equal(up, d.Tensors[$"{root}.{name}.lora_B.weight"].Shape);
            SafetensorsReader p = root == "unet" ? pu : pt;
            Assert.Equal(down, p.Tensors[$"base_model.model.{name}.lora_A.weight"].Shape);
            Assert.Equal(up, p.Tensors[$"base_model.model.{name}.lora_B.weight"].Shape);
        }
    }

    [Theory]
    [InlineData(AdapterFormat.Kohya)]
    [InlineData(AdapterFormat.Diffusers)]
    [InlineData(AdapterFormat.Peft)]
    public void Every_module_convolutions_too_comes_back_bit_for_bit(AdapterFormat format)
    {
        using var folder = new TemporaryFolder();
        AdapterFileModule[] modules = Modules(_ => true);
        string path = folder.File("adapter.safetensors");
        AdapterWriter.Write(path, format, modules, new Dictionary<string, string> { ["ss_steps"] = "12", ["sshs_model_hash"] = "of another file" });
        AdapterFileContent read = AdapterReader.Read(path, Sd15);
        Assert.Null(read.Unmatched);
        Assert.Equal(format, read.Format);
        Assert.Equal("12", read.Metadata["ss_steps"]);
        Assert.NotEqual("of another file", read.Metadata.GetValueOrDefault("sshs_model_hash"));
        AssertSame(modules, read.Modules);
    }

    [Theory]
    [InlineData("unet.{0}.lora.down.weight", "unet.{0}.lora.up.weight", "unet.{0}", "mid_block.attentions.0.transformer_blocks.0.attn2.to_k")]
    [InlineData("unet.{0}.processor.to_v_lora.down.weight", "unet.{0}.processor.to_v_lora.up.weight", "unet.{0}.to_v", "up_blocks.3.attentions.2.transformer_blocks.0.attn1")]
    [InlineData("{0}.processor.to_out_lora.down.weight", "{0}.processor.to_out_lora.up.weight", "unet.{0}.to_out.0", "down_blocks.0.attentions.1.transformer_blocks.0.attn2")]
    [InlineData("text_encoder.{0}.lora_linear_layer.down.weight", "text_encoder.{0}.lora_linear_layer.up.weight", "text_encoder.{0}", "text_model.encoder.layers.3.self_attn.q_proj")]
    [InlineData("text_encoder.{0}.to_out_lora.down.weight", "text_encoder.{0}.to_out_lora.up.weight", "text_encoder.{0}.out_proj", "text_model.encoder.layers.0.self_attn")]
    public void Names_of_older_diffusers_are_read(string down, string up, string fullName, string module)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("old.safetensors");
        AdapterSlot slot = new AdapterSlots(Sd15).All.Single(s => s.FullName == fullName.Replace("{0}", module));
        var writer = new SafetensorsWriter();
        writer.AddFloat32(down.Replace("{0}", module), [2, slot.In], new float[2 * slot.In]);
        writer.AddFloat32(up.Replace("{0}", module), [slot.Out, 2], new float[slot.Out * 2]);
        writer.Save(path);
        AdapterFileModule read = Assert.Single(AdapterReader.Read(path, Sd15).Modules);
        Assert.Equal((slot.FullName, 2, 2f), (read.Slot.FullName, read.Rank, read.Alpha));
    }

    [Fact]
    public void One_alpha_and_padding_change_factors_but_no_update()
    {
        using var folder = new TemporaryFolder();
        AdapterFileModule[] modules = [.. Modules(s => s.ModuleName.StartsWith("mid_block.attentions", StringComparison.Ordinal))
            .Select(m => m with { StoredAs = SafetensorsDType.F32 })];
        string selora = folder.File("selora.safetensors"), padded = folder.File("padded.safetensors");
        AdapterWriter.Write(selora, AdapterFormat.SeLoRA, modules, new Dictionary<string, string>());
        Assert.Empty(AdapterWriter.Write(padded, AdapterFormat.Diffusers, modules, new Dictionary<string, string>(), padded: true));
        IReadOnlyList<AdapterFileModule> one = AdapterReader.Read(selora, Sd15).Modules, flat = AdapterReader.Read(padded, Sd15).Modules;
        Assert.All(one, m => Assert.Equal(3, m.Alpha));
        Assert.All(flat, m => Assert.Equal((3, 3f), (m.Rank, m.Alpha)));
        foreach ((AdapterFileModule m, int i) in modules.Select((m, i) => (m, i)))
        {
            Closeness.AssertRelativeL2(Delta(one[i]), Delta(m), 1e-6, m.Slot.FullName);
            Closeness.AssertRelativeL2(Delta(flat[i]), Delta(m), 1e-6, m.Slot.FullName);
        }
    }

    [Fact]
    public void Several_adapters_add_up_by_their_weights()
    {
        using var folder = new TemporaryFolder();
        AdapterRoot[] roots = [new("unet", new SmallNetwork(Device.Cpu))];
        var sets = new List<AdapterSet>();
        string[] paths = [folder.File("a.safetensors"), folder.File("b.safetensors")];
        foreach (string path in paths)
        {
            AdapterSet set = new LoRAConfig { Rank = 2 + sets.Count }.Create(roots, AdapterTargets.Parse(sets.Count == 0 ? "all" : "attn"), seed: 5);
            foreach (LowRankAdapter adapter in set.Adapters.Cast<LowRankAdapter>())
                adapter.Buffer.Load(adapter.Buffer.AValues(), RankBufferTests.Values((ulong)sets.Count, adapter.Buffer.OutFeatures * adapter.Rank));
            AdapterFile.Write(path, set, new AdapterMetadata());
            sets.Add(set);
        }
        AdapterSource[] sources = [AdapterSource.Parse(paths[0] + ":0.5"), AdapterSource.Parse(paths[1] + ":-2")];
        using AdapterSet sum = AdapterFile.Load(sources, roots, out IReadOnlyList<string> warnings);
        Assert.Empty(warnings);
        Assert.Equal([5, 2, 2], sum.Adapters.Select(a => a.Rank));
        float[] first = ((LowRankAdapter)sets[0].Adapters[0]).Delta(), second = ((LowRankAdapter)sets[1].Adapters[0]).Delta();
        Closeness.AssertRelativeL2(((LowRankAdapter)sum.Adapters[0]).Delta(), [.. first.Zip(second, (a, b) => 0.5f * a - 2 * b)], 1e-6, "sum");
        sets.ForEach(set => set.Dispose());
    }

    private static float[] Delta(AdapterFileModule module)
    {
        var delta = new float[module.Slot.Out * module.Slot.In];
        module.AddTo(delta);
        return delta;
    }

    internal static void AssertSame(IReadOnlyList<AdapterFileModule> expected, IReadOnlyList<AdapterFileModule> actual)
    {
        Assert.Equal(expected.Select(m => (m.Slot.FullName, m.Rank, m.Alpha, m.StoredAs)), actual.Select(m => (m.Slot.FullName, m.Rank, m.Alpha, m.StoredAs)));
        foreach ((AdapterFileModule a, AdapterFileModule b) in expected.Zip(actual))
        {
            Assert.True(a.Down.AsSpan().SequenceEqual(b.Down), a.Slot.FullName);
            Assert.True(a.Up.AsSpan().SequenceEqual(b.Up), a.Slot.FullName);
        }
    }
}
