using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>A source with names and shapes but no data, so that full-size models can be described in a test.</summary>
internal sealed class HeaderOnlySource : ITensorSource
{
    private readonly Dictionary<string, SafetensorsEntry> tensors = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    public string Path => "header-only.safetensors";

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    public IReadOnlyList<string> Names => names;

    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors => tensors;

    /// <summary>Every parameter of a module in files' layout, under the given prefix.</summary>
    public static HeaderOnlySource Of(Module module, string prefix = "")
    {
        var source = new HeaderOnlySource();
        foreach ((string name, Parameter parameter) in module.NamedParameters())
            source.Add(prefix + name, [.. Enumerable.Range(0, parameter.FileShape.Rank).Select(i => (long)parameter.FileShape[i])]);
        return source;
    }

    public HeaderOnlySource Add(string name, params long[] shape)
    {
        names.Add(name);
        tensors.Add(name, new SafetensorsEntry(name, SafetensorsDType.F16, shape, 0, 0));
        return this;
    }

    public HeaderOnlySource Remove(string name)
    {
        names.Remove(name);
        tensors.Remove(name);
        return this;
    }

    public ReadOnlySpan<byte> Bytes(string name) => throw new NotSupportedException();

    public void CopyBytes(string name, long offset, Span<byte> destination) => throw new NotSupportedException();

    public void ReadFloat32(string name, Span<float> destination) => throw new NotSupportedException();

    public float[] ReadFloat32(string name) => throw new NotSupportedException();

    public long[] ReadInt64(string name) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
