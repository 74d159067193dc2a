using System.Runtime.CompilerServices;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>How a case's input is filled.</summary>
internal enum Fill
{
    /// <summary>Standard normal times scale plus shift.</summary>
    Normal,

    /// <summary>Normal, but at least 0.1 (times scale) away from 0: for functions with a kink there.</summary>
    AwayFromZero,

    /// <summary>Between 0.5 and 1.5 (times scale): for roots and divisors.</summary>
    Positive,

    /// <summary>A random order of equally spaced values from -1 to 1: no two are close, so that a maximum has no kink nearby.</summary>
    Distinct,
}

/// <summary>One float32 input of a case; <c>[2, 3]</c> is a normal one of that shape.</summary>
[CollectionBuilder(typeof(CaseInput), nameof(Create))]
internal sealed record CaseInput(Shape Shape, Fill Fill = Fill.Normal, float Scale = 1f, float Shift = 0f)
{
    /// <summary>A normal input of the given sizes.</summary>
    public static CaseInput Create(ReadOnlySpan<int> dims) => new(new Shape(dims));

    /// <summary>The sizes; what makes the short form possible.</summary>
    public IEnumerator<int> GetEnumerator() => Shape.ToArray().AsEnumerable().GetEnumerator();

    /// <summary>The values: a pure function of this record and the stream.</summary>
    public float[] Values(ulong stream)
    {
        var values = new float[Shape.Count];
        if (Fill == Fill.Positive) Philox.FillUniform(values, stream);
        else Philox.FillNormal(values, stream);
        if (Fill == Fill.Distinct)
        {
            var rank = new float[values.Length];
            for (int i = 0; i < rank.Length; i++) rank[i] = rank.Length == 1 ? 0 : 2f * i / (rank.Length - 1) - 1;
            // Places sorted by random keys are a random order.
            Array.Sort(values, rank);
            return [.. rank.Select(v => v * Scale + Shift)];
        }
        for (int i = 0; i < values.Length; i++)
        {
            float v = values[i];
            if (Fill == Fill.Positive) v += 0.5f;
            if (Fill == Fill.AwayFromZero) v += v < 0 ? -0.1f : 0.1f;
            values[i] = v * Scale + Shift;
        }
        return values;
    }
}

/// <summary>
/// One row of the case table: an operation at one shape. The row drives gradient check, agreement of devices and benchmark alike.
/// </summary>
/// <param name="Name">Unique; says what is special about the shape.</param>
/// <param name="Op">Name of the method of <see cref="Ops"/> (or of <see cref="Tensor"/>) that it covers.</param>
/// <param name="Function">Result of the operation; its first input's device is the device.</param>
/// <param name="Inputs">Float32 inputs.</param>
internal sealed record OpCase(string Name, string Op, Func<Tensor[], Tensor> Function, params CaseInput[] Inputs)
{
    /// <summary>Whether finite differences make sense: false for rounding and for functions without gradient.</summary>
    public bool Smooth { get; init; } = true;

    /// <summary>A shape as it occurs in Stable Diffusion: too large for finite differences, right for agreement and timing.</summary>
    public bool Realistic { get; init; }

    /// <summary>See <see cref="GradientCheckOptions.Tolerance"/>.</summary>
    public double GradientTolerance { get; init; } = 3e-4;

    /// <summary>See <see cref="GradientCheckOptions.Step"/>.</summary>
    public double GradientStep { get; init; } = 1e-2;

    /// <summary>Largest relative L2 distance between devices, of results and of gradients.</summary>
    public double AgreementTolerance { get; init; } = 1e-5;

    /// <summary>The inputs on a device.</summary>
    public Tensor[] Build(Device device)
    {
        var tensors = new Tensor[Inputs.Length];
        for (int i = 0; i < tensors.Length; i++)
        {
            ulong stream = 1000;
            foreach (char c in Name) stream = stream * 31 + c;
            tensors[i] = Tensor.From(Inputs[i].Values(stream * 16 + (ulong)i), Inputs[i].Shape, device);
        }
        return tensors;
    }

    /// <summary>The result, then the gradients of a random projection of it (empty where an input has none).</summary>
    public float[][] Evaluate(Device device)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = Build(device);
        foreach (Tensor x in inputs) x.RequiresGrad = true;
        Tensor y = Function(inputs);
        var results = new List<float[]> { y.ToArray() };
        if (y.RequiresGrad)
        {
            var projection = new float[y.Count];
            Philox.FillNormal(projection, 99);
            y.Backward(Tensor.From(projection, y.Shape, device));
            foreach (Tensor x in inputs)
            {
                results.Add(x.Grad?.ToArray() ?? []);
                x.ZeroGrad();
            }
        }
        return [.. results];
    }

    /// <summary>Its gradients on a device against finite differences.</summary>
    /// <param name="device">Where it is computed.</param>
    /// <param name="checkpoint">Whether the backward recomputes the operation.</param>
    public GradientCheckResult CheckGradient(Device device, bool checkpoint = false)
    {
        using var scope = new TensorScope();
        var options = new GradientCheckOptions { Tolerance = GradientTolerance, Step = GradientStep };
        return GradientCheck.Run(i => checkpoint ? Checkpoint.Run(Function, i) : Function(i), Build(device), options);
    }
}

/// <summary>All rows.</summary>
internal static class OpCases
{
    /// <summary>Every row of every file beside this one.</summary>
    public static IReadOnlyList<OpCase> All { get; } =
        [.. ElementwiseCases.Rows, .. ProductCases.Rows, .. NormCases.Rows, .. ShapeCases.Rows];

    /// <summary>The row of a name.</summary>
    public static OpCase Get(string name) => All.Single(c => c.Name == name);
}
