using System.Globalization;
using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Noise schedule, forward process and every sampler trajectory against diffusers.</summary>
[Trait("Category", "Golden")]
public sealed class SchedulerGoldenTests
{
    // The golden folder's recommendation: absolute, on samples of size 10 to 65; fractional timesteps.
    private const double SampleTolerance = 2e-4;
    private const double TimestepTolerance = 1e-3;

    // Tolerances are 5 to 20 times float32's own distance from float64, which each file states. It exceeds the
    // recommendation only where samples are large (a zero-SNR schedule starts at 4096).
    private const double MeasuredFactor = 5;

    // Ten times the measured distance of float32 from float64.
    private const double AlphasTolerance = 5e-6;
    private const double AddNoiseTolerance = 9e-6;

    public static TheoryData<string> Trajectories =>
        [.. GoldenData.Enumerate("schedulers", "*.safetensors").Where(file => !IsTable(file))];

    [Fact]
    public void Schedule_OfTheConfig_EqualsTorch()
    {
        using SafetensorsReader file = GoldenData.Open("schedulers/schedule.safetensors");
        var schedule = NoiseSchedule.FromConfig(SchedulerConfig.Parse(file.Metadata["config"]));

        Closeness.AssertMaxAbs(schedule.Betas, file.ReadFloat32("betas"), 0, "betas");
        Closeness.AssertMaxAbs(schedule.AlphasCumprod, file.ReadFloat32("alphas_cumprod"), 0, "alphas_cumprod");
        Closeness.AssertMaxAbs(
            schedule.AlphasCumprod, file.ReadFloat32("alphas_cumprod_f64"), AlphasTolerance, "alphas_cumprod_f64");
    }

    [Fact]
    public void AddNoise_SingleAndBatch_EqualsTorch()
    {
        using SafetensorsReader file = GoldenData.Open("schedulers/add_noise.safetensors");
        long seed = long.Parse(file.Metadata["seed"], CultureInfo.InvariantCulture);
        string config = file.Metadata["config"];
        using JsonDocument json = JsonDocument.Parse(config);
        NoiseSchedule schedule = new DdpmScheduler(SchedulerConfig.Parse(config)).Schedule;

        foreach (int t in Integers(json, "timesteps"))
        {
            string name = $"noisy.{t}";
            long[] shape = file.Tensors[name].Shape;
            Compare(name, HashTensor.Input("input:x0", shape, seed), HashTensor.Input("input:noise", shape, seed), [t]);
        }

        long[] batch = file.Tensors["noisy_batch"].Shape;
        Compare(
            "noisy_batch",
            HashTensor.Input("input:x0_batch", batch, seed),
            HashTensor.Input("input:noise_batch", batch, seed),
            Integers(json, "batch_timesteps"));

        void Compare(string name, float[] x0, float[] noise, int[] timesteps)
        {
            var noisy = new float[x0.Length];
            schedule.AddNoise(x0, noise, timesteps, noisy);
            Closeness.AssertMaxAbs(noisy, file.ReadFloat32(name), AddNoiseTolerance, name);
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Trajectories))]
    public void Sampler_OverAllSteps_FollowsDiffusers(string path)
    {
        using SafetensorsReader file = GoldenData.Open(path);
        using JsonDocument json = JsonDocument.Parse(file.Metadata["config"]);
        JsonElement config = json.RootElement;
        string className = config.GetProperty("scheduler").GetString()!;
        Assert.SkipUnless(SchedulerFactory.ClassNames.Contains(className), $"{path}: {className} is not implemented");

        long seed = long.Parse(file.Metadata["seed"], CultureInfo.InvariantCulture);
        IScheduler scheduler = SchedulerFactory.Create(className, SchedulerConfig.Parse(config.GetRawText(), path));
        scheduler.Options = StepOptions.FromJson(config.GetProperty("step"));
        scheduler.SetTimesteps(config.GetProperty("num_inference_steps").GetInt32());

        float[] timesteps = file.ReadFloat32("timesteps");
        bool whole = file.Tensors["timesteps"].DType == SafetensorsDType.I64;
        Closeness.AssertMaxAbs(scheduler.Timesteps, timesteps, whole ? 0 : TimestepTolerance, $"{path}: timesteps");
        if (file.Tensors.ContainsKey("sigmas"))
            Closeness.AssertMaxAbs(scheduler.Sigmas, file.ReadFloat32("sigmas"), SampleTolerance, $"{path}: sigmas");
        if (config.TryGetProperty("init_noise_sigma", out JsonElement sigma))
            Assert.Equal(sigma.GetDouble(), scheduler.InitNoiseSigma, 1e-5 * sigma.GetDouble());

        float[] expected = file.ReadFloat32("samples");
        float[] sample = file.ReadFloat32("x_start");
        int size = sample.Length;
        float[] start = HashTensor.Input("input:x_T", size, seed);
        for (int i = 0; i < size; i++) start[i] *= scheduler.InitNoiseSigma;
        Closeness.AssertMaxAbs(start, sample, SampleTolerance, $"{path}: x_start");

        float[] offset = HashTensor.Input("input:eps_noise", size, seed);
        float[] stepNoise = file.Tensors.ContainsKey("step_noise") ? file.ReadFloat32("step_noise") : [];
        var input = new float[size];
        double tolerance = SampleTolerance;
        if (file.Metadata.TryGetValue("measured_float32_vs_float64", out string? measured))
            using (JsonDocument distances = JsonDocument.Parse(measured))
                tolerance = Math.Max(tolerance, MeasuredFactor * distances.RootElement.GetProperty("max_abs").GetDouble());
        double worst = 0;
        for (int step = 0; step < scheduler.Timesteps.Length; step++)
        {
            scheduler.ScaleModelInput(sample, step, input);
            float c = (float)(0.9 * Math.Sin(0.01 * timesteps[step] + 0.3));
            for (int i = 0; i < size; i++) input[i] = c * input[i] + 0.1f * offset[i];
            scheduler.Step(input, step, sample, sample, destination => stepNoise.AsSpan(step * size, size).CopyTo(destination));
            ReadOnlySpan<float> wanted = expected.AsSpan(step * size, size);
            worst = Math.Max(worst, Closeness.MaxAbs(sample, wanted));
            Closeness.AssertMaxAbs(sample, wanted, tolerance, $"{path}: step {step} at {timesteps[step]}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{path}: largest difference {worst:G3}");
    }

    private static bool IsTable(string file) =>
        Path.GetFileName(file) is "schedule.safetensors" or "add_noise.safetensors";

    private static int[] Integers(JsonDocument json, string name) =>
        [.. json.RootElement.GetProperty(name).EnumerateArray().Select(item => item.GetInt32())];
}
