using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>micro: single operators, one JSON object a line, under the keys of the PyTorch script's <c>--micro</c>.</summary>
internal static class MicroCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var pattern = new Argument<string>("pattern") { Description = "Only operators whose name and shape match this regular expression.", DefaultValueFactory = _ => "" };
        var device = new Option<string>("--device") { HelpName = "NAME", Description = "cpu, cuda:0, opencl:0 (cpu).", DefaultValueFactory = _ => "cpu" };
        var command = new Command("micro", "Time single operators at Stable Diffusion's shapes, forward and backward.") { pattern, device };
        command.SetAction(result => Run(new Regex(result.GetValue(pattern)!, RegexOptions.CultureInvariant), Device.Parse(result.GetValue(device)!)));
        return command;
    }

    private static void Run(Regex pattern, Device device)
    {
        Ceiling? ceiling = null;
        if (device.Kind == DeviceKind.Cpu)
        {
            ceiling = Ceiling.Measure();
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"ceilings of this machine: {ceiling.GflopPerSecond:F0} GFLOP/s, {ceiling.GbPerSecond:F1} GB/s"));
        }
        foreach (MicroOp op in MicroOps.All().Where(op => pattern.IsMatch($"{op.Name} {op.Text}"))) Run(op, device, ceiling);
    }

    private static void Run(MicroOp op, Device device, Ceiling? ceiling)
    {
        IBackend backend = Backend.Get(device);
        using var scope = new TensorScope();
        Tensor[] inputs = [.. op.Inputs.Select((shape, i) => Tensor.Normal(shape, (ulong)i + 1, 0, device))];
        long read = inputs.Sum(t => t.Count) * sizeof(float), written;
        Tensor gradient;
        using (Autograd.NoGrad())
        {
            Tensor y = op.Run(inputs);
            written = y.Count * sizeof(float);
            gradient = Tensor.Normal(y.Shape, 9, 0, device);
        }

        void Forward()
        {
            using IDisposable noGrad = Autograd.NoGrad();
            op.Run(inputs).Dispose();
        }
        Emit("forward", CallTime.Measure(backend, Forward), op.Flops > 0 ? op.Flops : read + written);
        if (op.Flops > 0 && op.Activations < inputs.Length) Backward("backward_input", op.Activations, op.Flops);
        Backward("backward", inputs.Length, op.Flops > 0 ? 2 * op.Flops : 2 * read + written);
        backend.ReleaseCached();

        void Backward(string phase, int trainable, long work)
        {
            for (int i = 0; i < inputs.Length; i++) inputs[i].RequiresGrad = i < trainable;
            Tensor? y = null;
            void Record()
            {
                foreach (Tensor x in inputs) x.ZeroGrad();
                y?.Dispose();
                y = op.Run(inputs);
            }
            Emit(phase, CallTime.Measure(backend, () => y!.Backward(gradient), Record), work);
            foreach (Tensor x in inputs) x.ZeroGrad();
            y?.Dispose();
        }

        void Emit(string phase, CallTime time, long work)
        {
            bool arithmetic = op.Flops > 0;
            double rate = work / time.Milliseconds / 1e6;
            var record = new JsonObject
            {
                ["task"] = "micro", ["op"] = op.Name, ["shape"] = op.Text, ["phase"] = phase, ["dtype"] = "fp32",
                ["ms"] = Math.Round(time.Milliseconds, 5), ["ms_min"] = Math.Round(time.Min, 5), ["ms_max"] = Math.Round(time.Max, 5),
                ["chunks"] = time.Chunks, ["calls_per_chunk"] = time.CallsPerChunk, ["cpus_used"] = Math.Round(time.CpusUsed, 2),
                [arithmetic ? "gflop_s" : "gb_s"] = Math.Round(rate, 2),
            };
            if (ceiling is not null) record["of_ceiling"] = Math.Round(rate / (arithmetic ? ceiling.GflopPerSecond : ceiling.GbPerSecond), 3);
            record["used_by"] = op.UsedBy;
            record["channels_last"] = true;
            record["tf32"] = false;
            Machine.Describe(record, device);
            record["load"] = Machine.Load();
            Console.WriteLine(record.ToJsonString());
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{op.Name,-16} {op.Text,-44} {phase,-14} fp32 {time.Milliseconds,10:F4} ms {rate,9:F1} {(arithmetic ? "GFLOP/s" : "GB/s")}"));
        }
    }
}
