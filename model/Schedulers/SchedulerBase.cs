using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>What all samplers share: the configuration, the tables of a run and the checks of a step's arguments.</summary>
public abstract class SchedulerBase : IScheduler
{
    private float[] timesteps = [];
    private float[] sigmas = [];
    private int expectedIndex = -1;

    private protected SchedulerBase(SchedulerConfig config, bool rescale, bool keepLastPositive)
    {
        Config = config;
        Schedule = NoiseSchedule.FromConfig(config, rescale, keepLastPositive);
        Offset = TimestepSpacing.Offset(config);
    }

    /// <inheritdoc/>
    public abstract string ClassName { get; }

    /// <inheritdoc/>
    public SchedulerConfig Config { get; }

    /// <inheritdoc/>
    public NoiseSchedule Schedule { get; }

    /// <inheritdoc/>
    public StepOptions Options { get; set; } = new();

    /// <inheritdoc/>
    public ReadOnlySpan<float> Timesteps => timesteps;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Sigmas => sigmas;

    /// <inheritdoc/>
    public virtual float InitNoiseSigma => 1;

    /// <summary>Steps asked for at the last <see cref="SetTimesteps"/>; 0 before it.</summary>
    private protected int Steps { get; private set; }

    private protected int Offset { get; }

    /// <inheritdoc/>
    public void SetTimesteps(int steps)
    {
        if (steps < 1 || steps > Schedule.Length)
            throw new EngineException($"{ClassName}: {steps} steps were asked for; 1 to {Schedule.Length} are possible");
        Steps = steps;
        expectedIndex = -1;
        (double[] t, double[] s) = Plan(steps);
        timesteps = Array.ConvertAll(t, value => (float)value);
        sigmas = Array.ConvertAll(s, value => (float)value);
        Reset();
    }

    /// <inheritdoc/>
    public virtual void ScaleModelInput(ReadOnlySpan<float> sample, int stepIndex, Span<float> result)
    {
        CheckIndex(stepIndex);
        CheckLength("result", result.Length, sample.Length);
        sample.CopyTo(result);
    }

    /// <inheritdoc/>
    public void Step(
        ReadOnlySpan<float> modelOutput,
        int stepIndex,
        ReadOnlySpan<float> sample,
        Span<float> result,
        NoiseSource? noise = null)
    {
        CheckIndex(stepIndex);
        CheckLength("modelOutput", modelOutput.Length, sample.Length);
        CheckLength("result", result.Length, sample.Length);
        if (Remembers)
        {
            if (expectedIndex >= 0 && stepIndex != expectedIndex)
                throw new EngineException(
                    $"{ClassName}: step {stepIndex} after step {expectedIndex - 1}; a multistep sampler needs successive "
                    + "steps (SetTimesteps begins anew)");
            expectedIndex = stepIndex + 1;
        }

        Advance(modelOutput, stepIndex, sample, result, noise);
    }

    /// <summary>Timesteps and sigmas of a run; sigmas empty where there are none.</summary>
    private protected abstract (double[] Timesteps, double[] Sigmas) Plan(int steps);

    private protected abstract void Advance(
        ReadOnlySpan<float> modelOutput,
        int stepIndex,
        ReadOnlySpan<float> sample,
        Span<float> result,
        NoiseSource? noise);

    /// <summary>Whether a step depends on those before it.</summary>
    private protected virtual bool Remembers => false;

    /// <summary>Forgets earlier steps.</summary>
    private protected virtual void Reset()
    {
    }

    private protected float[] DrawNoise(NoiseSource? noise, int length)
    {
        if (noise is null)
            throw new EngineException($"{ClassName}: this sampler is stochastic; Step needs a noise source");
        var values = new float[length];
        noise(values);
        return values;
    }

    /// <summary>The share of signal at a timestep that may lie below 0 or, by an offset, above the last one.</summary>
    private protected double AlphaCumprod(int timestep, double beforeFirst)
    {
        if (timestep < 0) return beforeFirst;
        if (timestep >= Schedule.Length)
            throw new EngineException(
                $"{ClassName}: timestep {timestep} is past the last one, {Schedule.Length - 1}; fewer steps or a smaller "
                + "steps_offset is needed");
        return Schedule.AlphasCumprod[timestep];
    }

    private void CheckIndex(int stepIndex)
    {
        if (timesteps.Length == 0) throw new EngineException($"{ClassName}: SetTimesteps must be called first");
        if ((uint)stepIndex >= (uint)timesteps.Length)
            throw new EngineException($"{ClassName}: step index {stepIndex} is not in 0 .. {timesteps.Length - 1}");
    }

    private void CheckLength(string name, int actual, int expected)
    {
        if (actual != expected)
            throw new EngineException($"{ClassName}: {name} has {actual} elements; {expected}, as the sample, are expected");
    }
}
