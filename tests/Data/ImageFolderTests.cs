using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

public sealed class ImageFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("selora-folder-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Csv_rows_become_samples_in_order()
    {
        Image("b.png");
        Image("sub/a.png");
        Write("metadata.csv", "file_name,text\r\nsub/a.png,\"one, with a comma\"\r\n\r\nb.png,  two \r\n");
        ImageFolder data = ImageFolder.Load(_folder);
        Assert.Equal(["one, with a comma", "two"], data.Samples.Select(s => s.Caption));
        Assert.Equal(["a.png", "b.png"], data.Samples.Select(s => Path.GetFileName(s.Path)));
        Assert.Empty(data.Problems);
        Assert.Empty(data.Notes);
    }

    [Fact]
    public void Jsonl_rows_become_samples_and_another_caption_key_is_noted()
    {
        Image("a.png");
        Write("metadata.jsonl", """
            {"file_name": "a.png", "caption": "ein Ö"}
            """);
        ImageFolder data = ImageFolder.Load(_folder);
        Assert.Equal("ein Ö", Assert.Single(data.Samples).Caption);
        Assert.Contains("column caption", Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Caption_column_can_be_named()
    {
        Image("a.png");
        Write("metadata.csv", "file_name,text,finding\na.png,x,y\n");
        Assert.Equal("y", ImageFolder.Load(_folder, captionColumn: "finding").Samples[0].Caption);
        var e = Assert.Throws<EngineException>(() => ImageFolder.Load(_folder, captionColumn: "nope"));
        Assert.Contains("no column nope", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_bad_row_is_reported_with_its_row_number()
    {
        Image("good.png");
        Image("../" + Path.GetFileName(_folder) + "/empty.png");
        Write("broken.png", "not an image");
        Write("metadata.csv", """
            file_name,text
            good.png,fine
            missing.png,x
            broken.png,x
            good.png,again
            empty.png,"  "
            ../outside.png,x
            /etc/passwd,x
            good.png,too,many
            ,x
            """);
        var e = Assert.Throws<EngineException>(() => ImageFolder.Load(_folder));
        Assert.Contains("8 of 9 rows", e.Message, StringComparison.Ordinal);
        Assert.Contains("metadata.csv row 3: missing.png: no such file", e.Message, StringComparison.Ordinal);
        Assert.Contains("and 3 more", e.Message, StringComparison.Ordinal);
        Assert.Contains("--skip-bad", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);

        ImageFolder data = ImageFolder.Load(_folder, skipBad: true);
        Assert.Equal("fine", Assert.Single(data.Samples).Caption);
        Assert.Equal([3, 4, 5, 6, 7, 8, 9, 10], data.Problems.Select(p => p.Row));
        string[] says = ["no such file", "neither PNG nor JPEG", "row 2", "empty caption", "leaves", "absolute", "3 fields", "empty file_name"];
        Assert.All(says.Zip(data.Problems), pair => Assert.Contains(pair.First, pair.Second.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Malformed_quotes_are_reported_in_their_own_row()
    {
        Image("a.png");
        Image("b.png");
        Write("metadata.csv", "file_name,text\n\na.png,\"two\nlines\"\nx.png,a \"quoted\" word\nb.png,fine\nc.png,\"open\n");
        ImageFolder data = ImageFolder.Load(_folder, skipBad: true);
        Assert.Equal(["two\nlines", "fine"], data.Samples.Select(s => s.Caption));
        Assert.Equal([5, 7], data.Problems.Select(p => p.Row));
        Assert.Contains("not doubled", data.Problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("never closed", data.Problems[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Short_rows_below_thousands_of_columns_take_no_more_memory_than_they_have()
    {
        Image("a.png");
        Write("metadata.csv", "file_name,text" + string.Concat(Enumerable.Repeat(",x", 10_000)) + "\n" + string.Concat(Enumerable.Repeat("a\n", 10_000)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(10_000, MetadataFile.Read(Path.Combine(_folder, "metadata.csv"), null, []).Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void Jsonl_with_text_that_is_not_unicode_is_a_bad_row_and_another_kind_of_file_is_given_up()
    {
        Image("a.png");
        Write("metadata.jsonl", "{\"file_name\": \"a.png\", \"text\": \"x\"}\n{\"file_name\": \"\\ud800\", \"text\": \"x\"}\n");
        Assert.Equal(2, Assert.Single(ImageFolder.Load(_folder, skipBad: true).Problems).Row);
        Write("metadata.jsonl", string.Concat(Enumerable.Repeat("x\n", 1001)));
        Assert.Contains("more than 1000 lines", Assert.Throws<EngineException>(() => ImageFolder.Load(_folder, skipBad: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_jsonl_rows_are_reported_with_their_line()
    {
        Image("a.png");
        Write("metadata.jsonl", "{\"file_name\": \"a.png\", \"text\": \"x\"}\n\n{\"file_name\": 3, \"text\": \"x\"}\n[1]\n{\"text\": \"x\"}\n{oops\n");
        ImageFolder data = ImageFolder.Load(_folder, skipBad: true);
        Assert.Single(data.Samples);
        Assert.Equal([3, 4, 5, 6], data.Problems.Select(p => p.Row));
    }

    [Fact]
    public void No_usable_row_is_an_error_even_when_skipping()
    {
        Write("metadata.csv", "file_name,text\nmissing.png,x\n");
        Assert.Contains("none of 1", Assert.Throws<EngineException>(() => ImageFolder.Load(_folder, skipBad: true)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metadata.csv", "", "empty")]
    [InlineData("metadata.csv", "file_name,text\n", "no rows")]
    [InlineData("metadata.csv", "image,text\na.png,x\n", "no column file_name")]
    [InlineData("metadata.csv", "file_name;text\na.png;x\n", "comma")]
    [InlineData("metadata.csv", "file_name,label\na.png,x\n", "no column text")]
    [InlineData("metadata.parquet", "PAR1", "Parquet")]
    [InlineData("readme.txt", "hello", "metadata.csv")]
    public void Unusable_metadata_says_what_is_expected(string file, string content, string says)
    {
        Write(file, content);
        var e = Assert.Throws<EngineException>(() => ImageFolder.Load(_folder));
        Assert.StartsWith(_folder, e.Message, StringComparison.Ordinal);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_that_is_not_utf8_is_an_error()
    {
        File.WriteAllBytes(Path.Combine(_folder, "metadata.csv"), [.. "file_name,text\na.png,caf"u8, 0xE9, (byte)'\n']);
        Assert.Contains("UTF-8", Assert.Throws<EngineException>(() => ImageFolder.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Image_without_a_row_is_noted()
    {
        Image("a.png");
        Image("extra.png");
        Write("metadata.csv", "file_name,text\na.png,x\n");
        Assert.Contains("extra.png", Assert.Single(ImageFolder.Load(_folder).Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Splits_are_read_from_subfolders()
    {
        foreach (string split in new[] { "train", "validation" })
        {
            Image($"{split}/a.png");
            Write($"{split}/metadata.csv", $"file_name,text\na.png,{split}\n");
        }
        ImageFolderSplits splits = ImageFolder.LoadSplits(_folder);
        Assert.Equal("train", splits.Train.Samples[0].Caption);
        Assert.Equal("validation", splits.Validation!.Samples[0].Caption);
    }

    [Fact]
    public void Kohya_folders_repeat_their_images()
    {
        Image("3_lungs/a.png");
        Write("3_lungs/a.txt", "a lung\n");
        Image("b.png");
        Write("b.caption", "b");
        ImageFolder data = ImageFolder.Load(_folder);
        Assert.Equal(["b", "a lung", "a lung", "a lung"], data.Samples.Select(s => s.Caption));

        Image("3_lungs/c.png");
        Assert.Contains("c.txt", Assert.Throws<EngineException>(() => ImageFolder.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("brats/train")]
    [InlineData("brats/test")]
    [InlineData("picai/train")]
    public void Real_folder_loads_without_a_problem(string folder)
    {
        string path = RealData.Require(folder);
        ImageFolder data = ImageFolder.Load(path);
        int rows = File.ReadLines(Path.Combine(path, "metadata.csv")).Count(l => l.Length > 0) - 1;
        Assert.Equal(rows, data.Samples.Count);
        Assert.All(data.Samples, s => Assert.Contains("MRI", s.Caption, StringComparison.Ordinal));
        float[] pixels = ImageLoader.LoadSignedUnit(data.Samples[0].Path, 64);
        Assert.Equal(64 * 64 * 3, pixels.Length);
        Assert.True(pixels.Max() > 0 && pixels.Min() < -0.5f);
    }

    private void Image(string name)
    {
        var image = new RgbImage(3, 2);
        image.Pixels[0] = 200;
        ImageFile.SavePng(Path.Combine(_folder, name), image);
    }

    private void Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
