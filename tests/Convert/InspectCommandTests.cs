using SeLoRA.Engine;
using SeLoRA.WeightsConvert;
using Xunit;

namespace SeLoRA.Tests;

public class InspectCommandTests
{
    private const string Query = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";
    private const string Key = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_k";

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = Program.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static void WriteAdapter(string path)
    {
        var writer = new SafetensorsWriter();
        foreach ((string module, int rank) in new[] { (Query, 1), (Key, 3) })
        {
            writer.AddFloat32($"{module}.lora_down.weight", [rank, 320], new float[rank * 320], SafetensorsDType.F16);
            writer.AddFloat32($"{module}.lora_up.weight", [320, rank], new float[rank * 320], SafetensorsDType.F16);
            writer.AddFloat32($"{module}.alpha", [], new float[] { 3 });
        }
        writer.Metadata["ss_base_model_version"] = "sd_v1";
        writer.Save(path);
    }

    private static void AssertOneLine(string text, params string[] parts)
    {
        Assert.Single(text.TrimEnd().Split('\n'));
        foreach (string part in parts) Assert.Contains(part, text);
    }

    [Fact]
    public void Adapter_file_shows_kind_ranks_alpha_metadata_and_tensors()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        WriteAdapter(path);
        (int code, string output, string error) = Run("inspect", path);
        Assert.Equal(0, code);
        Assert.Equal("", error);
        Assert.Contains($"{path}: low-rank adapter in kohya keys", output);
        Assert.Contains("1 to 3, mean 2.00 (1 in 1, 3 in 1)", output);
        Assert.Matches(@"alpha +3\r?\n", output);
        Assert.Matches(@"tensors +6 \(4 F16, 2 F32\)", output);
        Assert.Matches(@"parameters +2,562\r?\n", output);
        Assert.Contains("ss_base_model_version = sd_v1", output);
        Assert.Matches($@"{Key}\.lora_up\.weight +F16 +\[320, 3\]", output);
    }

    [Fact]
    public void Filter_and_summary_cut_the_table()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        WriteAdapter(path);
        string filtered = Run("inspect", path, "--filter", "to_q.lora_up").Output;
        Assert.Contains($"{Query}.lora_up.weight", filtered);
        Assert.DoesNotContain($"{Key}.lora_up.weight", filtered);
        Assert.DoesNotContain($"{Query}.lora_up.weight", Run("inspect", path, "--summary").Output);
    }

    [Fact]
    public void Damaged_file_of_a_folder_is_one_line_and_hides_no_other()
    {
        using var folder = new TemporaryFolder();
        WriteAdapter(folder.File("good.safetensors"));
        File.WriteAllText(folder.File("bad.safetensors"), "<html>not found</html>");
        File.WriteAllText(folder.File("old.ckpt"), "");
        (int code, string output, string error) = Run("inspect", folder.Path);
        Assert.Equal(1, code);
        string[] lines = error.TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        AssertOneLine(lines[0], "bad.safetensors", "HTML");
        AssertOneLine(lines[1], "old.ckpt", "0 bytes");
        Assert.Contains("good.safetensors: low-rank adapter", output);
    }

    [Fact]
    public void Sharded_file_is_shown_once_by_its_index()
    {
        using var folder = new TemporaryFolder();
        var writer = new SafetensorsWriter();
        writer.AddFloat32("x", [2], new float[2]);
        writer.Save(folder.File("model-00001-of-00001.safetensors"));
        File.WriteAllText(folder.File("model.safetensors.index.json"), """{"weight_map": {"x": "model-00001-of-00001.safetensors"}}""");
        (int code, string output, _) = Run("inspect", folder.Path);
        Assert.Equal(0, code);
        Assert.Contains("model.safetensors.index.json: not recognised", output);
        Assert.DoesNotContain("00001-of-00001.safetensors:", output);
    }

    [Fact]
    public void Names_with_escape_sequences_do_not_reach_the_terminal()
    {
        using var folder = new TemporaryFolder();
        var writer = new SafetensorsWriter();
        writer.AddFloat32("a\u001b[2Jb", [1], new float[1]);
        writer.Metadata["k\u001b"] = "line\nbreak";
        writer.Save(folder.File("x.safetensors"));
        string output = Run("inspect", folder.File("x.safetensors")).Output;
        Assert.DoesNotContain('\u001b', output);
        Assert.Contains("a?[2Jb", output);
        Assert.Contains("k? = line?break", output);
    }

    [Fact]
    public void Absent_path_and_empty_folder_are_exit_code_1_and_one_line()
    {
        using var folder = new TemporaryFolder();
        (int code, _, string error) = Run("inspect", folder.File("none.safetensors"));
        Assert.Equal(1, code);
        AssertOneLine(error, "none.safetensors", "no such file or folder");
        (code, _, error) = Run("inspect", folder.Path);
        Assert.Equal(1, code);
        AssertOneLine(error, folder.Path, "no weight file");
    }

    [Theory]
    [InlineData]
    [InlineData("inspect")]
    [InlineData("inspect", "a", "--no-such-option")]
    [InlineData("no-such-verb")]
    public void Wrong_command_line_is_exit_code_2_and_one_line(params string[] args)
    {
        (int code, _, string error) = Run(args);
        Assert.Equal(2, code);
        AssertOneLine(error, "weights-convert:", "--help");
    }
}
