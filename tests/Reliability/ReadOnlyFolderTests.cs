using System.Diagnostics;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Programs that may not write where they are told to: one line, exit code 1, and the folder is as it was.</summary>
[Collection("command line")]
public class ReadOnlyFolderTests
{
    // Root writes everywhere, unless the right to is taken away.
    private const string Unprivileged = "-dac_override,-dac_read_search";

    private static readonly string[] Wrapper = Environment.IsPrivilegedProcess ? ["setpriv", "--inh-caps", Unprivileged, "--bounding-set", Unprivileged] : [];

    private static string Convert => typeof(WeightsConvert.Program).Assembly.Location;

    [Theory]
    [InlineData("")]
    [InlineData("new")]
    public void Train_into_it_is_refused(string under)
    {
        using var folder = new LockedFolder();
        string to = Path.Combine(folder.Path, under);
        string said = folder.Refuses([TrainingProcess.Assembly, .. TrainingProcess.Short, "--steps", "1", "--out", to], $"error: {to}: cannot be written: ");
        // Before the model is loaded and images are encoded.
        Assert.Empty(said);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model")]
    public void Convert_into_it_is_refused(string name)
    {
        using var folder = new LockedFolder();
        string to = Path.Combine(folder.Path, name);
        folder.Refuses([Convert, "convert", MiniModel.Folder, to], $"{to}: cannot be written: ");
    }

    [Fact]
    public void Convert_over_a_file_in_it_leaves_the_file()
    {
        using var folder = new LockedFolder(path => File.WriteAllText(Path.Combine(path, "old.safetensors"), "old"));
        string to = Path.Combine(folder.Path, "old.safetensors");
        folder.Refuses([Convert, "convert", MiniModel.Folder, to, "--overwrite"], $"{to}: cannot be written: ");
    }

    [Fact]
    public void Results_of_a_run_in_it_are_refused()
    {
        using var folder = new LockedFolder(path =>
        {
            (int code, _, string error) = CommandLine.Run([.. TrainingProcess.Short, "--steps", "1", "--out", path]);
            Assert.True(code == 0, error);
        });
        string images = Path.Combine(folder.Path, Evaluation.ImageFolder), page = Path.Combine(folder.Path, "report.html");
        folder.Refuses([TrainingProcess.Assembly, "evaluate", folder.Path, "--device", "cpu", "--count", "2", "--sample-steps", "1"], $"error: {images}: cannot be written: ");
        folder.Refuses([TrainingProcess.Assembly, "report", folder.Path], $"error: {page}: cannot be written: ");
        folder.Refuses([TrainingProcess.Assembly, "--resume", folder.Path, "--device", "cpu", "--steps", "2"], $"error: {folder.Path}: cannot be written: ");
    }

    /// <summary>A folder whose content nobody may change until it is disposed.</summary>
    private sealed class LockedFolder : IDisposable
    {
        private readonly TemporaryFolder parent = new();

        public LockedFolder(Action<string>? fill = null)
        {
            if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no folders that are read-only");
            if (Wrapper.Length > 0 && TrainingProcess.Shell("\"$@\" true", Wrapper).Code != 0) Assert.Skip("root may write everywhere, and only setpriv (util-linux) takes that away");
            Path = parent.File("locked");
            Directory.CreateDirectory(Path);
            fill?.Invoke(Path);
            Change("a-w");
        }

        public string Path { get; }

        /// <returns>What it said before, on standard output.</returns>
        public string Refuses(string[] arguments, string start)
        {
            string before = Content();
            string[] command = [.. Wrapper, TrainingProcess.Host, .. arguments];
            using Process process = TrainingProcess.StartAny(command[0], command[1..]);
            (int code, string output, string error) = TrainingProcess.End(process);
            Assert.StartsWith(start, Assert.Single(error.Trim().Split('\n')));
            Assert.Equal(1, code);
            Assert.Equal(before, Content());
            return output;
        }

        public void Dispose()
        {
            Change("u+w");
            parent.Dispose();
        }

        private void Change(string mode) => Assert.Equal(0, TrainingProcess.Shell("chmod -R \"$1\" \"$2\"", mode, Path).Code);

        /// <summary>Every name with size and time of the last change.</summary>
        private string Content() => string.Join('\n', new DirectoryInfo(Path)
            .EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(i => $"{i.FullName} {(i as FileInfo)?.Length} {i.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal));
    }
}
