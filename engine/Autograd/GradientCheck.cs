using System.Globalization;

namespace SeLoRA.Engine;

/// <summary>How <see cref="GradientCheck"/> works; the defaults suit smooth functions of float32 inputs of any scale.</summary>
public sealed record GradientCheckOptions
{
    /// <summary>Largest error allowed, relative to the gradient's norm.</summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>
    /// Step of the differences relative to the input's standard deviation (to its root mean square where it is constant), taken to the
    /// nearest power of two. Smaller for functions with kinks near the inputs, larger where the function is nearly linear and noisy.
    /// </summary>
    public double Step { get; init; } = 1e-2;

    /// <summary>Random directions per input.</summary>
    public int Directions { get; init; } = 4;

    /// <summary>Single coordinates per input: first, last, the one of the largest gradient, and random ones.</summary>
    public int Coordinates { get; init; } = 6;

    /// <summary>Seed of projection, directions and coordinates.</summary>
    public ulong Seed { get; init; } = 1;
}

/// <summary>What <see cref="GradientCheck"/> found for one input.</summary>
/// <param name="Index">Position among the inputs.</param>
/// <param name="Shape">The input's shape.</param>
/// <param name="MaxRelativeError">Largest error over all probes, as a share of the gradient's norm; not a number where a result was not.</param>
/// <param name="Where">Probe of the largest error: a direction or a coordinate, with the expected and the given derivative.</param>
/// <param name="Ok">Whether every probe was within the tolerance.</param>
public sealed record GradientCheckInput(int Index, Shape Shape, double MaxRelativeError, string Where, bool Ok);

/// <summary>Result of <see cref="GradientCheck.Run"/>.</summary>
/// <param name="Inputs">One entry per float32 input.</param>
public sealed record GradientCheckResult(IReadOnlyList<GradientCheckInput> Inputs)
{
    /// <summary>Whether every input's gradient was right.</summary>
    public bool Ok => Inputs.All(i => i.Ok);

    /// <summary>Largest error of all inputs, as a share of the gradient's norm.</summary>
    public double MaxRelativeError => Inputs.Max(i => i.MaxRelativeError);
}

/// <summary>
/// Compares a function's backward with finite differences of its forward, on any device, for any operation or network of them.
/// </summary>
/// <remarks>
/// The function's result is projected to L = sum p_i f_i(x) with random p, summed in double. Along random directions d of +-1 and along
/// single coordinates, (8 (L(h) - L(-h)) - (L(2h) - L(-2h))) / 12h is compared with the inner product of gradient and direction. Its own
/// error is the fifth derivative times h^4 (1e-8 at the default step of 1 % of the input's deviation) plus the forward's float32 rounding
/// over h: 1e-5 to 1e-4 of the gradient's norm for the operations of this engine (measured). An error of 1 % in a backward formula shows as 1e-2 times a random
/// number of unit size, of which the largest of four directions counts. Probes whose result drowns in the rounding of L itself are
/// allowed eight times that rounding. Functions must be deterministic; near kinks (maxima, ReLU at 0) differences are meaningless.
/// </remarks>
public static class GradientCheck
{
    // Allowed share of the float32 rounding of L; the sum of four rounded terms over h has about 1.2 of it as deviation.
    private const double NoiseAllowance = 8;

    /// <summary>Checks the gradient of <paramref name="f"/> with respect to every float32 input.</summary>
    /// <param name="f">The function: float32 result of any shape. Called several dozen times with tensors of the inputs' shapes.</param>
    /// <param name="inputs">Where to check; not changed. Inputs of other types are passed on as they are.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <returns>The largest error for each input.</returns>
    /// <exception cref="EngineException">The result does not depend on any input, or is not float32.</exception>
    public static GradientCheckResult Run(Func<Tensor[], Tensor> f, Tensor[] inputs, GradientCheckOptions? options = null)
    {
        options ??= new GradientCheckOptions();
        float[]?[] values = Array.ConvertAll(inputs, x => x.DType == DType.F32 ? x.ToArray() : null);
        float[]?[] gradients = Gradients(f, inputs, values, options, out float[] projection, out double noise);
        var results = new List<GradientCheckInput>();
        for (int i = 0; i < inputs.Length; i++)
        {
            if (values[i] is not null) results.Add(CheckInput(f, inputs, values, i, gradients[i]!, projection, noise, options));
        }
        if (results.Count == 0) Check.Fail("GradientCheck: no float32 input to check");
        return new GradientCheckResult(results);
    }

    /// <summary>As <see cref="Run"/>, but a wrong gradient is an error that names the input, the probe, and how far it is off.</summary>
    /// <exception cref="EngineException">A gradient is wrong.</exception>
    public static void Assert(Func<Tensor[], Tensor> f, Tensor[] inputs, GradientCheckOptions? options = null)
    {
        options ??= new GradientCheckOptions();
        foreach (GradientCheckInput input in Run(f, inputs, options).Inputs)
        {
            if (!input.Ok)
            {
                Check.Fail(string.Create(CultureInfo.InvariantCulture,
                    $"GradientCheck: input {input.Index} ({input.Shape}): error {input.MaxRelativeError:g3} of the gradient's norm, allowed {options.Tolerance:g3}, {input.Where}"));
            }
        }
    }

