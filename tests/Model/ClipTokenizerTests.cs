using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Tokenizer and vocabulary training on small vocabularies, which need no file from elsewhere.</summary>
public sealed class ClipTokenizerTests
{
    private static readonly string[] Captions =
    [
        "small effusion in the left lung",
        "large effusion in the right lung, small nodule",
        "no effusion; the left lung is clear",
        "pneumothorax, right lung",
    ];

    [Fact]
    public void Train_SameCaptions_GivesTheSameVocabularyInClipsOrder()
    {
        ClipVocabulary first = ClipVocabularyTrainer.Train(Captions, 530);
        ClipVocabulary second = ClipVocabularyTrainer.Train(Captions, 530);

        Assert.Equal(530, first.Count);
        Assert.Equal(first.Merges, second.Merges);
        Assert.Equal(0, first.Ids["!"]);
        Assert.Equal(256, first.Ids["!</w>"]);
        Assert.Equal(528, first.Ids["<|startoftext|>"]);
        Assert.Equal(529, first.Ids["<|endoftext|>"]);
    }

    [Fact]
    public void Train_MostFrequentPair_IsMergedFirst()
    {
        // (b, c) occurs 5 times, (a, b) 3 times; once b and c are one, so do (a, bc) and (bc, x): ordinal order decides.
        ClipVocabulary vocabulary = ClipVocabularyTrainer.Train(["abcx abcx abcx bcy bcy"], 517);

        Assert.Equal([("b", "c"), ("a", "bc"), ("abc", "x</w>")], vocabulary.Merges);
    }

    [Fact]
    public void Train_NothingLeftToMerge_StopsBelowTheSize() =>
        Assert.Equal(ClipVocabularyTrainer.MinSize, ClipVocabularyTrainer.Train(["abc"], 600).Count);

    [Fact]
    public void Train_SizeBelowTheBytes_SaysTheLeast() =>
        Assert.Contains("514 is the least", Assert.Throws<EngineException>(() => ClipVocabularyTrainer.Train([], 100)).Message);

    [Fact]
    public void SaveAndLoad_TrainedVocabulary_EncodesAlike()
    {
        using var folder = new TemporaryFolder();
        ClipVocabulary vocabulary = ClipVocabularyTrainer.Train(Captions, 560);
        vocabulary.Save(folder.Path);
        var before = new ClipTokenizer(vocabulary);
        ClipTokenizer after = ClipTokenizer.FromFolder(folder.Path);

        Assert.Equal(vocabulary.Merges, after.Vocabulary.Merges);
        foreach (string text in (string[])[.. Captions, "Ünseen wörds 12 \U0001F642"])
        {
            int[] ids = after.Encode(text);
            Assert.Equal(before.Encode(text), ids);
            Assert.Equal(after.Encode(after.Decode(ids)), ids);
        }

        Assert.True(after.CountTokens(Captions[0]) < Captions[0].Length / 2, "merges are not used");
    }

    [Fact]
    public void Encode_Layout_IsStartContentEndPadding()
    {
        ClipTokenizer tokenizer = Small();
        int[] ids = tokenizer.Encode("ab");

        Assert.Equal(77, ids.Length);
        Assert.Equal(tokenizer.StartId, ids[0]);
        Assert.Equal([tokenizer.Vocabulary.Ids["a"], tokenizer.Vocabulary.Ids["b</w>"], tokenizer.EndId], ids[1..4]);
        Assert.All(ids[4..], id => Assert.Equal(tokenizer.PadId, id));
    }

    [Fact]
    public void Encode_LongPrompt_IsCutToLengthMinusTwo()
    {
        ClipTokenizer tokenizer = Small();
        string prompt = string.Join(' ', Enumerable.Repeat("a", 100));
        int[] ids = tokenizer.Encode(prompt);

        Assert.Equal(100, tokenizer.CountTokens(prompt));
        Assert.Equal(tokenizer.EndId, ids[76]);
        Assert.All(ids[1..76], id => Assert.Equal(tokenizer.Vocabulary.Ids["a</w>"], id));
    }

