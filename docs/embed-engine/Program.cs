// A two-layer network learns y = sin(3x) on any device:   dotnet run --project docs/embed-engine -- auto
using SeLoRA.Engine;

Device device = Device.Parse(args.Length > 0 ? args[0] : "auto");
var network = new SineNet(hidden: 64);
network.Initialize(seed: 1, device);
network.SetTrainable(true);

float[] xs = [.. Enumerable.Range(0, 128).Select(i => i / 64f - 1f)];
using Tensor x = Tensor.From(xs, new Shape(128, 1), device);
using Tensor y = Tensor.From([.. xs.Select(v => MathF.Sin(3f * v))], new Shape(128, 1), device);

// The network's gradients against finite differences, before trusting them.
GradientCheckResult check = GradientCheck.Run(inputs => network.Forward(inputs[0]), [x]);
Console.WriteLine($"gradient check on {device}: {(check.Ok ? "passed" : "FAILED")}");

using var adam = new AdamW(lr: 2e-2f);
foreach ((string name, Parameter parameter) in network.NamedParameters()) adam.Set(name, parameter.Value);
float loss = float.NaN;
for (int step = 1; step <= 1500; step++)
{
    using var scope = new TensorScope(); // frees every intermediate tensor of the step
    Tensor error = Ops.MseLoss(network.Forward(x), y);
    error.Backward();
    adam.Step();
    adam.ZeroGrad();
    if (step % 300 == 0) Console.WriteLine($"step {step}: loss {loss = error.Item():G4}");
}
return check.Ok && loss < 1e-2f ? 0 : 1;

/// <summary>Linear, SiLU, linear.</summary>
internal sealed class SineNet : Module
{
    private readonly Linear first, second;

    public SineNet(int hidden)
    {
        first = Register("first", new Linear(1, hidden));
        second = Register("second", new Linear(hidden, 1));
    }

    public Tensor Forward(Tensor x) => second.Forward(Ops.Silu(first.Forward(x)));
}
