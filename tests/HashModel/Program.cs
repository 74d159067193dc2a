// Writes a diffusers folder of the full SD-1.5 architecture whose weights are hash values: real sizes and the real layout, for trying
// out the whole way from files to training where the published weights cannot be had.
//   dotnet run -c Release --project tests/HashModel -- OUT_DIR CLIP_VOCABULARY_DIR
using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.Tests;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: HashModel OUT_DIR CLIP_VOCABULARY_DIR (with vocab.json and merges.txt)");
    return 2;
}
const long Seed = 1;
var model = new StableDiffusionModel(new UNet2DConditionModel(new UNetConfig()), new AutoencoderKL(new VaeConfig()),
    new ClipTextModel(new ClipTextConfig()), ClipTokenizer.FromFolder(args[1]), SchedulerConfig.Parse(
    """
    {
      "_class_name": "PNDMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": false,
      "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1
    }
    """));
foreach (Module module in (Module[])[model.UNet, model.Vae, model.TextEncoder])
    foreach ((string name, Parameter parameter) in module.NamedParameters())
    {
        var values = new float[parameter.FileShape.Count];
        HashTensor.FillWeight(name, [.. parameter.FileShape.ToArray().Select(d => (long)d)], Seed, 0, values);
        parameter.Load(values, Device.Cpu);
    }
ModelFolder.Save(model, args[0], SafetensorsDType.F16);
Console.WriteLine($"written to {args[0]}");
return 0;