    private static float[]?[] Gradients(Func<Tensor[], Tensor> f, Tensor[] inputs, float[]?[] values, GradientCheckOptions options,
        out float[] projection, out double noise)
    {
        using var scope = new TensorScope();
        Tensor[] leaves = Leaves(inputs, values);
        foreach (Tensor x in leaves) x.RequiresGrad = x.DType == DType.F32;
        Tensor y = f(leaves);
        Check.Float32("GradientCheck", "the result", y);
        if (!y.RequiresGrad) Check.Fail("GradientCheck: the result depends on no float32 input through recorded operations");
        projection = new float[y.Count];
        Philox.FillNormal(projection, options.Seed);
        float[] result = y.ToArray();
        double squares = 0;
        for (int i = 0; i < result.Length; i++) squares += (double)result[i] * projection[i] * result[i] * projection[i];
        noise = Math.Sqrt(squares) / (1 << 24);
        y.Backward(Tensor.From(projection, y.Shape, y.Device));
        // An input without a gradient is one the backward says the result does not depend on.
        float[]?[] gradients = Array.ConvertAll(leaves, x => x.DType != DType.F32 ? null : x.Grad?.ToArray() ?? new float[x.Count]);
        foreach (Tensor x in leaves)
            if (x.DType == DType.F32) x.ZeroGrad();
        return gradients;
    }

    private static GradientCheckInput CheckInput(Func<Tensor[], Tensor> f, Tensor[] inputs, float[]?[] values, int index, float[] gradient,
        float[] projection, double noise, GradientCheckOptions options)
    {
        int count = gradient.Length;
        double norm = 0;
        foreach (float g in gradient) norm += (double)g * g;
        norm = Math.Sqrt(norm);
        // A power of two, so that x + h is exact (directions are +-1) and h is the step that is really made.
        double step = Math.Pow(2, Math.Round(Math.Log2(options.Step * Scale(values[index]!))));
        double rounding = NoiseAllowance * noise / step;
        ulong stream = options.Seed + 0x9E3779B97F4A7C15UL * (ulong)(index + 1);
        double worst = -1;
        bool ok = true;
        string where = "";
        for (int k = 0; k < options.Directions; k++)
        {
            var direction = new float[count];
            Philox.FillUniform(direction, stream, (ulong)k * (ulong)count);
            double given = 0;
            for (int i = 0; i < count; i++)
            {
                direction[i] = direction[i] < 0.5f ? -1f : 1f;
                given += (double)direction[i] * gradient[i];
            }
            Probe($"direction {k}", given, Derivative(f, inputs, values, index, direction, step, projection), norm);
        }
        var coordinate = new float[count];
        foreach (int at in Coordinates(gradient, stream, options))
        {
            coordinate[at] = 1f;
            double derivative = Derivative(f, inputs, values, index, coordinate, step, projection);
            coordinate[at] = 0f;
            // A coordinate is held to the size of its own derivative, or of a typical one.
            Probe($"coordinate {at}", gradient[at], derivative, Math.Max(Math.Abs(gradient[at]), norm / Math.Sqrt(count)));
        }
        return new GradientCheckInput(index, inputs[index].Shape, worst, where, ok);

        void Probe(string name, double given, double expected, double size)
        {
            double error = Math.Abs(given - expected), relative = error / Math.Max(size, rounding / options.Tolerance);
            bool good = relative <= options.Tolerance;
            ok &= good;
            if (relative <= worst || double.IsNaN(worst)) return;
            worst = relative;
            where = string.Create(CultureInfo.InvariantCulture, $"{name}: differences give {expected:g6}, backward {given:g6}");
        }
    }

    private static double Derivative(Func<Tensor[], Tensor> f, Tensor[] inputs, float[]?[] values, int index, float[] direction, double step,
        float[] projection)
    {
        double near = At(step) - At(-step), far = At(2 * step) - At(-2 * step);
        return (8 * near - far) / (12 * step);

        double At(double distance)
        {
            float[] x = values[index]!;
            var moved = new float[x.Length];
            for (int i = 0; i < x.Length; i++) moved[i] = (float)(x[i] + distance * direction[i]);
            float[]?[] point = [.. values];
            point[index] = moved;
            using IDisposable noGrad = Autograd.NoGrad();
            using var scope = new TensorScope();
            float[] y = f(Leaves(inputs, point)).ToArray();
            double sum = 0;
            for (int i = 0; i < y.Length; i++) sum += (double)y[i] * projection[i];
            return sum;
        }
    }

    private static Tensor[] Leaves(Tensor[] inputs, float[]?[] values)
    {
        var leaves = new Tensor[inputs.Length];
        for (int i = 0; i < leaves.Length; i++)
            leaves[i] = values[i] is { } v ? Tensor.From(v, inputs[i].Shape, inputs[i].Device) : inputs[i];
        return leaves;
    }

    private static HashSet<int> Coordinates(float[] gradient, ulong stream, GradientCheckOptions options)
    {
        var chosen = new HashSet<int>();
        if (options.Coordinates > 0) chosen.Add(0);
        if (options.Coordinates > 1) chosen.Add(gradient.Length - 1);
        int largest = 0;
        for (int i = 1; i < gradient.Length; i++)
            if (Math.Abs(gradient[i]) > Math.Abs(gradient[largest])) largest = i;
        if (options.Coordinates > 2) chosen.Add(largest);
        for (int k = 3; k < options.Coordinates; k++) chosen.Add(Philox.Int(stream ^ 0x5DEECE66DUL, (ulong)k, gradient.Length));
        return chosen;
    }

    private static double Scale(float[] values)
    {
        double sum = 0, squares = 0;
        foreach (float v in values)
        {
            sum += v;
            squares += (double)v * v;
        }
        double mean = sum / values.Length, square = squares / values.Length;
        double deviation = Math.Sqrt(Math.Max(square - mean * mean, 0)), rms = Math.Sqrt(square);
        if (rms == 0) return 1;
        return deviation > 1e-3 * rms ? deviation : rms;
    }
}
