using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The signal of Ctrl-C, sent to a conversion that is writing.</summary>
public class ConvertInterruptionTests
{
    private const int SignalInterrupt = 2, Interrupted = 130;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = 0 };

    [Fact]
    public void A_file_that_was_begun_is_taken_away()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("signals are sent with kill(2), which Windows does not have");
        using var folder = new TemporaryFolder();
        string from = folder.File("in.safetensors");
        WriteSparse(from, [("w", [4, 1 << 30])]);
        Interrupt(folder, from, "out.safetensors");
    }

    [Fact]
    public void A_folder_that_was_begun_is_taken_away()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("signals are sent with kill(2), which Windows does not have");
        using var folder = new TemporaryFolder();
        string from = folder.File("in");
        WriteModel(from);
        Interrupt(folder, from, "out");
    }

    /// <summary>Sends the signal as soon as something is written, which is then far from done: gigabytes of zeros, which take no room where they are read.</summary>
    private static void Interrupt(TemporaryFolder folder, string from, string to)
    {
        string before = Content(folder);
        using Process process = TrainingProcess.StartAny(TrainingProcess.Host, typeof(WeightsConvert.Program).Assembly.Location, "convert", from, folder.File(to), "--dtype", "bf16");
        string begun = $".{to}.*.tmp";
        Assert.True(SpinWait.SpinUntil(() => process.HasExited || Directory.EnumerateFileSystemEntries(folder.Path, begun, Everything).Any(), Patience), "nothing is written");
        Assert.Equal(0, TrainingProcess.Signal(process.Id, SignalInterrupt));
        if (!process.WaitForExit(Patience)) process.Kill();
        (int code, string output, string error) = TrainingProcess.End(process);
        Assert.Equal((Interrupted, "", "interrupted; nothing was written"), (code, output, error.Trim()));
        Assert.Equal(before, Content(folder));
    }

    private static string Content(TemporaryFolder folder) => string.Join('\n', new DirectoryInfo(folder.Path).EnumerateFileSystemInfos("*", Everything)
        .Select(i => $"{i.FullName} {(i as FileInfo)?.Length} {(i as FileInfo)?.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal));

    // The U-Net is far wider than that of Stable Diffusion.
    private static void WriteModel(string path)
    {
        var unet = new UNet2DConditionModel(new UNetConfig { BlockOutChannels = [1280, 2560, 5120, 5120] });
        var vae = new AutoencoderKL(new VaeConfig());
        var text = new ClipTextModel(new ClipTextConfig());
        foreach (string part in (string[])["scheduler", "tokenizer"]) Directory.CreateDirectory(Path.Combine(path, part));
        ModelFolder.WriteDescription(path, SchedulerConfig.Parse("""{"_class_name": "PNDMScheduler"}"""));
        foreach ((string name, Module module, string config) in ((string, Module, string)[])
            [("unet/diffusion_pytorch_model", unet, unet.Config.ToJson()), ("vae/diffusion_pytorch_model", vae, vae.Config.ToJson()), ("text_encoder/model", text, text.Config.ToJson())])
        {
            string file = Path.Combine(path, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(file)!, "config.json"), config);
            WriteSparse(file + ".safetensors", HeaderOnlySource.Of(module).Tensors.Values.Select(t => (t.Name, t.Shape)));
        }
    }

    /// <summary>A safetensors file of float32 zeros that are not stored.</summary>
    private static void WriteSparse(string path, IEnumerable<(string Name, long[] Shape)> tensors)
    {
        long end = 0;
        byte[] header = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(tensors.ToDictionary(t => t.Name, t =>
        {
            long start = end;
            end += sizeof(float) * t.Shape.Aggregate(1L, (product, axis) => product * axis);
            return new { dtype = "F32", shape = t.Shape, data_offsets = new[] { start, end } };
        })));
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        using FileStream file = File.Create(path);
        file.Write(length);
        file.Write(header);
        file.SetLength(length.Length + header.Length + end);
    }
}
