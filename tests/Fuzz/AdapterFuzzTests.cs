using System.Text;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.WeightsConvert;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Adapters in all forms, and what <c>inspect</c> says of them and of models.</summary>
public class AdapterFuzzTests
{
    private const string Q = "block.0.attn1.to_q", Ff = "block.0.ff.net.2", KohyaQ = "lora_unet_block_0_attn1_to_q", KohyaFf = "lora_unet_block_0_ff_net_2";

    private const string Config = """
        {"peft_type": "LORA", "r": 2, "lora_alpha": 3.5, "use_rslora": false, "use_dora": false, "fan_in_fan_out": null,
         "rank_pattern": {"block.0.ff.net.2": 1, "block\\.\\d+\\.x": 7}, "alpha_pattern": {"^to_q": 5, "ff.(net|x).2": 2}}
        """;

    private static readonly AdapterRoot[] s_roots = [new("unet", new SmallNetwork(Device.Cpu))];

    private static readonly byte[] s_kohya = SafetensorsMutations.File(Tensors($"{KohyaQ}.lora_down.weight", $"{KohyaQ}.lora_up.weight", $"{KohyaFf}.lora_down.weight", $"{KohyaFf}.lora_up.weight")
        .Append(($"{KohyaQ}.alpha", "F32", [])), "\"ss_network_dim\":\"2\"");

    private static readonly byte[] s_peft = SafetensorsMutations.File(Tensors($"base_model.model.{Q}.lora_A.weight", $"base_model.model.{Q}.lora_B.weight",
        $"base_model.model.{Ff}.lora_A.weight", $"base_model.model.{Ff}.lora_B.weight"));

    private static readonly byte[] s_diffusers = SafetensorsMutations.File(Tensors($"unet.{Q}.lora_A.weight", $"unet.{Q}.lora_B.weight", $"unet.{Ff}.lora.down.weight", $"unet.{Ff}.lora.up.weight"),
        "\"lora_adapter_metadata\":\"{\\\"unet.r\\\": 2, \\\"unet.lora_alpha\\\": 3, \\\"unet.rank_pattern\\\": {\\\"ff.net.2\\\": 1}, \\\"unet.alpha_pattern\\\": {\\\"x.*\\\": 4}}\"");

    private static readonly byte[][] s_others =
    [
        .. new[] { "hada_w1_a", "lokr_w1", "dora_scale", "lora_mid.weight", "oft_blocks", "diff", "lora_E" }.Select(part =>
            SafetensorsMutations.File(Tensors($"{KohyaQ}.lora_down.weight", $"{KohyaQ}.lora_up.weight", $"{KohyaFf}.lora_down.weight", $"{KohyaFf}.lora_up.weight").Append(($"{KohyaQ}.{part}", "F16", [2])))),
    ];

    [Fact]
    public void Adapter_files_are_read_or_refused()
    {
        byte[][] files = [s_kohya, s_kohya, s_diffusers, s_diffusers, .. s_others];
        using var run = new FuzzRun("adapter file", factor: 64, floor: 16 << 20);
        run.Run("adapter.safetensors", files[..4], random => SafetensorsMutations.Apply(random.Pick(files), random), path => AdapterReader.Read(path, s_roots));
    }

    [Fact]
    public void Adapter_folders_are_read_or_refused()
    {
        using var run = new FuzzRun("adapter folder of PEFT", factor: 64, floor: 16 << 20);
        run.Run(["adapter_config.json", "adapter_model.safetensors"], [(0, Encoding.UTF8.GetBytes(Config)), (1, s_peft)],
            random => random.OneIn(3) ? (1, SafetensorsMutations.Apply(s_peft, random)) : (0, TextMutations.Apply(Config, random)), folder => AdapterReader.Read(folder, s_roots));
    }

    [Fact]
    public void Weight_files_are_described_or_refused()
    {
        byte[] unet = SafetensorsMutations.File([("conv_in.weight", "F16", [2, 4, 1]), ("time_embedding.linear_1.weight", "F16", [2]), ("down_blocks.0.resnets.0.conv1.weight", "F16", [2]), ("a.attn2.to_k.weight", "F16", [1, 8])]);
        byte[] single = SafetensorsMutations.File([("model.diffusion_model.input_blocks.0.0.weight", "F16", [2, 4]), ("model.diffusion_model.x.attn2.to_k.weight", "F16", [1, 8]), ("cond_stage_model.x", "F16", [1]), ("other", "I64", [1])]);
        byte[][] files = [s_kohya, s_peft, s_diffusers, unet, single, .. s_others];
        using var run = new FuzzRun("inspect", factor: 64, floor: 8 << 20);
        run.Run(["x.safetensors", "adapter_config.json"], [(1, Encoding.UTF8.GetBytes(Config)), .. files.Select(f => (0, f)), (0, s_peft)],
            random => random.OneIn(6) ? (1, TextMutations.Apply(Config, random)) : (0, SafetensorsMutations.Apply(random.Pick(files), random)), folder =>
            {
                using ITensorSource source = TensorFile.Open(Path.Combine(folder, "x.safetensors"));
                var output = new StringWriter();
                var report = new InspectReport(source, output);
                report.WriteSummary();
                report.WriteTensors("");
                Assert.DoesNotContain(output.ToString(), c => char.IsControl(c) && c is not ('\n' or '\r'));
            });
    }

    private static IEnumerable<(string, string, long[])> Tensors(string downQ, string upQ, string downFf, string upFf) =>
    [
        (downQ, "F32", [2, SmallNetwork.In]), (upQ, "F32", [SmallNetwork.Width, 2]), (downFf, "BF16", [1, SmallNetwork.Width]), (upFf, "BF16", [SmallNetwork.Out, 1]),
    ];
}
