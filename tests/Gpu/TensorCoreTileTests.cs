using Xunit;

namespace SeLoRA.Tests;

/// <summary>The checked-in tiles are what their generator writes.</summary>
public class TensorCoreTileTests
{
    [Fact]
    public void Generated_tiles_are_those_of_the_generator()
    {
        if (Repository.Root is not { } root) { Assert.Skip("no working copy around the test assembly"); return; }
        string file = Path.Combine(root, "engine", "Backends", "Gpu", "TensorCore", "TensorCoreTiles.g.cs");
        string text = TensorCoreTileGenerator.Generate();
        if (Environment.GetEnvironmentVariable("SELORA_REGENERATE") == "1") File.WriteAllText(file, text);
        Assert.Equal(text, File.ReadAllText(file).ReplaceLineEndings("\n"));
    }
}
