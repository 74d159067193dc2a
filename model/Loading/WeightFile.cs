using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The weights in a model part's folder, under one of the names that are in use.</summary>
internal static class WeightFile
{
    // The plain file first, as diffusers does, safetensors before pickles, and an index for several files.
    public static ITensorSource Open(string folder, string stem)
    {
        // transformers' old name.
        string pickled = stem == "model" ? "pytorch_model" : stem;
        string[] names =
        [
            .. Names(stem, "safetensors", ""), .. Names(stem, "safetensors", ".fp16"),
            .. Names(pickled, "bin", ""), .. Names(pickled, "bin", ".fp16"),
        ];
        foreach (string name in names)
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path)) return TensorFile.Open(path);
        }
        throw new EngineException($"{folder}: has no weights; {stem}.safetensors, {stem}.fp16.safetensors, {stem}.safetensors.index.json or {pickled}.bin is needed");
    }

    // diffusers puts the variant before the last ending of an index, transformers before the first.
    private static IEnumerable<string> Names(string stem, string ending, string variant) =>
    [
        $"{stem}{variant}.{ending}", $"{stem}.{ending}.index{variant}.json", $"{stem}{variant}.{ending}.index.json",
    ];
}
