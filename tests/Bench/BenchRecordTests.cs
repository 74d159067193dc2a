using System.Text.Json.Nodes;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>What is measured comes as JSON objects with the keys that other programs and compare read; no test looks at a time.</summary>
[Collection("command line")]
public class BenchRecordTests
{
    private static readonly string[] StepKeys =
    [
        "task", "model", "size", "batch", "dtype", "method", "rank", "gflop", "gflop_forward", "gflop_backward", "gflop_forward_by_kind",
        "device", "device_name", "threads", "note", "channels_last", "tf32", "parameters", "trained_parameters", "warmup", "steps",
        "ms_median", "ms_min", "ms_max", "ms_mean", "ms_wall_mean", "ms_laps", "first_call_s", "cpus_used", "images_per_s", "tflops",
        "peak_mem_gib", "peak_mem_of", "load_before", "load_after",
    ];

    [Fact]
    public void Micro_has_a_line_for_each_phase()
    {
        BenchRun run = BenchRun.Of("micro", "^gemm M=49 K=4 N=1280$");
        Assert.Equal(0, run.Code);
        Assert.Equal(["forward", "backward_input", "backward"], run.Records.Select(r => r["phase"]!.ToString()));
        foreach (JsonObject record in run.Records)
        {
            HasKeys(record, "task", "op", "shape", "phase", "dtype", "ms", "ms_min", "ms_max", "chunks", "calls_per_chunk", "cpus_used", "gflop_s",
                "of_ceiling", "used_by", "channels_last", "tf32", "device", "device_name", "threads", "load");
            Assert.Equal(("micro", "gemm", "M=49 K=4 N=1280"), (record["task"]!.ToString(), record["op"]!.ToString(), record["shape"]!.ToString()));
        }
    }

    [Fact]
    public void Micro_in_rounds_repeats_every_line()
    {
        BenchRun run = BenchRun.Of("micro", "^layer_norm 49x1280$", "--rounds", "2");
        Assert.Equal(["forward", "backward", "forward", "backward"], run.Records.Select(r => r["phase"]!.ToString()));
        Assert.All(run.Records, record => HasKeys(record, "gb_s"));
    }

    [Theory]
    [InlineData("unet-forward", "none")]
    [InlineData("vae-encode", "none")]
    [InlineData("vae-decode", "none")]
    [InlineData("clip-text", "lora")]
    [InlineData("generate", "none", "inference_steps", "guidance")]
    [InlineData("train-step", "lora", "loss")]
    [InlineData("train-step", "selora", "loss", "ms_normal_mean", "ms_test_mean", "tests", "ms_amortised", "expand_every", "threshold", "layers", "expanded", "ranks_after")]
    public void A_step_has_the_keys_of_its_task(string task, string method, params string[] more)
    {
        BenchRun run = BenchRun.Of(Tiny(task, "--method", method, "--inference-steps", "2", "--tests", "1"));
        Assert.Equal(0, run.Code);
        JsonObject record = Assert.Single(run.Records);
        HasKeys(record, [.. StepKeys, .. more]);
        Assert.Equal((task, "tiny", method), (record["task"]!.ToString(), record["model"]!.ToString(), record["method"]!.ToString()));
    }

    [Fact]
    public void A_step_in_rounds_starts_anew_in_each()
    {
        BenchRun run = BenchRun.Of(Tiny("train-step", "--method", "selora", "--tests", "1", "--threshold", "1", "--rounds", "2"));
        Assert.Equal(2, run.Records.Length);
        // Two tests at threshold 1, the one before those that are timed among them: every layer grows twice.
        Assert.All(run.Records, record => Assert.Equal("""{"3":196}""", record["ranks_after"]!.ToJsonString()));
        Assert.Equal(run.Records[0]["loss"]!.ToString(), run.Records[1]["loss"]!.ToString());
    }

    [Fact]
    public void The_overhead_of_SeLoRA_is_measured_at_equal_ranks()
    {
        BenchRun run = BenchRun.Of(Tiny("selora-overhead", "--rank", "3", "--expand-every", "10"));
        Assert.Equal(0, run.Code);
        JsonObject record = Assert.Single(run.Records);
        HasKeys(record, "ms", "ms_lora", "ms_selora", "ms_selora_test", "ms_laps", "ratio_selora", "ratio_test", "ratio_of_test_alone", "ratio", "rank_total", "gflop");
        // 196 linear layers, none of which has grown.
        Assert.Equal((3, 3 * 196), (record["rank"]!.GetValue<int>(), record["rank_total"]!.GetValue<int>()));
    }

    [Fact]
    public void Startup_times_a_model_folder_in_parts()
    {
        using var folder = new TemporaryFolder();
        ModelFolder.Save(TinyModel.Create(), folder.Path, SafetensorsDType.F32);
        BenchRun run = BenchRun.Of("startup", "model", "--folder", folder.Path, "--size", "64");
        Assert.Equal(0, run.Code);
        HasKeys(Assert.Single(run.Records), "task", "ms", "ms_process", "ms_map", "ms_tokenizer", "ms_load", "ms_adapters", "ms_first_step", "ms_second_step",
            "model_bytes", "load_gb_s", "peak_mem_gib");
    }

    [Theory]
    [InlineData("opencl", "bf16")]
    [InlineData("opencl", "fp16")]
    [InlineData("cuda", "bf16")]
    [InlineData("cuda", "fp16")]
    public void A_GPU_is_timed_in_16_bits(string deviceName, string dtype)
    {
        string device = TestDevices.Require(deviceName).ToString();
        BenchRun micro = BenchRun.Of("micro", "^gemm M=49 K=4 N=1280$", "--device", device, "--dtype", dtype);
        Assert.Equal(["forward", "backward_input", "backward"], micro.Records.Select(r => r["phase"]!.ToString()));
        BenchRun step = BenchRun.Of(Tiny("train-step", "--method", "selora", "--tests", "1", "--device", device, "--dtype", dtype));
        BenchRun full = BenchRun.Of(Tiny("train-step", "--method", "selora", "--tests", "1", "--device", device));
        Assert.All([.. micro.Records, .. step.Records], record => Assert.Equal(dtype, record["dtype"]!.ToString()));
        (double narrow, double wide) = (Loss(step), Loss(full));
        // A record's loss has five digits: float16 may leave them as they are.
        Assert.InRange(Math.Abs(narrow / wide - 1), dtype == "bf16" ? 1e-9 : 0, 2e-2);

        static double Loss(BenchRun run) => Assert.Single(run.Records)["loss"]!.GetValue<double>();
    }

    private static string[] Tiny(string task, params string[] more) =>
        ["step", "--task", task, "--model", "tiny", "--size", "32", "--batch", "1", "--steps", "1", "--warmup", "0", .. more];

    private static void HasKeys(JsonObject record, params string[] keys) => Assert.Empty(keys.Except(record.Select(pair => pair.Key)));
}
