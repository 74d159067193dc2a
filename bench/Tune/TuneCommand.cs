using System.CommandLine;
using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>tune: times every way to cut Stable Diffusion's products on tensor cores, and writes the table of those that gain.</summary>
internal static class TuneCommand
{
    private const double Budget = 0.02;
    private const DType Type = DType.BF16;
    private static readonly int[] Splits = [1, 2, 4, 8, 16, 32];

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var device = new Option<string>("--device") { HelpName = "NAME", Description = "A CUDA device of compute capability 8.0 or later (cuda:0).", DefaultValueFactory = _ => "cuda:0" };
        var command = new Command("tune", "Time tiles and splits of K for products on tensor cores; the new TensorCoreTuned.g.cs goes to standard output.") { device };
        command.SetAction(result => Run(Device.Parse(result.GetValue(device)!)));
        return command;
    }

    private static void Run(Device device)
    {
        if (device.Kind != DeviceKind.Cuda || !DeviceDiscovery.List().Devices.Any(found => found.Device == device)
            || Backend.Get(device) is not GpuBackend { HasTensorCores: true } backend)
            throw new EngineException($"tune: {device} has no tensor cores to tune; a CUDA device of compute capability 8.0 or later is needed");
        TuneTiming[] timings = [.. Gemms().Select(shape => Gemm(backend, shape)), .. Convolutions().Select(conv => Conv2d(backend, conv))];
        Console.Write(TuneTable.Text(backend.Name, backend.Multiprocessors, TuneChoice.Rows(timings)));
    }

    /// <summary>Linear layers forward and backward to their input, without those that the kernels do not take.</summary>
    private static IEnumerable<GemmShape> Gemms() =>
        from op in MicroShapes.All()
        where op.Op == "gemm" && op.Inputs.All(shape => shape.All(side => side == op.Inputs[0][0] || side % 8 == 0))
        let m = op.Inputs[0][0]
        let k = op.Inputs[0][1]
        let n = op.Inputs[1][0]
        from shape in (GemmShape[])[new(m, n, k, TransB: true), new(m, k, n)]
        select shape;

    private static IEnumerable<TensorCoreConv2d> Convolutions() =>
        from op in MicroShapes.All()
        where op.Op == "conv3x3"
        let x = op.Inputs[0]
        from backward in (bool[])[false, true]
        select new TensorCoreConv2d(new Conv2dShape(x[0], x[2], x[3], x[1], op.Inputs[1][0], 3, 3, 1, 1, 1, x[2], x[3]), backward);

    private static TuneTiming Gemm(GpuBackend backend, GemmShape shape)
    {
        using var scope = new TensorScope();
        Tensor a = Operand(backend, 1, shape.M, shape.K), b = Operand(backend, 2, shape.TransB ? shape.N : shape.K, shape.TransB ? shape.K : shape.N);
        Tensor c = Tensor.Empty(new Shape(shape.M, shape.N), backend.Device, Type);
        return Time(backend, $"gemm {shape.M}x{shape.N}x{shape.K}", TensorCoreShapeClass.Of(false, shape.M, shape.N, shape.K),
            row => TensorCorePlan.For(shape, 0, Type, row, backend.Multiprocessors),
            TensorCoreTable.Choose(shape.M, shape.N, 1, backend.Multiprocessors),
            plan => backend.GemmTensorCore(a, b, c, shape, new GemmEpilogue(), plan));
    }

    private static TuneTiming Conv2d(GpuBackend backend, TensorCoreConv2d conv)
    {
        using var scope = new TensorScope();
        Conv2dShape s = conv.Shape;
        Tensor image = Operand(backend, 1, s.N, s.H, s.W, conv.Channels), w = Operand(backend, 2, s.O, s.KH, s.KW, s.C);
        Tensor result = Tensor.Empty(new Shape(s.N, s.OutH, s.OutW, conv.Columns), backend.Device, Type);
        return Time(backend, $"conv3x3 {s.C}->{s.O} @{s.H}x{s.W} x{s.N}{(conv.Backward ? " backward" : "")}",
            TensorCoreShapeClass.Of(true, conv.Rows, conv.Columns, s.KH * s.KW * conv.Channels),
            row => TensorCorePlan.For(conv, Type, row, backend.Multiprocessors),
            TensorCoreTable.Choose(conv.Rows, conv.Columns, 1, backend.Multiprocessors),
            plan => backend.Conv2dTensorCore(image, w, result, conv, new GemmEpilogue(), plan));
    }

    private static TuneTiming Time(GpuBackend backend, string name, TensorCoreShapeClass shape, Func<TensorCoreRow, TensorCorePlan> plan,
        TensorCoreRow reckonedRow, Action<TensorCorePlan> run)
    {
        TensorCorePlan reckonedPlan = plan(reckonedRow);
        var reckoned = new Cut(reckonedPlan.Tile, reckonedPlan.Splits);
        var times = new Dictionary<Cut, double>();
        foreach (TensorCorePlan candidate in TensorCoreTable.Rows.SelectMany(row => Splits.Select(splits => plan(row).Split(splits))).Append(reckonedPlan))
            if (!times.ContainsKey(new Cut(candidate.Tile, candidate.Splits)))
                times.Add(new Cut(candidate.Tile, candidate.Splits), CallTime.Measure(() => run(candidate), backend.Synchronize, budget: Budget).Milliseconds);
        (Cut best, double ms) = times.MinBy(pair => pair.Value);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-40} {best.Tile} x{best.Splits} {ms:F4} ms; reckoned {reckoned.Tile} x{reckoned.Splits} {times[reckoned]:F4} ms"));
        return new TuneTiming(shape, reckoned, times);
    }

    private static Tensor Operand(GpuBackend backend, ulong seed, params ReadOnlySpan<int> dims) =>
        Ops.Cast(Tensor.Normal(new Shape(dims), seed, 0, backend.Device), Type);
}
