using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.WeightsConvert;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The verbs adapter, merge and resize on a model of a few thousand weights.</summary>
public class AdapterCommandTests
{
    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = Program.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static void AssertRuns(params string[] args)
    {
        (int code, _, string error) = Run(args);
        Assert.True(code == 0, error);
    }

    private static AdapterRoot[] Roots(StableDiffusionModel model) => [new("unet", model.UNet), new("text_encoder", model.TextEncoder)];

    private static float[] Output(StableDiffusionModel model)
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Normal(new Shape(1, 8, 8, 4), 3, 0, Device.Cpu), text = Tensor.Normal(new Shape(1, 10, 12), 4, 0, Device.Cpu);
        return model.UNet.Forward(x, [500f], text).ToArray();
    }

    private static float[] Adapted(StableDiffusionModel model, params AdapterSource[] sources)
    {
        using AdapterSet set = AdapterFile.Load(sources, Roots(model), out IReadOnlyList<string> warnings).Attach();
        Assert.Empty(warnings);
        return Output(model);
    }

    /// <summary>A model folder and a kohya file for it with ranks 1 to 3 and alphas that are no ranks.</summary>
    private static (StableDiffusionModel Model, string Folder, string Adapter) Prepare(TemporaryFolder folder, SafetensorsDType storedAs = SafetensorsDType.F32)
    {
        StableDiffusionModel model = TinyModel.Create();
        string path = folder.File("model"), adapter = folder.File("kohya.safetensors");
        ModelFolder.Save(model, path, storedAs);
        AdapterFileModule[] modules = [.. AdapterTargets.Layers(Roots(model)).Select((target, i) =>
        {
            int rank = 1 + i % 3;
            return new AdapterFileModule(AdapterSlot.Of(target), rank, 0.3f * (1 + i % 4),
                RankBufferTests.Values((ulong)i, rank * target.Linear.InFeatures), RankBufferTests.Values((ulong)i + 50, target.Linear.OutFeatures * rank), SafetensorsDType.F32);
        })];
        AdapterWriter.Write(adapter, AdapterFormat.Kohya, modules, new Dictionary<string, string> { ["ss_steps"] = "7" });
        return (ModelFolder.Open(path).Load(Device.Cpu), path, adapter);
    }

    [Fact]
    public void The_models_output_is_the_same_after_each_conversion()
    {
        using var folder = new TemporaryFolder();
        (StableDiffusionModel model, string modelFolder, string kohya) = Prepare(folder);
        float[] plain = Output(model), adapted = Adapted(model, new AdapterSource(kohya));
        Assert.NotEqual(plain, adapted);
        string last = kohya;
        foreach (string format in (string[])["peft", "diffusers", "kohya"])
        {
            string next = folder.File($"to-{format}");
            AssertRuns("adapter", last, next, "--format", format, "--model", modelFolder);
            Assert.Equal(adapted, Adapted(model, new AdapterSource(next)));
            last = next;
        }
        Assert.Equal(File.ReadAllBytes(kohya), File.ReadAllBytes(last));
        string one = folder.File("one"), padded = folder.File("padded");
        AssertRuns("adapter", kohya, one, "--format", "selora", "--model", modelFolder);
        Closeness.AssertRelativeL2(Adapted(model, new AdapterSource(one)), adapted, 1e-5, "selora");
        AssertRuns("adapter", kohya, padded, "--format", "diffusers", "--pad", "--model", modelFolder);
        Closeness.AssertRelativeL2(Adapted(model, new AdapterSource(padded)), adapted, 1e-5, "padded");
    }

    [Fact]
    public void A_merged_folder_gives_the_output_of_the_adapted_model_and_keeps_the_rest()
    {
        using var folder = new TemporaryFolder();
        (StableDiffusionModel model, string modelFolder, string kohya) = Prepare(folder);
        string merged = folder.File("merged"), undone = folder.File("undone");
        File.WriteAllText(Path.Combine(modelFolder, "unet", "diffusion_pytorch_model.bin"), "old");
        (int code, _, string error) = Run("merge", modelFolder, kohya + ":0.7", merged);
        Assert.Equal(0, code);
        Assert.Contains("diffusion_pytorch_model.bin: not copied", error);
        Closeness.AssertRelativeL2(Output(ModelFolder.Open(merged).Load(Device.Cpu)), Adapted(model, new AdapterSource(kohya, 0.7f)), 1e-5, "merged");
        AssertRuns("merge", merged, kohya + ":-0.7", undone);
        Closeness.AssertRelativeL2(Output(ModelFolder.Open(undone).Load(Device.Cpu)), Output(model), 1e-5, "undone");
        foreach (string file in (string[])["vae/diffusion_pytorch_model.safetensors", "model_index.json", "unet/config.json"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(modelFolder, file)), File.ReadAllBytes(Path.Combine(merged, file)));

        (code, _, error) = Run("merge", modelFolder, kohya, merged);
        Assert.Equal(1, code);
        Assert.Contains("exists already", error);
        Assert.Contains("lies in the model", Run("merge", modelFolder, kohya, Path.Combine(modelFolder, "out")).Error);
        Assert.DoesNotContain(Directory.GetFileSystemEntries(folder.Path), name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void Merging_keeps_the_type_of_weights_and_refuses_what_float16_cannot_hold()
    {
        using var folder = new TemporaryFolder();
        (StableDiffusionModel model, string modelFolder, string kohya) = Prepare(folder, SafetensorsDType.F16);
        string merged = folder.File("merged");
        AssertRuns("merge", modelFolder, kohya, merged);
        using (SafetensorsReader file = SafetensorsReader.Open(Path.Combine(merged, "unet/diffusion_pytorch_model.safetensors")))
            Assert.All(file.Tensors.Values, t => Assert.Equal(SafetensorsDType.F16, t.DType));
        // The same sums, rounded to float16 once, as merging in memory.
        using AdapterSet set = AdapterFile.Load(kohya, Roots(model), out _);
        set.Merge();
        Assert.Equal(Output(model), Output(ModelFolder.Open(merged).Load(Device.Cpu)));
        (int code, _, string error) = Run("merge", modelFolder, kohya + ":1e9", folder.File("none"));
        Assert.Equal(1, code);
        Assert.Contains("F16 cannot", error);
        Assert.False(Directory.Exists(folder.File("none")));
    }

    [Fact]
    public void Resizing_keeps_the_energy_it_says()
    {
        using var folder = new TemporaryFolder();
        (_, string modelFolder, string kohya) = Prepare(folder);
        string small = folder.File("small.safetensors");
        (int code, string output, string error) = Run("resize", kohya, small, "--rank", "1", "--model", modelFolder);
        Assert.True(code == 0, error);
        IReadOnlyList<AdapterRoot> roots = AdapterNetworks.Roots(modelFolder);
        IReadOnlyList<AdapterFileModule> before = AdapterReader.Read(kohya, roots).Modules, after = AdapterReader.Read(small, roots).Modules;
        Assert.All(after, m => Assert.Equal(1, m.Rank));
        foreach ((AdapterFileModule a, AdapterFileModule b) in before.Zip(after))
        {
            float[] full = new float[a.Slot.Out * a.Slot.In], less = (float[])full.Clone();
            a.AddTo(full);
            b.AddTo(less);
            // What is cut off is orthogonal to what stays: energies add up.
            double total = full.Sum(v => (double)v * v), kept = less.Sum(v => (double)v * v), lost = full.Zip(less, (x, y) => Math.Pow(x - y, 2)).Sum();
            Assert.Equal(1, (kept + lost) / total, 1e-5);
            string line = output.Split('\n').Single(l => l.StartsWith(a.Slot.FullName + " ", StringComparison.Ordinal));
            Assert.Equal(kept / total, double.Parse(line.Trim().Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture), 1e-4);
        }
        string same = folder.File("same.safetensors");
        AssertRuns("resize", kohya, same, "--energy", "1", "--model", modelFolder);
        AdapterFormatTests.AssertSame(before, AdapterReader.Read(same, roots).Modules);
        string most = folder.File("most.safetensors");
        AssertRuns("resize", kohya, most, "--energy", "0.7", "--model", modelFolder);
        Assert.True(AdapterReader.Read(most, roots).Modules.Sum(m => m.Rank) < before.Sum(m => m.Rank));
    }

    [Theory]
    [InlineData("adapter", "none.safetensors", "out", "--format", "kohya", 1, "no such file")]
    [InlineData("adapter", "none.safetensors", "out", "--format", "lora", 2, "lora")]
    [InlineData("resize", "none.safetensors", "out", "--rank", "0", 1, "at least 1")]
    [InlineData("resize", "none.safetensors", "out", "--energy", "2", 1, "at most 1")]
    [InlineData("merge", "none", "a", "b", "c", 1, "no such folder")]
    public void Wrong_use_is_one_line(string verb, string a, string b, string c, string d, int code, string part)
    {
        (int actual, _, string error) = Run(verb, a, b, c, d);
        Assert.Equal(code, actual);
        Assert.Contains(part, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }
}
