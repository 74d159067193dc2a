using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

[Trait("Category", "Golden")]
public class ImageLoaderGoldenTests
{
    private sealed record Case(string Name, JsonElement Facts, int[] Sizes)
    {
        public string Path => System.IO.Path.Combine(GoldenData.Root!, "images", Name);

        public string? Decoded => Facts.TryGetProperty("decoded", out JsonElement file)
            ? System.IO.Path.Combine(GoldenData.Root!, "images", file.GetString()!) : null;
    }

    [Fact]
    public void Resampler_equals_Pillow_on_every_losslessly_stored_image()
    {
        using SafetensorsReader expected = GoldenData.Open("images/expected.safetensors");
        int compared = 0;
        foreach (Case c in Cases(expected))
            foreach (int size in c.Sizes)
            {
                RgbImage image = ImageLoader.LoadSquare(c.Decoded ?? c.Path, size);
                (int max, _) = Difference(image, expected.Bytes($"{c.Name}.{size}"));
                Assert.True(max <= 1, $"{c.Name} at {size}: {max} levels off");
                compared++;
            }
        Assert.True(compared > 0);
    }

    [Fact]
    public void Resized_size_and_crop_offset_follow_the_index()
    {
        using SafetensorsReader expected = GoldenData.Open("images/expected.safetensors");
        foreach (Case c in Cases(expected))
        {
            RgbImage image = ImageLoader.Decode(c.Path);
            Assert.Equal((c.Facts.GetProperty("width").GetInt32(), c.Facts.GetProperty("height").GetInt32()), (image.Width, image.Height));
            foreach (int size in c.Sizes)
            {
                JsonElement resized = c.Facts.GetProperty($"resized_{size}");
                (int width, int height) = Resampler.ShortestSide(image.Width, image.Height, size);
                Assert.Equal((resized.GetProperty("width").GetInt32(), resized.GetProperty("height").GetInt32()), (width, height));
                Assert.Equal(resized.GetProperty("crop_left").GetInt32(), Resampler.CropOffset(width, size));
                Assert.Equal(resized.GetProperty("crop_top").GetInt32(), Resampler.CropOffset(height, size));
            }
        }
    }

    [Fact]
    public void Jpeg_end_to_end_is_within_3_levels_and_half_a_level_on_average()
    {
        using SafetensorsReader expected = GoldenData.Open("images/expected.safetensors");
        int compared = 0;
        foreach (Case c in Cases(expected).Where(c => c.Decoded is not null))
        {
            (int max, double mean) = Difference(ImageLoader.Decode(c.Path), Planar(ImageLoader.Decode(c.Decoded!)));
            Assert.True(max <= 3 && mean <= 0.5, $"{c.Name} decoded: {max} levels off, {mean:F3} on average");
            foreach (int size in c.Sizes)
            {
                (max, mean) = Difference(ImageLoader.LoadSquare(c.Path, size), expected.Bytes($"{c.Name}.{size}"));
                Assert.True(max <= 3 && mean <= 0.5, $"{c.Name} at {size}: {max} levels off, {mean:F3} on average");
                compared++;
            }
        }
        if (compared == 0) Assert.Skip("golden data: no JPEG files in images/");
    }

    [Fact]
    public void Normalised_floats_equal_the_stored_example()
    {
        using SafetensorsReader expected = GoldenData.Open("images/expected.safetensors");
        JsonElement example = JsonDocument.Parse(expected.Metadata["config"]).RootElement.GetProperty("normalized_example");
        string file = example.GetProperty("file").GetString()!;
        int size = example.GetProperty("size").GetInt32();
        // The stored pixels, so that the decoder's rounding has no part in this.
        ReadOnlySpan<byte> planar = expected.Bytes($"{file}.{size}");
        var image = new RgbImage(size, size);
        for (int i = 0; i < size * size; i++)
            for (int c = 0; c < 3; c++) image.Pixels[3 * i + c] = planar[c * size * size + i];
        float[] stored = expected.ReadFloat32("normalized_example"), actual = image.ToSignedUnit();
        for (int i = 0; i < size * size; i++)
            for (int c = 0; c < 3; c++) Assert.Equal(stored[c * size * size + i], actual[3 * i + c]);
        Assert.Equal(image.Pixels, RgbImage.FromSignedUnit(size, size, actual).Pixels);
    }

    private static List<Case> Cases(SafetensorsReader expected)
    {
        JsonElement files = JsonDocument.Parse(File.ReadAllText(GoldenData.File("images/index.json"))).RootElement.GetProperty("files");
        int[] sizes = [.. JsonDocument.Parse(expected.Metadata["config"]).RootElement.GetProperty("sizes").EnumerateArray().Select(s => s.GetInt32())];
        List<Case> cases = [.. files.EnumerateObject().Select(f =>
            new Case(f.Name, f.Value, [.. sizes.Where(s => expected.Tensors.ContainsKey($"{f.Name}.{s}"))]))];
        Assert.NotEmpty(cases);
        return cases;
    }

    private static byte[] Planar(RgbImage image)
    {
        int n = image.Width * image.Height;
        var planar = new byte[3 * n];
        for (int i = 0; i < n; i++)
            for (int c = 0; c < 3; c++) planar[c * n + i] = image.Pixels[3 * i + c];
        return planar;
    }

    private static (int Max, double Mean) Difference(RgbImage image, ReadOnlySpan<byte> planar)
    {
        byte[] actual = Planar(image);
        Assert.Equal(planar.Length, actual.Length);
        int max = 0;
        long sum = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            int d = Math.Abs(actual[i] - planar[i]);
            max = Math.Max(max, d);
            sum += d;
        }
        return (max, (double)sum / actual.Length);
    }
}
