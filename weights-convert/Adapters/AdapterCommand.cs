using System.CommandLine;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary><c>adapter IN OUT --format F</c>: a low-rank adapter in another form.</summary>
internal static class AdapterCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var input = new Argument<string>("in")
        {
            Description = "A LoRA file in the form of kohya or diffusers (that of 2023 too), or a folder of PEFT, or one with its folders unet/ and text_encoder/",
        };
        var result = new Argument<string>("out") { Description = "File to write; for peft a folder that does not exist yet" };
        var format = new Option<string>("--format") { Description = AdapterText.FormatHelp, Required = true };
        format.AcceptOnlyFromAmong(AdapterText.Formats);
        Option<string?> model = AdapterNetworks.ModelOption();
        var pad = new Option<bool>("--pad")
        {
            Description = "With diffusers: fill all modules up to one rank and fold their scales in, for versions before 0.34, which ignore alphas",
        };
        var command = new Command("adapter",
            """
            Write a low-rank adapter in another form

            Ranks, alphas, factors and the type they are stored in are kept bit for bit, and so is the metadata of its training; only selora and --pad
            fold scales into the up factors. LoHa, LoKr, DoRA, VeRA and other kinds are refused by name. For example:

              weights-convert adapter pytorch_lora_weights.safetensors my-lora.safetensors --format selora
              weights-convert adapter my-lora.safetensors my-lora-peft --format peft
            """)
        {
            input, result, format, model, pad,
        };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(input), parsed.GetRequiredValue(result),
            AdapterText.Format(parsed.GetRequiredValue(format)), parsed.GetValue(model), parsed.GetValue(pad), output, error));
        return command;
    }

    private static int Run(string input, string result, AdapterFormat format, string? model, bool pad, TextWriter output, TextWriter error)
    {
        if (pad && format != AdapterFormat.Diffusers) throw new EngineException("--pad: goes with --format diffusers only");
        AdapterFileContent content = AdapterReader.Read(input, AdapterNetworks.Roots(model));
        AdapterText.Warn(error, content.Unmatched);
        AdapterText.Warn(error, AdapterWriter.Write(result, format, content.Modules, content.Metadata, pad));
        output.WriteLine($"{result}: {AdapterText.Describe(content.Modules)}; {content.Format} to {format}");
        return 0;
    }
}
