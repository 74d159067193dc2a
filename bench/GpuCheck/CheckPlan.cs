using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>The parts of the check, the most important first.</summary>
internal static class CheckPlan
{
    /// <summary>The time that the parts' own limits are meant for.</summary>
    public const double FullMinutes = 9;

    private const string Tests = "/*/*/";

    private sealed record Setup(string Task, int Size, int Batch, params string[] More)
    {
        public string Name => $"{Task} {Size} x{Batch}";
    }

    private static readonly string[] Lora = ["--method", "lora", "--rank", "4"];

    private static readonly Setup[] Full =
    [
        new("train-step", 224, 8, Lora), new("unet-forward", 512, 8), new("unet-forward", 512, 1), new("train-step", 384, 6, Lora),
    ];

    private static readonly Setup[] Tiny =
    [
        new("train-step", 32, 2, Lora), new("unet-forward", 64, 2), new("unet-forward", 64, 1), new("train-step", 64, 1, Lora),
    ];

    // Products, convolutions and attention of the U-Net at 224 and 512 pixels, batch 8.
    private const string FullMicro =
        "^gemm M=(6272|32768) K=320 N=(320|2560)$|^gemm M=(1568|8192) K=640 N=640$|^conv3x3 .*batch=8$|^(self|cross)_attention L=(784|4096) .*batch=8$";

    private const string TinyMicro = "^gemm M=49 K=4 N=1280$";

    /// <summary>All parts for a device and a model.</summary>
    public static IReadOnlyList<CheckPart> Parts(CheckOptions options)
    {
        bool tiny = options.Model == "tiny";
        // Times begin with the type that training takes on a GPU, errors are clearest in float32.
        bool isHost = options.Device.Kind == DeviceKind.Cpu;
        string[] types = isHost ? ["fp32"] : ["bf16", "fp32", "fp16"], checkedTypes = isHost ? types : ["fp32", "bf16", "fp16"];
        Setup[] setups = tiny ? Tiny : Full;
        var parts = new List<CheckPart>
        {
            Parity("launch", 30, "LaunchTests"),
            Parity("operations", 120, "DeviceAgreementTests", "PrecisionAgreementTests", "OpGoldenTests", "TensorCoreDeviceTests",
                "TensorCoreConvDeviceTests", "TensorCoreAttentionDeviceTests"),
        };
        if (!tiny)
            foreach (string type in checkedTypes) parts.Add(Parity($"full size {type}", 60, $"FullSizeGoldenTests/*[Precision={type}]"));
        parts.Add(Parity("networks", 60, "UNetGoldenTests/Small*", "VaeGoldenTests", "ClipTextGoldenTests", "ClipGoldenTests/Small*",
            "InceptionGoldenTests"));
        parts.Add(Parity("recorded steps", 60, "RecordedStepTests", "ReplayTests"));
        foreach (string type in types)
        {
            foreach (Setup setup in setups) Both($"{setup.Name} {type}", 30, Step(setup), PeerStep(setup), type);
            if (type != types[0]) continue;
            parts.Add(new CheckPart($"selora-overhead {type}", CheckKind.Engine, 40,
                [.. Step(setups[0] with { Task = SeLoRAOverhead.Name, More = ["--rank", "4"] }), "--dtype", type]));
            string micro = tiny ? TinyMicro : FullMicro;
            Both($"micro {type}", 45, ["micro", micro, "--device", $"{options.Device}"], ["--micro", micro], type);
            if (options.Device.Kind == DeviceKind.Cuda)
                parts.Add(new CheckPart($"sanitizer {type}", CheckKind.Sanitizer, 60, [.. Step(Tiny[0], "tiny"), "--dtype", type]));
            foreach (Setup setup in setups[..2])
                parts.Add(new CheckPart($"peer, compiled: {setup.Name} {type}", CheckKind.CompiledPeer, 100, [.. PeerStep(setup), .. OfPeer(type), "--compile"]));
            parts.Add(Parity("gradients", 60, "GradientCheckTests"));
        }
        return parts;

        CheckPart Parity(string name, double seconds, params string[] classes) =>
            new($"parity: {name}", CheckKind.Tests, seconds, [.. classes.SelectMany(c => (string[])["-filter", Tests + c])]);

        void Both(string name, double seconds, string[] engine, string[] peer, string type)
        {
            parts.Add(new CheckPart(name, CheckKind.Engine, seconds, [.. engine, "--dtype", type]));
            parts.Add(new CheckPart($"peer: {name}", CheckKind.Peer, seconds, [.. peer, .. OfPeer(type)]));
        }

        string[] Step(Setup setup, string? model = null) => ["step", .. PeerStep(setup, model), "--device", $"{options.Device}"];

        string[] PeerStep(Setup setup, string? model = null) =>
        [
            "--task", setup.Task, "--model", model ?? options.Model, "--size", $"{setup.Size}", "--batch", $"{setup.Batch}", .. setup.More,
            .. (model ?? options.Model) == "tiny" ? (string[])["--steps", "2", "--warmup", "1"] : ["--steps", "10", "--warmup", "3"],
        ];

        // Channels last is the faster layout on tensor cores, and the engine's own.
        string[] OfPeer(string type) =>
            ["--device", isHost ? "cpu" : "cuda", "--dtype", type, .. type == "fp32" ? (string[])[] : ["--channels-last"]];
    }
}
