using System.CommandLine;

namespace SeLoRA.Train;

/// <summary>The options of a training run: each knows its help text and which field of <see cref="RunConfig"/> it sets.</summary>
internal sealed class RunOptions
{
    private readonly List<(Option Option, Action<ParseResult, RunConfig> Apply)> bindings = [];
    private readonly Option<string?> config = new("--config")
    {
        HelpName = "FILE.json",
        Description = "Read options from a file (a run's config.json); options given here win.",
    };

    /// <summary>All options, grouped as the help shows them.</summary>
    public RunOptions()
    {
        Bind<string>("--model", "PATH", "Base model: a Stable Diffusion 1.5 folder in diffusers form, a single file (.safetensors, .ckpt), a name in Hugging Face's cache (owner/model), or 'mini', the built-in demonstration model (mini).", (c, v) => c.Model = v);
        Bind<string>("--tokenizer", "DIR", "Folder with vocab.json and merges.txt, for a model in a single file (a folder 'tokenizer' beside it).", (c, v) => c.Tokenizer = v);
        Bind<string[]>("--adapter", "FILE[:WEIGHT]", "Adapter of any form that is merged into the model before training; may be given several times. What is trained comes on top and does not contain it.", (c, v) => c.Adapters = v);
        Bind<string>("--data", "DIR", "Images with captions: a folder with metadata.csv or metadata.jsonl (file_name,text), a data set as published (--dataset), or 'phantoms', drawn radiographs (phantoms).", (c, v) => c.Data = v);
        Bind<string>("--dataset", "NAME", $"Layout of the data: {string.Join(", ", DataSets.Names)} (auto).", (c, v) => c.Dataset = v);
        Bind<string>("--column", "NAME", "Caption column of the metadata file (text).", (c, v) => c.Column = v);
        Bind<int>("--phantoms", "N", "How many phantoms to draw (320).", (c, v) => c.Phantoms = v);
        Bind<string>("--method", "NAME", "selora: ranks grow where the Fisher information says it pays; lora: fixed rank; adalora: a budget of ranks goes to the layers of most importance; dylora: trained for every rank up to its own (selora).", (c, v) => c.Method = v);
        Bind<int>("--rank", "R", "Rank of LoRA and DyLoRA (4), first rank of SeLoRA (1) and AdaLoRA (6).", (c, v) => c.Rank = v);
        Bind<float>("--alpha", "A", "LoRA alpha: the update is scaled by alpha / rank. Without it the scale is 1.", (c, v) => c.Alpha = v);
        Bind<string>("--targets", "PATTERN", "Layers that get an adapter: all (linear layers), attn, ff, time, proj (proj_in and proj_out), or name patterns, as a comma list (all).", (c, v) => c.Targets = v);
        Bind<double>("--lambda", "L", "SeLoRA: a layer grows when its Fisher information with one more rank is at least L times that without (1.1).", (c, v) => c.Lambda = v);
        Bind<int>("--test-every", "T", "SeLoRA: steps between rank tests (40).", (c, v) => c.TestEvery = v);
        Bind<string>("--fisher", "WAY", "SeLoRA: fused, scores from the training step's own backward pass; separate, one more pass, Algorithm 1 to the letter (fused).", (c, v) => c.Fisher = v);
        Bind<string>("--fisher-gradient", "OF", "SeLoRA: per-sample, each sample's own gradient is squared; batch, that of the batch's mean loss (per-sample).", (c, v) => c.FisherGradient = v);
        Bind<int>("--rank-max", "R", "SeLoRA: no layer grows beyond this rank (no limit).", (c, v) => c.RankMax = v);
        Bind<int>("--rank-total-max", "R", "SeLoRA: the ranks of all layers together stay within R; the largest ratios grow first (no limit).", (c, v) => c.RankTotalMax = v);
        Bind<int>("--rank-target", "R", "AdaLoRA: mean rank at the end (4).", (c, v) => c.RankTarget = v);
        Bind<double>("--orth-weight", "X", "AdaLoRA: weight of the orthogonality penalty (0.1).", (c, v) => c.OrthWeight = v);
        Bind<double>("--sensitivity-beta", "B", "AdaLoRA: decay of the smoothed sensitivity (0.85).", (c, v) => c.SensitivityBeta = v);
        Bind<double>("--uncertainty-beta", "B", "AdaLoRA: decay of the smoothed uncertainty (0.85).", (c, v) => c.UncertaintyBeta = v);
        Bind<int>("--warmup-initial", "N", "AdaLoRA: steps before the budget shrinks (an eighth of all).", (c, v) => c.WarmupInitial = v);
        Bind<int>("--warmup-final", "N", "AdaLoRA: last steps, with the final budget (half of all).", (c, v) => c.WarmupFinal = v);
        Bind<int>("--mask-every", "N", "AdaLoRA: steps between masks while the budget shrinks (a hundredth of all).", (c, v) => c.MaskEvery = v);
        Bind<int>("--rank-kept", "R", "DyLoRA: rank that validation, samples and the adapter file use (the whole).", (c, v) => c.RankKept = v);
        Bind<bool>("--frozen", null, "DyLoRA: a step updates only the last of the ranks it uses.", (c, v) => c.Frozen = v);
        Bind<int>("--steps", "N", "Optimiser steps (1000; 200 with the mini model).", (c, v) => (c.Steps, c.Epochs) = (v, null));
        Bind<int>("--epochs", "N", "Passes over the data, instead of --steps.", (c, v) => (c.Epochs, c.Steps) = (v, null));
        Bind<int>("--batch", "N", "Images per forward pass (8).", (c, v) => c.Batch = v);
        Bind<int>("--grad-accumulation", "N", "Forward and backward passes per optimiser step (1).", (c, v) => c.GradAccumulation = v);
        Bind<int>("--size", "PX", "Training resolution: shortest side scaled to it, then centre crop (224; 64 with the mini model).", (c, v) => c.Size = v);
        Bind<float>("--lr", "RATE", "Learning rate of Adam (1e-4; 2e-3 with the mini model).", (c, v) => c.LearningRate = v);
        Bind<float>("--max-grad-norm", "X", "Clip the joint norm of all gradients (off).", (c, v) => c.MaxGradNorm = v);
        Bind<double>("--validation", "SHARE", "Share of the training images held out for validation, where the data have no part for it (0.1).", (c, v) => c.Validation = v);
        Bind<ulong>("--seed", "N", "Seed of everything random (42).", (c, v) => c.Seed = v);
        Bind<string>("--device", "NAME", "auto, cpu, cuda:0, opencl:0 (auto: CUDA, else an OpenCL GPU, else the host).", (c, v) => c.Device = v);
        Bind<string>("--precision", "TYPE", "What U-Net and text encoder compute in on a GPU: fp32, tf32 (CUDA: float32, multiplied in TF32), bf16, or fp16 with dynamic loss scaling (bf16 on CUDA, else fp32).", (c, v) => c.Precision = v);
        Bind<bool>("--checkpoint-blocks", null, "Recompute U-Net blocks in backward: about a third more time, much less memory.", (c, v) => c.CheckpointBlocks = v);
        Bind<bool>("--no-graphs", null, "On a GPU, launch the kernels of every step one by one instead of recording a step and replaying it: less memory.", (c, v) => c.NoGraphs = v);
        Bind<int>("--checkpoint-every", "N", "Steps between checkpoints (each epoch).", (c, v) => c.CheckpointEvery = v);
        Bind<int>("--sample-every", "N", "Steps between sample grids (only before and after).", (c, v) => c.SampleEvery = v);
        Bind<int>("--sample-steps", "N", "Denoising steps of a sample; 0 draws none (20).", (c, v) => c.SampleSteps = v);
        Bind<float>("--guidance", "X", "Classifier-free guidance of the samples (4).", (c, v) => c.Guidance = v);
        Bind<string[]>("--prompt", "TEXT", "Prompt of the sample grids; may be given several times (captions of the validation set).", (c, v) => c.Prompts = v);
        Bind<bool>("--skip-bad", null, "Go on without the rows whose image is missing or broken.", (c, v) => c.SkipBad = v);
        Bind<string>("--out", "DIR", "Run folder (runs/<date>-<method>).", (c, v) => c.Out = v);
    }

