using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Samplers without reference data: a model that predicts perfectly must be followed to the clean sample, whatever the
/// sampler, spacing and prediction type; tables at their known values; errors in one line.
/// </summary>
public sealed class SchedulerTests
{
    private const string StableDiffusion =
        """
        {"_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
         "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1,
         "trained_betas": null, "clip_sample": false}
        """;

    public static TheoryData<string, string, string> Combinations
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (string name in SchedulerFactory.Names)
                foreach (string spacing in (string[])["leading", "linspace", "trailing"])
                    foreach (string prediction in (string[])["epsilon", "v_prediction", "sample"])
                        if (IsSound(name, spacing, prediction)) data.Add(name, spacing, prediction);
            return data;
        }
    }

    // DDIM and PNDM step down by 1000 / steps whatever the spacing, so linspace misses its own timesteps (as in diffusers).
    private static bool IsSound(string name, string spacing, string prediction) =>
        (prediction != "sample" || name is not ("pndm" or "euler_a"))
        && (spacing != "linspace" || name is not ("pndm" or "ddim"));

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Step_WithAPerfectModel_ReachesTheCleanSample(string name, string spacing, string prediction)
    {
        SchedulerConfig config = SchedulerConfig.Parse(StableDiffusion)
            .With("timestep_spacing", $"\"{spacing}\"")
            .With("prediction_type", $"\"{prediction}\"");
        IScheduler scheduler = SchedulerFactory.Create(name, config);
        scheduler.SetTimesteps(20);

        float[] x0 = [0.5f, -1, 2, 0.125f], noise = [1, -0.5f, 0.25f, -2];
        bool ownScale = scheduler.Sigmas.Length > 0 && scheduler is SigmaScheduler;
        var sample = new float[4];
        (double alpha, double sigma) = LevelOf(scheduler, 0);
        for (int i = 0; i < 4; i++)
            sample[i] = (float)(ownScale ? x0[i] + sigma / alpha * noise[i] : alpha * x0[i] + sigma * noise[i]);

        var random = new Random(1);
        var input = new float[4];
        var output = new float[4];
        for (int step = 0; step < scheduler.Timesteps.Length; step++)
        {
            scheduler.ScaleModelInput(sample, step, input);
            (alpha, sigma) = LevelOf(scheduler, step);
            for (int i = 0; i < 4; i++)
            {
                // The noise that, with x0, makes the model's input: a model that knows x0.
                double epsilon = (input[i] - alpha * x0[i]) / sigma;
                output[i] = (float)(prediction switch
                {
                    "epsilon" => epsilon,
                    "sample" => x0[i],
                    _ => alpha * epsilon - sigma * x0[i],
                });
            }

            scheduler.Step(output, step, sample, sample, destination =>
            {
                foreach (ref float value in destination) value = random.NextSingle() * 2 - 1;
            });
        }

        // Without a final sigma of zero (DDIM and PNDM end at the first timestep) 3 % of noise is left.
        double tolerance = name is "ddim" or "pndm" ? 0.1 : 1e-3;
        for (int i = 0; i < 4; i++) Assert.Equal(x0[i], sample[i], tolerance);
    }

    [Theory]
    [InlineData("leading", new[] { 751, 501, 251, 1 })]
    [InlineData("linspace", new[] { 999, 666, 333, 0 })]
    [InlineData("trailing", new[] { 999, 749, 499, 249 })]
    public void SetTimesteps_Spacing_GivesTheKnownTimesteps(string spacing, int[] expected)
    {
        IScheduler scheduler = Create("ddim", ("timestep_spacing", $"\"{spacing}\""));
        scheduler.SetTimesteps(4);
        Assert.Equal(expected.Select(t => (float)t), scheduler.Timesteps.ToArray());
    }

    [Fact]
    public void SetTimesteps_Pndm_RepeatsItsSecondTimestep()
    {
        IScheduler scheduler = SchedulerFactory.FromConfig(SchedulerConfig.Parse(StableDiffusion));
        scheduler.SetTimesteps(4);
        Assert.Equal([751f, 501, 501, 251, 1], scheduler.Timesteps.ToArray());
    }

    [Fact]
    public void SetTimesteps_PndmWithRungeKutta_EvaluatesFourTimesInThreeIntervals()
    {
        IScheduler scheduler = Create("pndm", ("skip_prk_steps", "false"));
        scheduler.SetTimesteps(5);
        Assert.Equal(
            [801f, 701, 701, 601, 601, 501, 501, 401, 401, 301, 301, 201, 201, 1], scheduler.Timesteps.ToArray());
    }

    [Fact]
    public void SetTimesteps_TrailingWithAnInexactRatio_GivesNoExtraTimestep()
    {
        IScheduler scheduler = Create("ddim", ("timestep_spacing", "\"trailing\""));
        scheduler.SetTimesteps(61);
        Assert.Equal(61, scheduler.Timesteps.Length);
        Assert.True(scheduler.Timesteps[^1] >= 0);
    }

    [Fact]
    public void Karras_Sigmas_AreEvenInTheSeventhRootAndTimestepsFollow()
    {
        IScheduler plain = Create("euler"), karras = Create("euler_karras");
        plain.SetTimesteps(11);
        karras.SetTimesteps(11);

        Assert.Equal(plain.Sigmas[0], karras.Sigmas[0], 1e-4);
        Assert.Equal(plain.Sigmas[10], karras.Sigmas[10], 1e-6);
        Assert.Equal(0, karras.Sigmas[11]);
        double middle = (Math.Pow(plain.Sigmas[0], 1 / 7.0) + Math.Pow(plain.Sigmas[10], 1 / 7.0)) / 2;
        Assert.Equal(Math.Pow(middle, 7), karras.Sigmas[5], 1e-4);
        Assert.Equal(999, karras.Timesteps[0], 1e-3);
        for (int i = 1; i < 11; i++) Assert.True(karras.Timesteps[i] < karras.Timesteps[i - 1]);
    }

    [Fact]
    public void FromConfig_RescaledBetas_EndWithoutSignal()
    {
        SchedulerConfig config = SchedulerConfig.Parse(StableDiffusion).With("rescale_betas_zero_snr", "true");
        Assert.Equal(0, new DdimScheduler(config).Schedule.AlphasCumprod[^1]);
        Assert.Equal(
            SchedulerFactory.Create("ddim", SchedulerConfig.Parse(StableDiffusion)).Schedule.AlphasCumprod[0],
            new DdimScheduler(config).Schedule.AlphasCumprod[0],
            1e-6);
        var euler = new EulerDiscreteScheduler(config.With("timestep_spacing", "\"trailing\""));
        euler.SetTimesteps(4);
        Assert.Equal(4096, euler.Sigmas[0], 0.01);
    }

    [Fact]
    public void AddNoiseAndVelocity_AreOrthogonalCombinations()
    {
        NoiseSchedule schedule = Create("ddpm").Schedule;
        float[] x0 = [1, -2, 0.5f, 3], noise = [0.25f, 1, -1, 2], noisy = new float[4], velocity = new float[4];
        schedule.AddNoise(x0, noise, [100, 900], noisy);
        schedule.Velocity(x0, noise, [100, 900], velocity);
        for (int i = 0; i < 4; i++)
        {
            double a = schedule.AlphasCumprod[i < 2 ? 100 : 900];
            Assert.Equal(x0[i], Math.Sqrt(a) * noisy[i] - Math.Sqrt(1 - a) * velocity[i], 1e-5);
        }
    }

    [Fact]
    public void Step_EtaOfDdim_NeedsNoiseAndUsesIt()
    {
        IScheduler scheduler = Create("ddim");
        scheduler.SetTimesteps(10);
        scheduler.Options = new StepOptions { Eta = 1 };
        float[] sample = [1], result = [0];
        Assert.Contains("needs a noise source", Message(() => scheduler.Step([0.5f], 0, sample, result)));

        scheduler.Step([0.5f], 0, sample, result, destination => destination.Clear());
        float still = result[0];
        scheduler.Step([0.5f], 0, sample, result, destination => destination.Fill(1));
        Assert.True(result[0] - still > 0.1f);
    }

    [Fact]
    public void Step_OutOfOrderOrMisshapen_IsRefused()
    {
        IScheduler scheduler = Create("dpmpp_2m");
        Assert.Contains("SetTimesteps must be called first", Message(() => scheduler.Step([1f], 0, [1f], new float[1])));
        scheduler.SetTimesteps(10);
        scheduler.Step([1f], 0, [1f], new float[1]);
        Assert.Contains("step 2 after step 0", Message(() => scheduler.Step([1f], 2, [1f], new float[1])));
        Assert.Contains("modelOutput has 2 elements; 1", Message(() => scheduler.Step([1f, 2f], 1, [1f], new float[1])));
        Assert.Contains("not in 0 .. 9", Message(() => scheduler.Step([1f], 10, [1f], new float[1])));
        Assert.Contains("1 to 1000 are possible", Message(() => scheduler.SetTimesteps(0)));
    }

    [Theory]
    [InlineData("ddim", "beta_schedule", "\"quartic\"", "beta_schedule 'quartic' is not supported")]
    [InlineData("ddim", "prediction_type", "\"flow\"", "prediction_type 'flow'")]
    [InlineData("pndm", "prediction_type", "\"sample\"", "prediction_type 'sample'")]
    [InlineData("ddim", "timestep_spacing", "\"even\"", "timestep_spacing 'even'")]
    [InlineData("ddim", "num_train_timesteps", "-1", "num_train_timesteps is -1; a whole number")]
    [InlineData("ddim", "beta_end", "\"big\"", "beta_end is \"big\"; a finite number")]
    [InlineData("ddim", "beta_end", "2", "beta of timestep 701 is 1.0021068; 0 <= beta < 1 is expected")]
    [InlineData("ddim", "thresholding", "true", "thresholding is not supported")]
    [InlineData("ddpm", "variance_type", "\"learned\"", "variance_type 'learned'")]
    [InlineData("dpmpp_2m", "algorithm_type", "\"dpmsolver\"", "algorithm_type dpmsolver cannot end at sigma 0")]
    [InlineData("euler_karras", "sigma_min", "[1]", "sigma_min is [1]; a number")]
    public void Create_UnknownValue_SaysWhichAndWhatIsKnown(string name, string key, string json, string message) =>
        Assert.Contains($"test: {message}", Message(() =>
            SchedulerFactory.Create(name, SchedulerConfig.Parse(StableDiffusion, "test").With(key, json))));

    [Fact]
    public void Create_UnknownName_ListsTheKnownOnes()
    {
        string message = Message(() => SchedulerFactory.Create("euler_a_karras", SchedulerConfig.Parse(StableDiffusion)));
        Assert.Contains("'euler_a_karras' is unknown; known are ddim", message);
        Assert.Contains("_class_name 'X' is not supported", Message(() =>
            SchedulerFactory.FromConfig(SchedulerConfig.Parse("""{"_class_name": "X"}"""))));
        Assert.Contains("no _class_name", Message(() => SchedulerFactory.FromConfig(SchedulerConfig.Parse("{}"))));
        Assert.Contains("no valid JSON", Message(() => SchedulerConfig.Parse("{")));
    }

    private static IScheduler Create(string name, params (string Key, string Json)[] changes) =>
        SchedulerFactory.Create(name, changes.Aggregate(
            SchedulerConfig.Parse(StableDiffusion), (config, change) => config.With(change.Key, change.Json)));

    private static string Message(Action action) => Assert.Throws<EngineException>(action).Message;

    // Signal and noise in what the model sees at a step.
    private static (double Alpha, double Sigma) LevelOf(IScheduler scheduler, int step)
    {
        double a = scheduler.Sigmas.IsEmpty
            ? scheduler.Schedule.AlphasCumprod[(int)scheduler.Timesteps[step]]
            : 1 / (1 + (double)scheduler.Sigmas[step] * scheduler.Sigmas[step]);
        return (Math.Sqrt(a), Math.Sqrt(1 - a));
    }
}
