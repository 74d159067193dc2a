using Xunit;

namespace SeLoRA.Tests;

/// <summary>The checked-in tiles are what their generator writes.</summary>
public class TensorCoreTileTests
{
    [Fact]
    public void Generated_tiles_are_those_of_the_generator() => Same("TensorCoreTiles.g.cs", TensorCoreTileGenerator.Generate());

    [Fact]
    public void Generated_walks_of_attention_are_those_of_the_generator() =>
        Same("TensorCoreAttentionTiles.g.cs", TensorCoreAttentionGenerator.Generate());

    private static void Same(string name, string text)
    {
        if (Repository.Root is not { } root) { Assert.Skip("no working copy around the test assembly"); return; }
        string file = Path.Combine(root, "engine", "Backends", "Gpu", "TensorCore", name);
        if (Environment.GetEnvironmentVariable("SELORA_REGENERATE") == "1") File.WriteAllText(file, text);
        Assert.Equal(text, File.ReadAllText(file).ReplaceLineEndings("\n"));
    }
}
