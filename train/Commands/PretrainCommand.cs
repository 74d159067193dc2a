using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>pretrain: make the built-in mini model from nothing, on drawn radiographs.</summary>
internal static class PretrainCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var outOption = new Option<string>("--out") { HelpName = "DIR", Description = "Folder of the model (mini).", DefaultValueFactory = _ => "mini" };
        var count = new Option<int>("--phantoms") { HelpName = "N", Description = "Radiographs to draw (6000).", DefaultValueFactory = _ => 6000 };
        var vaeSteps = new Option<int>("--vae-steps") { HelpName = "N", Description = "Steps of the autoencoder (2000); 0 keeps the one in --out.", DefaultValueFactory = _ => 2000 };
        var steps = new Option<int>("--steps") { HelpName = "N", Description = "Steps of text encoder and U-Net (4500).", DefaultValueFactory = _ => 4500 };
        var batch = new Option<int>("--batch") { HelpName = "N", Description = "Images a step (16).", DefaultValueFactory = _ => 16 };
        var seed = new Option<ulong>("--seed") { HelpName = "N", Description = "Seed of everything random (1).", DefaultValueFactory = _ => 1 };
        var device = new Option<string>("--device") { HelpName = "NAME", Description = "auto, cpu, cuda:0, opencl:0.", DefaultValueFactory = _ => "auto" };
        var command = new Command("pretrain",
            "Train the mini model from nothing: tokeniser, autoencoder, text encoder and U-Net, on drawn radiographs. "
            + "The shipped weights come from this command with its defaults.")
        { outOption, count, vaeSteps, steps, batch, seed, device };
        command.SetAction((result, cancel) =>
        {
            Pretraining.Run(result.GetValue(outOption)!, result.GetValue(count), result.GetValue(vaeSteps), result.GetValue(steps),
                result.GetValue(batch), result.GetValue(seed), Device.Parse(result.GetValue(device)!), cancel);
            return Task.FromResult(0);
        });
        return command;
    }
}
