using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// Writes PEFT's form: a folder for each network, <c>unet</c> and <c>text_encoder</c>, with <c>adapter_config.json</c> and
/// <c>adapter_model.safetensors</c>.
/// </summary>
internal static class PeftFolder
{
    /// <summary>Writes the folder beside its place and moves it there when it is complete.</summary>
    /// <exception cref="EngineException">Something has this name already, or the system refuses the writing.</exception>
    public static void Write(string path, IReadOnlyList<AdapterFileModule> modules, IReadOnlyDictionary<string, string> metadata) =>
        AtomicFolder.Write(path, folder =>
        {
            foreach (IGrouping<string, AdapterFileModule> network in modules.GroupBy(m => m.Slot.Root.Name))
            {
                string part = Path.Combine(folder, network.Key);
                Directory.CreateDirectory(part);
                string file = Path.Combine(part, PeftConfig.TensorsFileName);
                AdapterTensors.PeftWriter(path, network, _ => AdapterSlots.PeftPrefix, metadata).Save(file);
                string json = Config([.. network]).ToJsonString(new JsonSerializerOptions { WriteIndented = true });
                AtomicFile.Write(Path.Combine(part, PeftConfig.FileName), stream => stream.Write(Encoding.UTF8.GetBytes(json + "\n")));
            }
        });

    /// <summary>
    /// PEFT's configuration of one network's modules. The commonest rank and alpha stand for all; modules that differ have both in the
    /// patterns, under their full names, which match nothing else.
    /// </summary>
    public static JsonObject Config(IReadOnlyList<AdapterFileModule> modules)
    {
        (int rank, float alpha) = modules.GroupBy(m => (m.Rank, m.Alpha)).MaxBy(g => g.Count())!.Key;
        JsonObject ranks = [], alphas = [];
        foreach (AdapterFileModule module in modules.Where(m => m.Rank != rank || m.Alpha != alpha))
        {
            ranks[module.Slot.ModuleName] = module.Rank;
            alphas[module.Slot.ModuleName] = Number(module.Alpha);
        }
        return new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = null,
            ["base_model_name_or_path"] = null,
            ["inference_mode"] = true,
            ["r"] = rank,
            ["lora_alpha"] = Number(alpha),
            ["target_modules"] = new JsonArray([.. modules.Select(m => JsonValue.Create(m.Slot.ModuleName))]),
            ["rank_pattern"] = ranks,
            ["alpha_pattern"] = alphas,
            ["lora_dropout"] = 0.0,
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["init_lora_weights"] = true,
            ["use_rslora"] = false,
            ["use_dora"] = false,
            ["modules_to_save"] = null,
            ["layers_to_transform"] = null,
            ["layers_pattern"] = null,
        };
    }

    // PEFT declares alphas as integers; others work too.
    private static JsonValue Number(float value) =>
        value == MathF.Floor(value) && MathF.Abs(value) < 1 << 24 ? JsonValue.Create((int)value) : JsonValue.Create(value);
}
