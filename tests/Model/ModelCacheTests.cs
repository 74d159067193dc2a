using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Models in the layout of Hugging Face's cache.</summary>
public class ModelCacheTests
{
    [Fact]
    public void Snapshot_of_the_branch_is_found_else_the_only_one()
    {
        using var home = new TemporaryFolder();
        string model = Path.Combine(home.Path, "hub", "models--owner--name"), first = Path.Combine(model, "snapshots", "abc");
        Directory.CreateDirectory(first);
        string? before = Environment.GetEnvironmentVariable("HF_HOME");
        Environment.SetEnvironmentVariable("HF_HOME", home.Path);
        try
        {
            Assert.Equal(first, ModelCache.Find("owner/name"));
            string second = Directory.CreateDirectory(Path.Combine(model, "snapshots", "def")).FullName;
            Directory.CreateDirectory(Path.Combine(model, "refs"));
            foreach (string revision in (string[])["abc", "def"])
            {
                File.WriteAllText(Path.Combine(model, "refs", "main"), revision + "\n");
                Assert.Equal(revision == "abc" ? first : second, ModelCache.Find("owner/name"));
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable("HF_HOME", before);
        }
    }

    [Theory]
    [InlineData("absent")]
    [InlineData("a/b/c")]
    [InlineData("../x")]
    [InlineData("no-such-owner/no-such-model")]
    public void Names_that_lead_nowhere_are_one_line(string name)
    {
        string message = Assert.Throws<EngineException>(() => ModelCache.Find(name)).Message;
        Assert.StartsWith($"{name}: no such folder or file", message);
    }
}
