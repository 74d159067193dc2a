using System.CommandLine;

namespace SeLoRA.Train;

/// <summary>What an evaluation is asked for, beside what the run itself says.</summary>
/// <param name="Inception">Weights of Inception v3 for FID; null: the distance in the latents of the model's own VAE.</param>
/// <param name="Clip">Folder of a CLIP model; null: no CLIP score.</param>
/// <param name="Count">Images; null: all that are held out.</param>
internal sealed record EvaluationOptions(string? Inception, string? Clip, int? Count);

/// <summary>The options of the command line that <see cref="EvaluationOptions"/> are read from.</summary>
internal sealed class EvaluationArguments
{
    private readonly Option<string?> inception = new("--inception") { HelpName = "FILE", Description = "Inception v3 of pytorch-fid as safetensors, for FID; without it a distance that is not FID is measured." };
    private readonly Option<string?> clip = new("--clip") { HelpName = "DIR", Description = "CLIP model, such as clip-vit-large-patch14, for the CLIP score." };
    private readonly Option<int?> count = new("--count") { HelpName = "N", Description = $"Images to generate, one a test prompt (all; {HeldOutImages.PhantomsDefault} phantoms)." };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[inception, clip, count]) command.Options.Add(option);
    }

    /// <summary>What the command line gives.</summary>
    public EvaluationOptions Read(ParseResult result) => new(result.GetValue(inception), result.GetValue(clip), result.GetValue(count));
}