    [Theory]
    [InlineData("Cafe\u0301", "caf\u00E9")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1100\u1161\u11A8 \u2126 \u212B", "\uAC01 \u03C9 \u00E5")]
    [InlineData("\u0130STANBUL", "i\u0307stanbul")]
    [InlineData("\u039F\u0394\u03A5\u03A3\u03A3\u0395\u03A5\u03A3, \u03A3", "\u03BF\u03B4\u03C5\u03C3\u03C3\u03B5\u03C5\u03C2, \u03C3")]
    [InlineData("\u0391\u03A3'\u0391 \u0391\u03A3'", "\u03B1\u03C3'\u03B1 \u03B1\u03C2'")]
    [InlineData("GRO\u1E9E \U00010400", "gro\u00DF \U00010428")]
    [InlineData("a\t \r\n\u00A0\u3000b", "a b")]
    [InlineData("\u0958 \u0344", "\u0915\u093C \u0308\u0301")]
    public void Normalize_UnicodeText_IsComposedLowerCase(string text, string expected) =>
        Assert.Equal(expected, ClipText.Normalize(text));

    [Theory]
    [InlineData("it's 10% o'neil's !'s", "it|'s|1|0|%|o|'|neil|'s|!'|s")]
    [InlineData("\U0001D400\U0001D401!\u00BD \U00020000x", "\U0001D400\U0001D401|!|\u00BD|\U00020000x")]
    [InlineData("'re'llve  '", "'re|'ll|ve|'")]
    public void Split_Words_FollowsClipsPattern(string text, string expected) =>
        Assert.Equal(expected.Split('|'), ClipText.Split(text));

    [Fact]
    public void Encode_LiteralSpecialTokens_AreThoseTokensInTheirExactCase()
    {
        ClipTokenizer tokenizer = Small();
        int[] ids = tokenizer.Encode("a<|endoftext|>b<|EndOfText|>");

        Assert.Equal([tokenizer.Vocabulary.Ids["a</w>"], tokenizer.EndId, tokenizer.Vocabulary.Ids["b</w>"]], ids[1..4]);
        Assert.Equal(tokenizer.Vocabulary.Ids["<"], ids[4]);
    }

    [Fact]
    public void FromFolder_TokenizerConfig_ChoosesPaddingAndLength()
    {
        using var folder = new TemporaryFolder();
        ClipVocabularyTrainer.Train([], 514).Save(folder.Path);
        File.WriteAllText(
            Path.Combine(folder.Path, "tokenizer_config.json"),
            """{"pad_token": "!", "eos_token": {"content": "<|endoftext|>"}, "model_max_length": 5}""");
        ClipTokenizer tokenizer = ClipTokenizer.FromFolder(folder.Path);

        Assert.Equal([tokenizer.StartId, 256, tokenizer.EndId, 0, 0], tokenizer.Encode("!"));
        Assert.Equal("!", tokenizer.Decode(tokenizer.Encode("!")));
    }

    [Theory]
    [InlineData("merges.txt", "#version: 0.2\na b c\n", "line 2 'a b c' is not two tokens")]
    [InlineData("merges.txt", "#version: 0.2\na b\n", "line 2 needs token 'ab'")]
    [InlineData("vocab.json", "{\"a\": 1}", "token 'a' has id 1")]
    [InlineData("vocab.json", "[1]", "no JSON object")]
    [InlineData("vocab.json", "{\"a\": 0}", "no token '!'")]
    [InlineData("tokenizer_config.json", "{\"pad_token\": \"nope\"}", "padding token 'nope' is not in the vocabulary")]
    [InlineData("tokenizer_config.json", "{\"pad_token\": 3}", "no valid tokenizer configuration")]
    [InlineData("tokenizer_config.json", "{\"model_max_length\": 2000000000}", "65536 is the most")]
    public void FromFolder_BrokenFile_SaysWhatIsWrong(string file, string contents, string message)
    {
        using var folder = new TemporaryFolder();
        ClipVocabularyTrainer.Train([], 514).Save(folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, file), contents);

        Assert.Contains(message, Assert.Throws<EngineException>(() => ClipTokenizer.FromFolder(folder.Path)).Message);
    }

    [Fact]
    public void FromFolder_EmptySpecialToken_IsRefused()
    {
        using var folder = new TemporaryFolder();
        ClipVocabularyTrainer.Train([], 514).Save(folder.Path);
        string vocabulary = Path.Combine(folder.Path, "vocab.json");
        File.WriteAllText(vocabulary, File.ReadAllText(vocabulary).TrimEnd()[..^1] + ",\"\":514}");
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer_config.json"), "{\"bos_token\": \"\"}");
        string message = Assert.Throws<EngineException>(() => ClipTokenizer.FromFolder(folder.Path)).Message;
        Assert.StartsWith(folder.Path, message);
        Assert.Contains("start token '' is not", message);
    }

    [Fact]
    public void FromFolder_NoFiles_NamesTheMissingFile()
    {
        using var folder = new TemporaryFolder();
        string message = Assert.Throws<EngineException>(() => ClipTokenizer.FromFolder(folder.Path)).Message;
        Assert.Contains("vocab.json: no such file", message);
    }

    private static ClipTokenizer Small() => new(ClipVocabularyTrainer.Train([], 514));
}
