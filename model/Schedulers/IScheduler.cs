namespace SeLoRA.Model;

/// <summary>Fills a span with independent standard normal numbers; the caller owns the seed.</summary>
/// <param name="destination">Receives the numbers; as long as the sample.</param>
public delegate void NoiseSource(Span<float> destination);

/// <summary>
/// A sampler of a diffusion model, with the semantics of the diffusers 0.32.2 class of the same name. It works on the
/// host, element by element in double precision between float32 samples, so a trajectory is the same whatever device
/// evaluates the model. Not safe for use by two threads at once: multistep samplers remember earlier steps.
/// </summary>
/// <remarks>
/// A loop is: <see cref="SetTimesteps"/>; draw normals times <see cref="InitNoiseSigma"/>; then for each index i of
/// <see cref="Timesteps"/>: <see cref="ScaleModelInput"/>, the model at Timesteps[i], <see cref="Step"/>.
/// </remarks>
public interface IScheduler
{
    /// <summary>The diffusers class name, such as <c>DDIMScheduler</c>.</summary>
    string ClassName { get; }

    /// <summary>The configuration it was built from.</summary>
    SchedulerConfig Config { get; }

    /// <summary>The noise schedule it was trained with.</summary>
    NoiseSchedule Schedule { get; }

    /// <summary>What a step may be told beyond its inputs (eta of DDIM, churn of Euler, order of LMS).</summary>
    StepOptions Options { get; set; }

    /// <summary>
    /// The timestep of each model evaluation, in the order of the loop; whole numbers except for the Euler, Heun and
    /// LMS samplers. There may be more than the steps asked for: PNDM and Heun evaluate more often.
    /// </summary>
    ReadOnlySpan<float> Timesteps { get; }

    /// <summary>Noise levels sqrt((1 - a) / a), one more than timesteps; empty for samplers that have none.</summary>
    ReadOnlySpan<float> Sigmas { get; }

    /// <summary>Standard deviation of the sample that the loop starts from.</summary>
    float InitNoiseSigma { get; }

    /// <summary>Chooses the timesteps and forgets earlier steps.</summary>
    /// <param name="steps">1 to the number of training timesteps.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">The sampler cannot take so many steps.</exception>
    void SetTimesteps(int steps);

    /// <summary>Writes what the model is to be given: the sample, for Euler and its kin divided by sqrt(sigma^2 + 1).</summary>
    /// <param name="sample">The current sample, any shape, flat.</param>
    /// <param name="stepIndex">Index into <see cref="Timesteps"/>.</param>
    /// <param name="result">As long as the sample; may be the same memory.</param>
    void ScaleModelInput(ReadOnlySpan<float> sample, int stepIndex, Span<float> result);

    /// <summary>One step from Timesteps[stepIndex] towards the next one.</summary>
    /// <param name="modelOutput">What the model returned, as long as the sample.</param>
    /// <param name="stepIndex">Index into <see cref="Timesteps"/>; multistep samplers need successive ones.</param>
    /// <param name="sample">The current sample (unscaled).</param>
    /// <param name="result">Receives the next sample; may be the same memory as the sample.</param>
    /// <param name="noise">Needed by stochastic samplers only.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">Lengths differ, the index is out of order, noise is missing.</exception>
    void Step(
        ReadOnlySpan<float> modelOutput,
        int stepIndex,
        ReadOnlySpan<float> sample,
        Span<float> result,
        NoiseSource? noise = null);
}
