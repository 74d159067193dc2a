using System.Text;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Files of training runs: configuration, checkpoints, tables.</summary>
public class RunFuzzTests
{
    [Fact]
    public void Configs_of_runs_are_read_or_refused()
    {
        string text = new RunConfig { Model = "sd15", Rank = 4, Alpha = 8, Steps = 10, Prompts = ["left effusion", "x"], RankKept = 2, Out = "runs/x" }.ToJson();
        using var run = new FuzzRun("config of a run", factor: 64, floor: 256 << 10);
        run.Run("config.json", [Encoding.UTF8.GetBytes(text)], random => TextMutations.Apply(text, random), path =>
        {
            RunConfig config = RunConfig.Read(path);
            try
            {
                Methods.Of(config.Resolve());
            }
            catch (EngineException e)
            {
                // These name the option, which the command line may have given as well.
                FuzzRun.CheckLine(e.Message);
            }
        });
    }

    [Fact]
    public void Checkpoints_of_runs_are_read_or_refused()
    {
        AdapterRoot[] roots = [new("unet", new SmallNetwork(Device.Cpu))];
        using AdapterSet set = new SeLoRAConfig().Create(roots, AdapterTargets.All, seed: 1);
        using var made = new TemporaryFolder();
        new CheckpointFile(3, 0.5, 2, set.Save()).Save(made.Path);
        byte[] file = File.ReadAllBytes(made.File("step-000003.safetensors"));
        using var run = new FuzzRun("checkpoint of a run", factor: 64, floor: 512 << 10);
        run.Run("step-000003.safetensors", [file], random => SafetensorsMutations.Apply(file, random), path =>
        {
            CheckpointFile checkpoint = CheckpointFile.Newest(Path.GetDirectoryName(path)!)!;
            try
            {
                set.Restore(checkpoint.Tensors);
            }
            catch (EngineException e)
            {
                // The set does not know where its state comes from.
                FuzzRun.CheckLine(e.Message);
            }
        });
    }

    [Fact]
    public void Folders_of_runs_are_read_or_refused()
    {
        string[] files = ["config.json", "metrics.csv", "ranks.csv", "summary.json", "evaluation.json"];
        string[] texts =
        [
            """{"method": "selora", "steps": 3, "prompts": ["a", "b"], "out": null}""",
            MetricsRow.Header + "\n0,0,,0.5,10,,,12\n1,1,0.4,,10,0.1,5.0,12\n2,1,0.3,0.4,11,0.1,5.0,12\n",
            "step,module,rank,fi_original,fi_expanded,ratio,grown\n1,unet.a,1,0.1,0.2,1.2,1\n2,unet.b,2,,,,-1\n",
            """{"device": "cpu", "trainImages": 3, "validationImages": 1, "bestStep": 2, "bestValidation": 0.4, "networks": [], "ranks": {"unet.a": 2}}""",
            """{"metrics": {"FID": 1.5, "CLIP": 20}, "images": 3}""",
        ];
        using var run = new FuzzRun("folder of a run", factor: 256, floor: 512 << 10);
        run.Run(files, texts.Select((t, i) => (i, Encoding.UTF8.GetBytes(t))), random =>
        {
            int file = random.Below(files.Length);
            return (file, TextMutations.Apply(texts[file], random));
        }, folder => RunRecord.Read(folder));
    }

    [Fact]
    public void Event_files_are_read_or_refused()
    {
        using var made = new TemporaryFolder();
        using (var file = new EventFile(made.Path, null)) file.Add(1, new SummaryValues().Scalar("loss", 0.5).Counts("rank", [1, 2, 2, 4]));
        byte[] valid = File.ReadAllBytes(Assert.Single(Directory.GetFiles(made.Path)));
        List<byte[]> records = EventReader.Records(valid);
        using var run = new FuzzRun("event file", factor: 64, floor: 256 << 10);
        run.Run("events.out.tfevents", [valid], random =>
        {
            if (random.OneIn(4)) return ByteMutations.Apply(valid, records, random);
            // Under a checksum that fits, or nothing behind it would be tried.
            int changed = random.Below(records.Count);
            return [.. records.SelectMany((r, i) => EventReader.Seal(i == changed ? ByteMutations.Apply(r, records, random) : r))];
        }, path =>
        {
            try
            {
                foreach (EventReader.Message summary in EventReader.Events(path).SelectMany(e => e.Messages(5)))
                    _ = summary.Messages(1).Sum(value => value.Messages(5).Count());
            }
            catch (InvalidDataException e)
            {
                throw new EngineException($"{path}: {e.Message}", e);
            }
        });
    }
}
