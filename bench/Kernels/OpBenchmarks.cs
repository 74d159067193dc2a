using BenchmarkDotNet.Attributes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>
/// One operation at its SD-1.5 sizes on every device. Before anything is timed, the result is held against double precision at
/// scattered elements: a kernel that is fast and wrong must not get a number.
/// </summary>
/// <typeparam name="TShape">The operation's sizes.</typeparam>
public abstract class OpBenchmarks<TShape> where TShape : OpShape
{
    private readonly List<Tensor> tensors = [];

    /// <summary>Where it runs.</summary>
    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    /// <summary>The size.</summary>
    [ParamsSource(nameof(Shapes))]
    public TShape Shape { get; set; } = null!;

    /// <summary>All devices asked for.</summary>
    public static IEnumerable<string> Devices => BenchDevices.Names;

    /// <summary>All sizes of this class.</summary>
    public abstract IEnumerable<TShape> Shapes { get; }

    /// <summary>The device's primitives.</summary>
    protected IBackend Backend { get; private set; } = null!;

    /// <summary>Allocates, computes once, checks.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Backend = SeLoRA.Engine.Backend.Get(SeLoRA.Engine.Device.Parse(Device));
        try
        {
            Prepare();
            Verify();
        }
        catch (Exception e)
        {
            // BenchmarkDotNet would keep the reason to itself.
            Console.Error.WriteLine($"bench: {e.Message}");
            Cleanup();
            throw;
        }
    }

    /// <summary>Hands all memory back.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (Tensor tensor in tensors) tensor.Dispose();
        tensors.Clear();
        Backend.ReleaseCached();
    }

    /// <summary>Allocates inputs and results.</summary>
    protected abstract void Prepare();

    /// <summary>Runs every benchmark method once and checks its result with <see cref="Expect"/>.</summary>
    protected abstract void Verify();

    /// <summary>A tensor without contents, freed at the end.</summary>
    protected Tensor Empty(params ReadOnlySpan<int> dims)
    {
        Tensor tensor = Tensor.Empty(new Shape(dims), Backend.Device);
        tensors.Add(tensor);
        return tensor;
    }

    /// <summary>A tensor of normal numbers, different for every seed.</summary>
    protected Tensor Normal(ulong seed, params ReadOnlySpan<int> dims)
    {
        Tensor tensor = Empty(dims);
        var values = new float[tensor.Count];
        Philox.FillNormal(values, seed);
        tensor.CopyFrom(values);
        return tensor;
    }

    /// <summary>Compares scattered elements of a result with what <paramref name="reference"/> computes in double.</summary>
    /// <param name="what">The result's name.</param>
    /// <param name="result">The result.</param>
    /// <param name="tolerance">Largest difference, as a share of the expected values' root mean square.</param>
    /// <param name="reference">Expected value of the element with a flat row-major index.</param>
    /// <param name="samples">Elements compared.</param>
    protected void Expect(string what, Tensor result, double tolerance, Func<long, double> reference, int samples = 64)
    {
        float[] values = result.ToArray();
        var pairs = new (long Index, double Expected)[samples];
        for (int i = 0; i < samples; i++)
        {
            // The ends always, then anything between: edges of tiles are where kernels go wrong.
            long index = i switch { 0 => 0, 1 => values.Length - 1, _ => Philox.Int(7, (ulong)i, values.Length) };
            pairs[i] = (index, reference(index));
        }
        double scale = Math.Sqrt(pairs.Average(p => p.Expected * p.Expected));
        foreach ((long index, double expected) in pairs)
        {
            if (Math.Abs(values[index] - expected) <= tolerance * scale) continue;
            // Not this object's own type: BenchmarkDotNet runs one that it makes, Runnable_0.
            throw new InvalidOperationException(
                $"{typeof(TShape).Name.Replace("ShapeCase", "")} {Shape} on {Device}: {what}[{index}] is {values[index]}, expected {expected} (not timed)");
        }
    }
}
