using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The Frechet distance and its statistics against values in double precision, which pytorch-fid shares where covariances have full rank.</summary>
[Trait("Category", "Golden")]
public class FrechetGoldenTests
{
    private const string File = "metrics/fid.json";

    // Two ways to sum a few hundred numbers in double.
    private const double StatisticsTolerance = 1e-12;

    public static TheoryData<string> Cases() => [.. Named("cases")];

    public static TheoryData<string> Identical() => [.. Named("identical")];

    public static TheoryData<string> StatisticsFiles() => [.. GoldenData.Enumerate("metrics", "fid_*_stats.safetensors")];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void Distance_equals_the_exact_one(string name)
    {
        using JsonDocument golden = Open();
        JsonElement one = Case(golden, "cases", name);
        FeatureStatistics a = Statistics(golden, one, "a"), b = Statistics(golden, one, "b");
        double expected = one.GetProperty("exact").GetDouble();

        FrechetDistance distance = FrechetDistance.Between(a, b);
        TestContext.Current.SendDiagnosticMessage($"{name}: {distance.Value - expected:G3} of {expected:G6}");
        Assert.Equal(expected, distance.Value, 1e-6 * expected);
        Assert.Equal(distance.Value, FrechetDistance.Between(b, a).Value, 1e-6 * expected);
        Assert.Equal(one.GetProperty("rank_deficient").GetBoolean(), distance.Warning is not null);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Identical))]
    public void Set_against_itself_has_no_distance(string description)
    {
        using JsonDocument golden = Open();
        string name = description.Split(',')[0];
        FeatureStatistics a = Statistics(golden, Case(golden, "cases", name), "a");
        Assert.InRange(FrechetDistance.Between(a, a).Value, 0, 1e-9);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(StatisticsFiles))]
    public void Statistics_equal_the_reference(string file)
    {
        using SafetensorsReader reader = GoldenData.Open(file);
        using JsonDocument config = JsonDocument.Parse(reader.Metadata["config"]);
        int d = config.RootElement.GetProperty("d").GetInt32(), n = config.RootElement.GetProperty("N").GetInt32();
        long seed = long.Parse(reader.Metadata["seed"], CultureInfo.InvariantCulture);
        foreach (string set in (string[])["a", "b"])
        {
            float[] features = Features(config.RootElement.GetProperty("case").GetString()!, set, n, d, seed);
            float[] head = reader.ReadFloat32($"features_{set}_head");
            Assert.Equal(head, features[..head.Length]);

            // In batches of odd sizes, as images come.
            var accumulator = new FeatureAccumulator("", d);
            for (int at = 0; at < n; at += 7) accumulator.Add(features.AsSpan(at * d, Math.Min(7, n - at) * d));
            FeatureStatistics statistics = accumulator.Statistics();
            AssertNear(reader, $"mu_{set}", statistics.Mean);
            AssertNear(reader, $"sigma_{set}", statistics.Covariance);
        }
    }

    private static void AssertNear(SafetensorsReader reader, string name, double[] actual)
    {
        ReadOnlySpan<double> expected = MemoryMarshal.Cast<byte, double>(reader.Bytes(name));
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        for (int i = 0; i < actual.Length; i++) worst = Math.Max(worst, Math.Abs(actual[i] - expected[i]));
        Assert.True(worst <= StatisticsTolerance, $"{name}: largest difference {worst:G3}");
    }

    private static FeatureStatistics Statistics(JsonDocument golden, JsonElement one, string set)
    {
        int n = one.GetProperty($"N_{set}").GetInt32(), d = one.GetProperty("d").GetInt32();
        var accumulator = new FeatureAccumulator("hash features", d);
        accumulator.Add(Features(one.GetProperty("case").GetString()!, set, n, d, golden.RootElement.GetProperty("seed").GetInt64()));
        return accumulator.Statistics();
    }

    /// <summary>The generated features, every operation rounded to float32.</summary>
    private static float[] Features(string name, string set, int n, int d, long seed)
    {
        float[] h = HashTensor.Input($"input:fid.{name}.{set}", (long)n * d, seed), x = new float[h.Length];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < d; j++)
            {
                float half = 0.5f * h[i * d + (j + 1) % d];
                float value = h[i * d + j] + half;
                float scaled = 0.8f * value;
                x[i * d + j] = set == "a" ? value : scaled + 0.3f;
            }
        }
        return x;
    }

    private static JsonDocument Open() => JsonDocument.Parse(System.IO.File.ReadAllBytes(GoldenData.File(File)));

    private static IEnumerable<string> Named(string list)
    {
        string path = Path.Combine(GoldenData.Root ?? "", File);
        if (!System.IO.File.Exists(path)) return [];
        using JsonDocument golden = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
        return [.. golden.RootElement.GetProperty(list).EnumerateArray().Select(one => one.GetProperty("case").GetString()!)];
    }

    private static JsonElement Case(JsonDocument golden, string list, string name) =>
        golden.RootElement.GetProperty(list).EnumerateArray().First(one => one.GetProperty("case").GetString() == name);
}
