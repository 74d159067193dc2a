using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Disks and files that fail: one line that names the file, and what was whole stays whole.</summary>
[Collection("command line")]
public class FaultTests
{
    [Fact]
    public void A_full_disk_stops_the_run_with_one_line_and_the_last_checkpoint_resumes()
    {
        if (!OperatingSystem.IsLinux() || TrainingProcess.Shell("unshare -rm mount -t tmpfs -o size=1m tmpfs /mnt").Code != 0)
            Assert.Skip("a small file system needs unshare and the right to mount one");
        using var folder = new TemporaryFolder();
        string mount = folder.File("mount"), copy = folder.File("copy");
        Directory.CreateDirectory(mount);
        // The folder is copied out before the mount ends with its process.
        const string Script = """
            to=$1 copy=$2 size=$3; shift 3
            export to copy size
            exec unshare -rm sh -c 'mount -t tmpfs -o size=$size tmpfs "$to" && "$@"; code=$?; cp -a "$to" "$copy"; exit $code' sh "$@"
            """;
        (int code, _, string error) = TrainingProcess.Shell(Script,
            [mount, copy, "1200k", TrainingProcess.Host, TrainingProcess.Assembly, .. TrainingProcess.Short, "--steps", "400", "--checkpoint-every", "1", "--method", "lora", "--out", Path.Combine(mount, "run")]);
        Assert.Equal(1, code);
        string line = Assert.Single(error.Trim().Split('\n'));
        Assert.StartsWith("error: ", line);
        Assert.Contains(mount, line);
        Assert.Contains("No space left on device", line);
        string run = Path.Combine(copy, "run");
        foreach (string file in Directory.GetFiles(Path.Combine(run, "checkpoints"), "step-*"))
        {
            using SafetensorsReader reader = SafetensorsReader.Open(file);
            Assert.All(reader.Names, name => reader.ReadFloat32(name));
        }
        int step = CheckpointFile.Newest(Path.Combine(run, "checkpoints"))?.Step ?? 0;
        Assert.Equal(0, CommandLine.Run("--resume", run, "--device", "cpu", "--steps", $"{step + 1}").Code);
    }

    [Fact]
    public void A_table_on_a_full_device_is_named()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("the system has no /dev/full");
        using var folder = new TemporaryFolder();
        RunFolder run = RunFolder.Create(new RunConfig { Out = folder.File("run") }, out FolderLock held);
        using FolderLock until = held;
        File.Delete(run.Sub("metrics.csv"));
        File.CreateSymbolicLink(run.Sub("metrics.csv"), "/dev/full");
        var error = Assert.Throws<EngineException>(() => run.AppendMetrics(new MetricsRow(1, 1, 0.5, null, 1, null, 10, null)));
        Assert.StartsWith($"{run.Sub("metrics.csv")}: cannot be written: ", error.Message);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_one_line()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("file");
        File.WriteAllText(file, "");
        Assert.StartsWith($"{file}: cannot be written: ", Assert.Throws<EngineException>(() => FolderLock.Take(file)).Message);
        if (!Directory.Exists("/sys")) return;
        // Read-only for root, too.
        const string System = "/sys/selora-run";
        Assert.StartsWith($"{System}: cannot be written: ", Assert.Throws<EngineException>(() => FolderLock.Take(System)).Message);
    }

    [Fact]
    public void A_file_that_becomes_shorter_while_it_is_open_is_an_error_that_names_it()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("weights.safetensors");
        var writer = new SafetensorsWriter();
        writer.AddFloat32("w", [1024, 1024], new float[1 << 20]);
        writer.AddFloat32("half", [1024, 1024], new float[1 << 20], SafetensorsDType.F16);
        writer.Save(path);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        // FileStream's lock is for programs that ask; this is what another program does.
        TrainingProcess.Shell("truncate -s 5000 \"$1\"", path);
        foreach (Action read in (Action[])[() => reader.ReadFloat32("w"), () => reader.ReadFloat32("half"), () => reader.Bytes("w"), () => reader.CopyBytes("half", 0, new byte[64])])
            Assert.StartsWith($"{path}: became shorter while it was read: ", Assert.Throws<EngineException>(read).Message);
    }

    [Fact]
    public void Leftovers_of_dead_processes_are_removed_and_those_of_living_ones_are_not()
    {
        using var folder = new TemporaryFolder();
        string dead = folder.File($".adapter.safetensors.{Guid.NewGuid():N}.tmp"), other = folder.File(".notes.tmp");
        File.WriteAllText(dead, "half");
        File.WriteAllText(other, "the user's own");
        AtomicFile.Write(folder.File("file"), stream =>
        {
            stream.WriteByte(1);
            AtomicFile.RemoveLeftovers(folder.Path);
        });
        Assert.False(File.Exists(dead));
        Assert.True(File.Exists(other));
        Assert.Equal(1, new FileInfo(folder.File("file")).Length);
    }

    [Fact]
    public void Half_a_row_is_cut_off_when_a_run_goes_on()
    {
        using var folder = new TemporaryFolder();
        RunFolder run = RunFolder.Create(new RunConfig { Out = folder.File("run") }, out FolderLock held);
        using FolderLock until = held;
        for (int step = 0; step < 13; step++) run.AppendMetrics(new MetricsRow(step, 1, 0.5, null, 1, null, 10, null));
        // The half of 13 would be taken for step 1.
        File.AppendAllText(run.Sub("metrics.csv"), "1");
        run.TruncateTables(12);
        Assert.Equal(Enumerable.Range(0, 13), run.ReadMetrics().Select(r => r.Step));
    }

    [Fact]
    public void A_clock_that_was_set_back_leaves_event_files_in_order()
    {
        using var folder = new TemporaryFolder();
        string later = folder.File("events.out.tfevents.4000000000.selora");
        File.WriteAllText(later, "");
        new EventFile(folder.Path, 5).Dispose();
        Assert.True(File.Exists(folder.File("events.out.tfevents.4000000001.selora")));
    }

    [Fact]
    public void A_convert_that_is_cancelled_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        using var error = new StringWriter();
        foreach (string to in (string[])["model", "model.safetensors"])
            Assert.Equal(130, WeightsConvert.Program.Run(["convert", MiniModel.Folder, folder.File(to)], TextWriter.Null, error, new CancellationToken(canceled: true)));
        Assert.Contains("interrupted", error.ToString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }
}
