using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public sealed class ShardedSafetensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ShardedSafetensorsTests()
    {
        Write("m-1-of-2.safetensors", ("a", 1), ("b", 2));
        Write("m-2-of-2.safetensors", ("c", 3));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Tensors_of_all_files_are_read_as_one()
    {
        using ShardedSafetensors model = Open("""
            {"metadata": {"total_size": 12}, "weight_map": {"c": "m-2-of-2.safetensors", "a": "m-1-of-2.safetensors", "b": "m-1-of-2.safetensors"}}
            """);
        Assert.Equal(["a", "b", "c"], model.Names);
        Assert.Equal([3f], model.ReadFloat32("c"));
        Assert.Equal([2f], model.ReadFloat32("b"));
        Assert.Equal(4, model.Bytes("a").Length);
        Assert.Equal("pt", model.Metadata["format"]);
        Assert.Contains("no tensor 'd' among 3", Assert.Throws<EngineException>(() => model.ReadFloat32("d")).Message);
    }

    [Theory]
    [InlineData("2 of 5 tensors are not in the file that weight_map says: 'd', 'e'", """{"weight_map": {"a": "m-1-of-2.safetensors", "b": "m-1-of-2.safetensors", "c": "m-2-of-2.safetensors", "d": "m-2-of-2.safetensors", "e": "m-1-of-2.safetensors"}}""")]
    [InlineData("'m-1-of-2.safetensors' has 1 tensors that weight_map does not place there: 'b'", """{"weight_map": {"a": "m-1-of-2.safetensors", "c": "m-2-of-2.safetensors"}}""")]
    [InlineData("the file 'm-3-of-3.safetensors' that it lists is not in", """{"weight_map": {"a": "m-3-of-3.safetensors"}}""")]
    [InlineData("only a plain file name", """{"weight_map": {"a": "../m-1-of-2.safetensors"}}""")]
    [InlineData("only a plain file name", """{"weight_map": {"a": "sub\\m-1-of-2.safetensors"}}""")]
    [InlineData("only a plain file name", """{"weight_map": {"a": "/etc/hostname"}}""")]
    [InlineData("only a plain file name", """{"weight_map": {"a": "C:m.safetensors"}}""")]
    [InlineData("only a plain file name", """{"weight_map": {"a": ".."}}""")]
    [InlineData("only a plain file name", """{"weight_map": {"a": ""}}""")]
    [InlineData("entry 'a' is not a file name", """{"weight_map": {"a": 1}}""")]
    [InlineData("has 'a' twice", """{"weight_map": {"a": "m-1-of-2.safetensors", "a": "m-2-of-2.safetensors"}}""")]
    [InlineData("weight_map is empty", """{"weight_map": {}}""")]
    [InlineData("has no object 'weight_map'", """{"metadata": {}}""")]
    [InlineData("has no object 'weight_map'", "[]")]
    [InlineData("is not valid JSON", "{")]
    [InlineData("that is not Unicode text", """{"weight_map": {"a": "\ud800"}}""")]
    public void Bad_index_is_refused_with_its_fault(string expected, string index) =>
        Assert.Contains(expected, Assert.Throws<EngineException>(() => Open(index)).Message);

    [Fact]
    public void Damaged_shard_is_named()
    {
        File.WriteAllText(folder.File("m-2-of-2.safetensors"), "short");
        string message = Assert.Throws<EngineException>(() => Open("""
            {"weight_map": {"a": "m-1-of-2.safetensors", "b": "m-1-of-2.safetensors", "c": "m-2-of-2.safetensors"}}
            """)).Message;
        Assert.Contains("m-2-of-2.safetensors: has 5 bytes", message);
    }

    private ShardedSafetensors Open(string index)
    {
        string path = folder.File("m.safetensors.index.json");
        File.WriteAllText(path, index);
        return ShardedSafetensors.Open(path);
    }

    private void Write(string file, params (string Name, float Value)[] tensors)
    {
        var writer = new SafetensorsWriter { Metadata = { ["format"] = "pt" } };
        foreach ((string name, float value) in tensors) writer.AddFloat32(name, [1], new[] { value });
        writer.Save(folder.File(file));
    }
}
