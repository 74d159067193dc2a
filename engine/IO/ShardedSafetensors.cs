using System.Text.Json;

namespace SeLoRA.Engine;

/// <summary>
/// Several files as one, by an index (<c>*.safetensors.index.json</c>) whose <c>weight_map</c> says which file beside it
/// holds which tensor: the form in which Hugging Face stores large models. The index of pickled files has the same form.
/// </summary>
public sealed class ShardedSafetensors : ITensorSource
{
    private const long MaxIndexBytes = 100_000_000;

    private readonly Dictionary<string, ITensorSource> shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ITensorSource> owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsEntry> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    private ShardedSafetensors(string path) => Path = path;

    /// <summary>The path of the index.</summary>
    public string Path { get; }

    /// <summary>The files' metadata together; where they disagree, the first file's (in ordinal order) counts.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Names of all tensors: file by file in ordinal order, in each in the order of its data.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>Every tensor's type, shape and place within its own file, by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors => tensors;

    /// <summary>Opens an index and every file that it names.</summary>
    /// <param name="indexPath">Path of the index; the files lie in the same folder.</param>
    /// <exception cref="EngineException">
    /// The index is absent or malformed, names a file outside its folder, a file is absent or invalid, or index and
    /// files disagree on which tensors there are.
    /// </exception>
    public static ShardedSafetensors Open(string indexPath)
    {
        Dictionary<string, string> weightMap = ReadWeightMap(indexPath);
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(indexPath))!;
        var sharded = new ShardedSafetensors(indexPath);
        try
        {
            foreach (string file in weightMap.Values.Distinct().Order(StringComparer.Ordinal)) sharded.AddShard(folder, file);
            sharded.Connect(weightMap);
            return sharded;
        }
        catch
        {
            sharded.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(string name) => Owner(name).Bytes(name);

    /// <inheritdoc/>
    public void CopyBytes(string name, long offset, Span<byte> destination) => Owner(name).CopyBytes(name, offset, destination);

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination) => Owner(name).ReadFloat32(name, destination);

    /// <inheritdoc/>
    public float[] ReadFloat32(string name) => Owner(name).ReadFloat32(name);

    /// <inheritdoc/>
    public long[] ReadInt64(string name) => Owner(name).ReadInt64(name);

    /// <summary>Closes all files.</summary>
    public void Dispose()
    {
        foreach (ITensorSource shard in shards.Values) shard.Dispose();
    }

    private void AddShard(string folder, string file)
    {
        // A name, not a path: an index from the internet must not open files elsewhere. Both slashes and the colon of
        // drives count on every system, so that a model means the same everywhere.
        if (file.Length == 0 || file is "." or ".." || file.AsSpan().IndexOfAny("/\\:\0") >= 0)
        {
            throw new EngineException($"{Path}: weight_map names the file {SafetensorsText.Quote(file)}; only a plain file name in " +
                "the index's own folder is allowed");
        }
        string path = System.IO.Path.Combine(folder, file);
        if (!File.Exists(path)) throw new EngineException($"{Path}: the file {SafetensorsText.Quote(file)} that it lists is not in {folder}");
        shards.Add(file, TensorFile.OpenSingle(path));
    }

    private void Connect(Dictionary<string, string> weightMap)
    {
        var missing = weightMap.Where(item => !shards[item.Value].Tensors.ContainsKey(item.Key)).Select(item => item.Key).ToList();
        if (missing.Count > 0)
        {
            throw new EngineException($"{Path}: {missing.Count} of {weightMap.Count} tensors are not in the file that weight_map " +
                $"says: {SafetensorsText.List(missing)}");
        }
        foreach ((string file, ITensorSource shard) in shards.OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            var unlisted = shard.Names.Where(name => weightMap.GetValueOrDefault(name) != file).ToList();
            if (unlisted.Count > 0)
            {
                throw new EngineException($"{Path}: the file {SafetensorsText.Quote(file)} has {unlisted.Count} tensors that " +
                    $"weight_map does not place there: {SafetensorsText.List(unlisted)}");
            }
            foreach (string name in shard.Names)
            {
                names.Add(name);
                owners.Add(name, shard);
                tensors.Add(name, shard.Tensors[name]);
            }
            foreach ((string key, string value) in shard.Metadata) metadata.TryAdd(key, value);
        }
    }

    private ITensorSource Owner(string name) => owners.TryGetValue(name, out ITensorSource? shard)
        ? shard
        : throw new EngineException($"{Path}: no tensor {SafetensorsText.Quote(name)} among {names.Count}");

    private static Dictionary<string, string> ReadWeightMap(string path)
    {
        if (!File.Exists(path)) throw new EngineException($"{path}: no such file");
        try
        {
            long bytes = new FileInfo(path).Length;
            if (bytes > MaxIndexBytes) throw new EngineException($"{path}: has {bytes} bytes, too many for an index");
            return Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new EngineException($"{path}: is not valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new EngineException($"{path}: holds a string that is not Unicode text", e);
        }
    }

    private static Dictionary<string, string> Parse(string path, byte[] bytes)
    {
        using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 16 });
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("weight_map", out JsonElement map)
            || map.ValueKind != JsonValueKind.Object)
        {
            throw new EngineException($"{path}: has no object 'weight_map' (tensor name to file name)");
        }
        var weightMap = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty item in map.EnumerateObject())
        {
            string name = SafetensorsText.Quote(item.Name);
            if (item.Value.ValueKind != JsonValueKind.String)
                throw new EngineException($"{path}: weight_map entry {name} is not a file name");
            if (!weightMap.TryAdd(item.Name, item.Value.GetString()!))
                throw new EngineException($"{path}: weight_map has {name} twice");
        }
        if (weightMap.Count == 0) throw new EngineException($"{path}: weight_map is empty");
        return weightMap;
    }
}
