using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The sample verb end to end: images, their table, an adapter's effect.</summary>
[Collection("command line")]
public class SampleCommandTests
{
    private static readonly string[] Common = ["sample", "--device", "cpu", "--steps", "2", "--seed", "5"];

    [Fact]
    public void Images_and_table_are_written_and_a_second_run_adds_to_them()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = [.. Common, "--prompt", "a \"large\" nodule, left", "--out", folder.Path];
        Assert.Equal(0, Program.Main([.. arguments, "--prompt", "no finding", "--count", "2"]));
        Assert.Equal(0, Program.Main(arguments));
        string[] files = ["0000-seed5.png", "0001-seed6.png", "0002-seed5.png", "0003-seed6.png", "0004-seed5.png"];
        Assert.Equal(files, Directory.GetFiles(folder.Path, "*.png").Select(Path.GetFileName).Order());
        Assert.Equal(File.ReadAllBytes(folder.File(files[0])), File.ReadAllBytes(folder.File(files[4])));
        Assert.NotEqual(File.ReadAllBytes(folder.File(files[0])), File.ReadAllBytes(folder.File(files[1])));
        // The table is one that training reads.
        ImageFolder data = ImageFolder.Load(folder.Path);
        Assert.Equal(5, data.Samples.Count);
        Assert.Equal("a \"large\" nodule, left", data.Samples[0].Caption);
        RgbImage image = ImageLoader.Decode(folder.File(files[0]));
        Assert.Equal((64, 64), (image.Width, image.Height));
    }

    [Fact]
    public void An_adapter_changes_the_images_and_one_for_another_model_is_refused()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run"), adapter = Path.Combine(run, "adapter.safetensors");
        Assert.Equal(0, Program.Main(["--device", "cpu", "--phantoms", "20", "--batch", "4", "--steps", "4", "--sample-steps", "0", "--out", run]));
        string[] arguments = [.. Common, "--prompt", "no finding"];
        Assert.Equal(0, Program.Main([.. arguments, "--out", folder.File("base")]));
        Assert.Equal(0, Program.Main([.. arguments, "--adapter", adapter, "--out", folder.File("adapted")]));
        Assert.NotEqual(File.ReadAllBytes(folder.File("base/0000-seed5.png")), File.ReadAllBytes(folder.File("adapted/0000-seed5.png")));

        string strange = folder.File("strange.safetensors");
        var writer = new SafetensorsWriter();
        writer.AddFloat32("lora_unet_nowhere.lora_down.weight", [1, 4], new float[4]);
        writer.AddFloat32("lora_unet_nowhere.lora_up.weight", [4, 1], new float[4]);
        writer.Save(strange);
        Assert.Equal(1, Program.Main([.. arguments, "--adapter", strange, "--out", folder.File("none")]));
        Assert.False(Directory.Exists(folder.File("none")));
    }

    [Fact]
    public void A_folder_whose_table_is_another_one_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("metadata.csv"), "file_name,text\n");
        Assert.Equal(1, Program.Main([.. Common, "--prompt", "x", "--out", folder.Path]));
        Assert.Equal("file_name,text\n", File.ReadAllText(folder.File("metadata.csv")));
    }
}