    /// <summary>Adds every option to a command, but for those that it has its own way to set.</summary>
    public void AddTo(Command command, params string[] except)
    {
        command.Options.Add(config);
        foreach ((Option option, _) in bindings.Where(b => !except.Contains(b.Option.Name))) command.Options.Add(option);
    }

    /// <summary>Adds the named options to a command that does not train.</summary>
    public void AddOnly(Command command, params string[] names)
    {
        foreach ((Option option, _) in bindings.Where(b => names.Contains(b.Option.Name))) command.Options.Add(option);
    }

    /// <summary>The config that the command line describes: file first, then options. Not yet resolved.</summary>
    public RunConfig Read(ParseResult result)
    {
        RunConfig run = result.GetValue(config) is { } path ? RunConfig.Read(path) : new RunConfig();
        Apply(result, run);
        return run;
    }

    /// <summary>Sets what the command line gives.</summary>
    public void Apply(ParseResult result, RunConfig run)
    {
        foreach ((_, Action<ParseResult, RunConfig> apply) in bindings) apply(result, run);
    }

    /// <summary>Names of the options that were given, for the refusal to mix them with --resume.</summary>
    public IEnumerable<string> Given(ParseResult result) =>
        bindings.Where(b => result.GetResult(b.Option) is { Implicit: false }).Select(b => b.Option.Name);

    private void Bind<T>(string name, string? helpName, string description, Action<RunConfig, T> set)
    {
        var option = new Option<T?>(name) { Description = description };
        if (helpName is not null) option.HelpName = helpName;
        bindings.Add((option, (result, run) =>
        {
            if (result.GetResult(option) is { Implicit: false } && result.GetValue(option) is { } value) set(run, value);
        }));
    }
}
