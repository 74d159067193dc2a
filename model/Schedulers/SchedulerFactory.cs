using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Finds a scheduler by its diffusers class name or by the short name that users type.</summary>
public static class SchedulerFactory
{
    private const string KarrasSuffix = "_karras";

    private static readonly Entry[] Entries =
    [
        new("ddim", "DDIMScheduler", false, config => new DdimScheduler(config)),
        new("ddpm", "DDPMScheduler", false, config => new DdpmScheduler(config)),
        new("pndm", "PNDMScheduler", false, config => new PndmScheduler(config)),
        new("euler", "EulerDiscreteScheduler", true, config => new EulerDiscreteScheduler(config)),
        new("euler_a", "EulerAncestralDiscreteScheduler", false, config => new EulerAncestralDiscreteScheduler(config)),
        new("heun", "HeunDiscreteScheduler", true, config => new HeunDiscreteScheduler(config)),
        new("lms", "LMSDiscreteScheduler", true, config => new LmsDiscreteScheduler(config)),
        new("dpmpp_2m", "DPMSolverMultistepScheduler", true, config => new DpmSolverMultistepScheduler(config)),
        new("unipc", "UniPCMultistepScheduler", true, config => new UniPcMultistepScheduler(config)),
    ];

    /// <summary>The short names, with the <c>_karras</c> variants where the sampler has them.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Entries.SelectMany(entry => entry.Karras ? (string[])[entry.Name, entry.Name + KarrasSuffix] : [entry.Name])];

    /// <summary>The diffusers class names.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = [.. Entries.Select(entry => entry.ClassName)];

    /// <summary>The scheduler that a configuration names in <c>_class_name</c>.</summary>
    /// <param name="config">A <c>scheduler_config.json</c>.</param>
    /// <exception cref="EngineException">The class is missing or unknown, or a value is.</exception>
    public static IScheduler FromConfig(SchedulerConfig config)
    {
        string name = config.ClassName
            ?? throw config.Error($"no _class_name; one of {string.Join(", ", ClassNames)} is expected");
        foreach (Entry entry in Entries)
            if (entry.ClassName == name) return entry.Create(config);
        throw config.Error($"_class_name '{ConfigJson.Shown(name)}' is not supported; supported are {string.Join(", ", ClassNames)}");
    }

    /// <summary>
    /// A scheduler of the caller's choice with the keys it knows of any configuration. A name with <c>_karras</c> turns
    /// Karras sigmas on; one without leaves them as configured.
    /// </summary>
    /// <param name="name">One of <see cref="Names"/> or of <see cref="ClassNames"/>.</param>
    /// <param name="config">Usually the model's own <c>scheduler_config.json</c>.</param>
    /// <exception cref="EngineException">The name is unknown, or a value is.</exception>
    public static IScheduler Create(string name, SchedulerConfig config)
    {
        foreach (Entry entry in Entries)
        {
            if (name == entry.Name || name == entry.ClassName) return entry.Create(config);
            if (entry.Karras && name == entry.Name + KarrasSuffix)
                return entry.Create(config
                    .With("use_karras_sigmas", "true")
                    .With("use_exponential_sigmas", "false")
                    .With("use_beta_sigmas", "false"));
        }

        throw new EngineException($"scheduler '{name}' is unknown; known are {string.Join(", ", Names)}");
    }

    private sealed record Entry(string Name, string ClassName, bool Karras, Func<SchedulerConfig, IScheduler> Create);
}
