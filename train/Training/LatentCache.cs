using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>
/// Encodes a data set with the VAE once. Large sets are kept on disk under a key made of the VAE's weights, every image's content,
/// the size and this format's version, so a stale entry is never found.
/// </summary>
internal static class LatentCache
{
    private const string Version = "latents-1";
    private const long LargePixels = 4_000_000;

    /// <summary>Encodes or reads the latents and tokenises the captions.</summary>
    /// <param name="data">Images and captions.</param>
    /// <param name="size">Side in pixels.</param>
    /// <param name="vae">Encoder.</param>
    /// <param name="tokenizer">Tokeniser.</param>
    /// <param name="device">Where to encode.</param>
    /// <param name="progress">Called with (done, total).</param>
    /// <param name="cancel">Ends it between two batches; nothing is kept then.</param>
    public static LatentSet Encode(IImageTextData data, int size, AutoencoderKL vae, ClipTokenizer tokenizer, Device device,
        Action<int, int> progress, CancellationToken cancel)
    {
        string[] captions = [.. Enumerable.Range(0, data.Count).Select(data.Caption)];
        int[] ids = [.. captions.SelectMany(tokenizer.Encode)];
        string? path = (long)data.Count * size * size >= LargePixels ? PathFor(Key(data, size, vae)) : null;
        if (path is not null && Read(path, data.Count) is { } read)
            return new LatentSet(read.Shape, read.Means, read.LogVars, ids, captions);
        (Shape shape, float[] means, float[] logVars) = EncodeAll(data, size, vae, device, progress, cancel);
        if (path is not null) Write(path, shape, data.Count, means, logVars);
        return new LatentSet(shape, means, logVars, ids, captions);
    }

    private static (Shape Shape, float[] Means, float[] LogVars) EncodeAll(IImageTextData data, int size, AutoencoderKL vae,
        Device device, Action<int, int> progress, CancellationToken cancel)
    {
        int batch = Math.Max(1, 128 * 128 / (size * size));
        float[] means = [], logVars = [];
        Shape shape = default;
        using IDisposable noGrad = Autograd.NoGrad();
        for (int start = 0; start < data.Count; start += batch)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = new TensorScope();
            int n = Math.Min(batch, data.Count - start);
            float[] pixels = [.. Enumerable.Range(start, n).SelectMany(i => data.Pixels(i, size))];
            (Tensor mean, Tensor logVar) = vae.Encode(Tensor.From(pixels, new Shape(n, size, size, 3), device));
            if (start == 0)
            {
                shape = new Shape(mean.Shape[1], mean.Shape[2], mean.Shape[3]);
                means = new float[data.Count * shape.Count];
                logVars = new float[means.Length];
            }
            int at = (int)(start * shape.Count), count = (int)(n * shape.Count);
            mean.CopyTo(means.AsSpan(at, count));
            logVar.CopyTo(logVars.AsSpan(at, count));
            for (int i = at; i < at + count; i++)
                if (!float.IsFinite(means[i]) || !float.IsFinite(logVars[i]))
                    throw new EngineException($"image {start + (i - at) / shape.Count} ('{data.Caption((int)(start + (i - at) / shape.Count))}'): "
                        + "its latent is not finite; the VAE weights or the image are damaged");
            progress(start + n, data.Count);
        }
        return (shape, means, logVars);
    }

    /// <summary>Hexadecimal text that is another one whenever the latents would be.</summary>
    internal static string Key(IImageTextData data, int size, AutoencoderKL vae)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Version} {size}\n")));
        foreach ((string name, Parameter parameter) in vae.NamedParameters())
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name + "\n"));
            hash.AppendData(MemoryMarshal.AsBytes(parameter.ToFileLayout().AsSpan()));
        }
        for (int i = 0; i < data.Count; i++) hash.AppendData(Encoding.UTF8.GetBytes(data.ContentKey(i) + "\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Latents that were written before; null where there are none, or none that are whole.</summary>
    internal static (Shape Shape, float[] Means, float[] LogVars)? Read(string path, int count)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using SafetensorsReader reader = SafetensorsReader.Open(path);
            long[] s = [.. reader.Tensors["mean"].Shape];
            if (s.Length != 4 || s[0] != count || !reader.Tensors["logvar"].Shape.SequenceEqual(s)) return null;
            float[] means = reader.ReadFloat32("mean"), logVars = reader.ReadFloat32("logvar");
            if (FiniteCheck.FirstBad(means) < 0 && FiniteCheck.FirstBad(logVars) < 0)
                return (new Shape((int)s[1], (int)s[2], (int)s[3]), means, logVars);
        }
        catch (Exception e) when (e is EngineException or IOException or KeyNotFoundException)
        {
            // Only time is lost: it is encoded and written again.
        }
        return null;
    }

    /// <summary>Keeps latents. What cannot be kept (a full disk, a read-only home) costs the next run time and is no error.</summary>
    internal static void Write(string path, Shape shape, int count, float[] means, float[] logVars)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.RemoveLeftovers(Path.GetDirectoryName(path)!);
            long[] dims = [count, shape[0], shape[1], shape[2]];
            var writer = new SafetensorsWriter();
            writer.AddFloat32("mean", dims, means);
            writer.AddFloat32("logvar", dims, logVars);
            writer.Save(path);
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"note: latents are not kept for the next run: {e.Message}");
        }
    }

    /// <summary>The file of a key in the user's own data folder; null where the system knows no such folder.</summary>
    private static string? PathFor(string key)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return home.Length == 0 ? null : Path.Combine(home, "SeLoRA.Native", "latents", key + ".safetensors");
    }
}
