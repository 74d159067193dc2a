using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Arguments of a scheduler's step besides model output, timestep and sample; each sampler reads its own.</summary>
public sealed record StepOptions
{
    /// <summary>DDIM: 0 is deterministic, 1 has DDPM's variance (Song et al. 2021, eq. 16).</summary>
    public double Eta { get; init; }

    /// <summary>DDIM: derive the noise again from the clipped x0, as GLIDE does.</summary>
    public bool UseClippedModelOutput { get; init; }

    /// <summary>Euler: noise added per run (Karras et al. 2022, algorithm 2); 0 is deterministic.</summary>
    public double SChurn { get; init; }

    /// <summary>Euler: churn only at or above this sigma.</summary>
    public double STmin { get; init; }

    /// <summary>Euler: churn only at or below this sigma.</summary>
    public double STmax { get; init; } = double.PositiveInfinity;

    /// <summary>Euler: factor on the churned noise.</summary>
    public double SNoise { get; init; } = 1;

    /// <summary>LMS: number of derivatives combined, 1 to 4 or more.</summary>
    public int Order { get; init; } = 4;

    /// <summary>Reads the options from an object with diffusers' argument names.</summary>
    /// <param name="json">An object such as <c>{"eta": 1.0}</c>.</param>
    /// <exception cref="EngineException">An argument is unknown.</exception>
    public static StepOptions FromJson(JsonElement json)
    {
        var options = new StepOptions();
        foreach (JsonProperty property in json.EnumerateObject())
        {
            JsonElement value = property.Value;
            options = property.Name switch
            {
                "eta" => options with { Eta = value.GetDouble() },
                "use_clipped_model_output" => options with { UseClippedModelOutput = value.GetBoolean() },
                "s_churn" => options with { SChurn = value.GetDouble() },
                "s_tmin" => options with { STmin = value.GetDouble() },
                "s_tmax" => options with { STmax = value.GetDouble() },
                "s_noise" => options with { SNoise = value.GetDouble() },
                "order" => options with { Order = value.GetInt32() },
                string other => throw new EngineException(
                    $"step argument '{other}' is unknown; known are eta, use_clipped_model_output, s_churn, s_tmin, "
                    + "s_tmax, s_noise, order"),
            };
        }

        return options;
    }
}
