namespace SeLoRA.Model;

/// <summary>What DPM-Solver and UniPC share: their timesteps, sigmas, and alpha, sigma and lambda of a sigma.</summary>
public abstract class LambdaScheduler : SchedulerBase
{
    private readonly SigmaSchedule table;
    private readonly string spacing;
    private readonly string? kind;
    private readonly bool zeroFinal;
    private readonly bool tableEndsRespaced;

    private protected LambdaScheduler(SchedulerConfig config, bool lu, bool tableEndsRespaced)
        : base(config, rescale: true, keepLastPositive: true)
    {
        PredictionType = Prediction.TypeOf(config);
        Clipping.RefuseThresholding(config);
        if (config.Flag("use_flow_sigmas", false))
            throw config.Error("use_flow_sigmas is not supported (it is meant for flow-matching models); false is expected");
        spacing = TimestepSpacing.Of(config, TimestepSpacing.Linspace);
        table = new SigmaSchedule(Schedule, config, limits: false);
        kind = SigmaSchedule.Kind(config, lu);
        zeroFinal = config.Choice("final_sigmas_type", "zero", "zero", "sigma_min") == "zero";
        Order = config.Integer("solver_order", 2, 1, 3);
        LowerOrderFinal = config.Flag("lower_order_final", true);
        this.tableEndsRespaced = tableEndsRespaced;
    }

    private protected PredictionType PredictionType { get; }

    private protected int Order { get; }

    private protected bool LowerOrderFinal { get; }

    private protected bool ZeroFinal => zeroFinal;

    private protected override bool Remembers => true;

    /// <summary>The timestep that counts as the last plus one; DPM-Solver may clip it.</summary>
    private protected virtual int LastTimestep => Schedule.Length;

    private protected override (double[] Timesteps, double[] Sigmas) Plan(int steps)
    {
        double[] t, s;
        double final = zeroFinal ? 0 : table.First;
        if (kind is null)
        {
            if (spacing == TimestepSpacing.Leading && steps >= LastTimestep)
                throw Config.Error($"{ClassName} with leading spacing can take at most {LastTimestep - 1} steps");
            t = TimestepSpacing.CreateForMultistep(spacing, Schedule.Length, LastTimestep, steps, Offset);
            s = Array.ConvertAll(t, table.At);
        }
        else
        {
            s = table.Space(kind, table.Last, table.First, steps);
            t = Array.ConvertAll(s, table.TimestepOf);
            // diffusers rounds the first two and truncates exponential ones, by its conversion to whole numbers.
            for (int i = 0; i < t.Length; i++)
                t[i] = kind == "use_exponential_sigmas" ? Math.Truncate(t[i]) : Math.Round(t[i], MidpointRounding.ToEven);
            if (tableEndsRespaced && !zeroFinal) final = s[^1];
        }

        return (t, [.. s, final]);
    }

    private protected Level LevelAt(int stepIndex)
    {
        double sigma = Sigmas[stepIndex];
        double alpha = 1 / Math.Sqrt(sigma * sigma + 1);
        return new Level(alpha, sigma * alpha);
    }

    /// <summary>A point of the trajectory: sample = Alpha x0 + Sigma noise, Lambda = log(Alpha / Sigma).</summary>
    private protected readonly record struct Level(double Alpha, double Sigma)
    {
        public double Lambda { get; } = Math.Log(Alpha) - Math.Log(Sigma);
    }
}
