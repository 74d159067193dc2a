using System.CommandLine;
using System.Globalization;
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
        Option<string> dtype = Dtypes.Option();
        Option<int> rounds = Rounds.Option();
        var command = new Command("micro", "Time single operators at Stable Diffusion's shapes, forward and backward.") { pattern, device, dtype, rounds };
        command.SetAction(result =>
        {
            MicroShape[] shapes = Select(result.GetValue(pattern)!);
            int count = Rounds.Of(result, rounds);
            Device where = Device.Parse(result.GetValue(device)!);
            Run(shapes, count, where, Dtypes.Of(result, dtype, where));
        });
        return command;
    }

    private static MicroShape[] Select(string pattern)
    {
        Regex regex;
        try
        {
            regex = new Regex(pattern, RegexOptions.CultureInvariant);
        }
        catch (ArgumentException e)
        {
            throw new EngineException($"{pattern}: is no regular expression: {e.Message}", e);
        }
        MicroShape[] shapes = [.. MicroShapes.All().Where(s => regex.IsMatch($"{s.Op} {s.Text}"))];
        if (shapes.Length == 0)
            throw new EngineException($"{pattern}: matches no operator; there are {string.Join(", ", MicroShapes.All().Select(s => s.Op).Distinct())}");
        return shapes;
    }

    private static void Run(MicroShape[] shapes, int rounds, Device device, DType type)
    {
        Ceiling? ceiling = null;
        if (device.Kind == DeviceKind.Cpu)
        {
            ceiling = Ceiling.Measure();
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"ceilings of this machine: {ceiling.GflopPerSecond:F0} GFLOP/s, {ceiling.GbPerSecond:F1} GB/s"));
        }
        for (int round = 0; round < rounds; round++)
            foreach (MicroShape shape in shapes) Run(shape, device, type, ceiling);
    }

    private static void Run(MicroShape op, Device device, DType type, Ceiling? ceiling)
    {
        IBackend backend = Backend.Get(device);
        using var scope = new TensorScope();
        Tensor[] wide = [.. op.Inputs.Select((shape, i) => Tensor.Normal(MicroOp.InEngineLayout(shape), (ulong)i + 1, 0, device))];
        // As in networks of that type: vectors of norms stay float32.
        Tensor[] inputs = [.. wide.Select((x, i) => i < op.Activations || x.Shape.Rank > 1 ? Ops.Cast(x, type) : x)];
        long read = inputs.Sum(Bytes), written;
        Tensor gradient;
        using (Autograd.NoGrad())
        {
            Tensor y = MicroOp.Run(op.Op, inputs);
            written = Bytes(y);
            gradient = Ops.Cast(Tensor.Normal(y.Shape, 9, 0, device), type);
        }

        void Forward()
        {
            using IDisposable noGrad = Autograd.NoGrad();
            MicroOp.Run(op.Op, inputs).Dispose();
        }
        Emit("forward", CallTime.Measure(Forward, backend.Synchronize));
        if (op.HasFrozenBackward) Backward("backward_input", op.Activations);
        // Weights that are trained are float32.
        for (int i = op.Activations; i < inputs.Length; i++) inputs[i] = wide[i];
        Backward("backward", inputs.Length);
        backend.ReleaseCached();

        void Backward(string phase, int trainable)
        {
            for (int i = 0; i < inputs.Length; i++) inputs[i].RequiresGrad = i < trainable;
            Tensor? y = null;
            void Record()
            {
                foreach (Tensor x in inputs) x.ZeroGrad();
                y?.Dispose();
                y = MicroOp.Run(op.Op, inputs);
            }
            Emit(phase, CallTime.Measure(() => y!.Backward(gradient), backend.Synchronize, Record));
            foreach (Tensor x in inputs) x.ZeroGrad();
            y?.Dispose();
        }

        void Emit(string phase, CallTime time)
        {
            MicroRecord record = MicroRecord.Of(op, phase, Dtypes.Name(type), time, op.Work(phase, read, written));
            if (ceiling is not null)
                record.Json["of_ceiling"] = Math.Round(record.Rate / (op.Flops > 0 ? ceiling.GflopPerSecond : ceiling.GbPerSecond), 3);
            record.Json["channels_last"] = true;
            Machine.Describe(record.Json, device);
            record.Json["load"] = Machine.Load();
            Console.WriteLine(record.Json.ToJsonString());
            Console.Error.WriteLine(record.Summary);
        }

        static long Bytes(Tensor x) => x.Count * x.DType.SizeInBytes();
    }
}
