using System.IO.Compression;
using System.Text;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Files of statistics in pytorch-fid's form: written, read back, and damaged.</summary>
public class FeatureStatisticsFileTests
{
    private const string Mu = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", Sigma = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }";

    [Fact]
    public void File_is_read_back_as_it_was_and_is_the_same_each_time()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("stats.npz");
        var statistics = new FeatureStatistics("FID (pytorch-fid, 2 features)", 5, [1.5, -2], [1, 0.25, 0.25, double.Epsilon]);
        statistics.Save(path);
        byte[] first = File.ReadAllBytes(path);
        FeatureStatistics back = FeatureStatistics.Load(path);
        Assert.Equal(statistics.Space, back.Space);
        Assert.Equal(5, back.Count);
        Assert.Equal(statistics.Mean, back.Mean);
        Assert.Equal(statistics.Covariance, back.Covariance);
        statistics.Save(path);
        Assert.Equal(first, File.ReadAllBytes(path));
    }

    [Fact]
    public void File_of_another_program_has_no_name_and_no_count()
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, ("mu", Mu, 8), ("sigma", Sigma, 8), ("other", "{'descr': '|O'}", 3));
        FeatureStatistics statistics = FeatureStatistics.Load(path);
        Assert.Equal((0, "", 1), (statistics.Count, statistics.Space, statistics.Width));
        Assert.False(statistics.IsRankDeficient);
    }

    [Theory]
    [InlineData("has no array 'sigma'", Mu, 8, null, 0)]
    [InlineData("[d] and [d, d] are needed", Sigma, 8, Sigma, 8)]
    [InlineData("ends after 7 of 8 bytes", Mu, 7, Sigma, 8)]
    [InlineData("no row-major array", "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, Sigma, 8)]
    [InlineData("no row-major array", "{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }", 8, Sigma, 8)]
    [InlineData("floats (<f8 or <f4) needed", "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", 8, Sigma, 8)]
    [InlineData("takes more than", "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999999999, 999999999), }", 8, Sigma, 8)]
    [InlineData("ends after", "{'descr': '<f8', 'fortran_order': False, 'shape': (200000000,), }", 8, Sigma, 8)]
    [InlineData("no row-major array", "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", 8, Sigma, 8)]
    public void Damaged_file_is_refused_by_name(string expected, string mu, int muBytes, string? sigma, int sigmaBytes)
    {
        using var folder = new TemporaryFolder();
        string path = sigma is null ? Write(folder, ("mu", mu, muBytes)) : Write(folder, ("mu", mu, muBytes), ("sigma", sigma, sigmaBytes));
        string message = Assert.Throws<EngineException>(() => FeatureStatistics.Load(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_zip_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("stats.npz");
        Assert.Contains("no such file", Assert.Throws<EngineException>(() => FeatureStatistics.Load(path)).Message, StringComparison.Ordinal);
        File.WriteAllText(path, "not a zip");
        Assert.StartsWith(path, Assert.Throws<EngineException>(() => FeatureStatistics.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Archive_that_unpacks_to_far_more_than_it_has_is_refused()
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, ("mu", Mu, 80 << 20));
        Assert.Contains("too many for a file of", Assert.Throws<EngineException>(() => FeatureStatistics.Load(path)).Message, StringComparison.Ordinal);
    }

    private static string Write(TemporaryFolder folder, params (string Name, string Header, int Bytes)[] arrays)
    {
        string path = folder.File("stats.npz");
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string name, string header, int bytes) in arrays)
        {
            using Stream stream = zip.CreateEntry(name + ".npy").Open();
            stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)(header.Length + 1), 0, .. Encoding.ASCII.GetBytes(header + "\n"), .. new byte[bytes]]);
        }
        return path;
    }
}
