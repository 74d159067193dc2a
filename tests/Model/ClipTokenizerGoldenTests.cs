using System.Text.Json;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Token ids of real and hard prompts with CLIP's own vocabulary.</summary>
[Trait("Category", "Golden")]
public sealed class ClipTokenizerGoldenTests
{
    [Fact]
    public void Encode_EveryGoldenPrompt_IsExact()
    {
        string path = GoldenData.File("text/tokens.json");
        ClipTokenizer tokenizer = ClipTokenizer.FromFolder(RealData.Require("clip"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
        Assert.Equal(json.RootElement.GetProperty("vocab").GetInt32(), tokenizer.Vocabulary.Count);

        var wrong = new List<string>();
        foreach (JsonElement item in json.RootElement.GetProperty("items").EnumerateArray())
        {
            string prompt = item.GetProperty("prompt").GetString()!;
            // Where OpenAI's code and the Hugging Face tokenizer differ, ours is the latter.
            bool contested = item.TryGetProperty("ids_hf", out JsonElement expected);
            if (!contested) expected = item.GetProperty("ids");
            int[] ids = [.. expected.EnumerateArray().Select(id => id.GetInt32())];
            int[] actual = tokenizer.Encode(prompt);
            if (!ids.AsSpan().SequenceEqual(actual))
                wrong.Add($"{prompt}: {string.Join(' ', actual)} instead of {string.Join(' ', ids)}");
            else if (!contested && item.GetProperty("tokens").GetInt32() != tokenizer.CountTokens(prompt))
                wrong.Add($"{prompt}: {tokenizer.CountTokens(prompt)} tokens instead of {item.GetProperty("tokens")}");
        }

        Assert.Empty(wrong);
    }
}
