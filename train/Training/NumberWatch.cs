using System.Globalization;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Training went wrong in its numbers: to go on from the last checkpoint would go wrong again.</summary>
internal sealed class DivergedException(string message) : EngineException(message);

/// <summary>
/// Judges the numbers that a step has anyway, its loss and the norm of its gradients; only when they are wrong does it look for the layer
/// where it began.
/// </summary>
internal sealed class NumberWatch(AdapterSet adapters, float learningRate)
{
    /// <summary>A loss from here on is wrong: guessing that there is no noise costs 1.</summary>
    public const float LossLimit = 1e4f;

    // Trained weights are below 10; float16 ends at 65504.
    private const float WeightLimit = 1e4f;

    /// <summary>Stops a run whose loss or gradient is not finite, or whose loss is beyond all reason.</summary>
    /// <param name="step">The step.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="gradNorm">Joint norm of the gradients; null before they are known.</param>
    /// <param name="batch">What the networks were given.</param>
    /// <param name="forward">Computes the loss again.</param>
    /// <exception cref="DivergedException">Says what, where and what to do.</exception>
    public void Judge(int step, double loss, float? gradNorm, NoisyBatch batch, Action forward)
    {
        bool lossIsGood = loss < LossLimit, gradientIsGood = gradNorm is null || float.IsFinite(gradNorm.Value);
        if (lossIsGood && gradientIsGood) return;
        throw lossIsGood
            ? Diverged(step, string.Create(CultureInfo.InvariantCulture, $"the norm of the gradients is {gradNorm}; {FirstBadGradient()}"))
            : Diverged(step, string.Create(CultureInfo.InvariantCulture, $"the loss is {loss:G4}; {FirstBadValue(batch, forward)}"));
    }

    /// <summary>Stops a run whose validation loss is not finite.</summary>
    public void JudgeValidation(int step, double? loss)
    {
        if (loss is { } value && !(value < LossLimit))
            throw Diverged(step, string.Create(CultureInfo.InvariantCulture, $"the validation loss is {value:G4}; {LargestWeight()}"));
    }

    /// <summary>Stops a run before weights are saved that no training makes: what they do shows in the next step only.</summary>
    public void JudgeWeights(int step)
    {
        foreach ((string name, Tensor tensor) in adapters.Parameters)
            if (!(Largest(tensor.ToArray()) < WeightLimit)) throw Diverged(step, $"the update has spoilt the weights; {LargestWeight()}");
    }

    private DivergedException Diverged(int step, string what) => new(string.Create(CultureInfo.InvariantCulture,
        $"step {step}: {what}; start again with a lower --lr (it is {learningRate:G3}) or with --max-grad-norm 1"));

    private string FirstBadValue(NoisyBatch batch, Action forward)
    {
        int bad = FiniteCheck.FirstBad(batch.Noisy);
        if (bad >= 0) return $"the latent of image {bad / (batch.Noisy.Length / batch.Count)} of the batch is not finite, the data are damaged";
        string? first = null;
        foreach (IAdapter adapter in adapters.Adapters)
            adapter.Target.Linear.Adapter = new Probe(adapter, adapter.Target.FullName, where => first ??= where);
        try
        {
            using IDisposable noGrad = Autograd.NoGrad();
            forward();
        }
        finally
        {
            foreach (IAdapter adapter in adapters.Adapters) adapter.Target.Linear.Adapter = adapter;
        }
        return first is null ? LargestWeight() : $"the first value that is not finite is in {first}";
    }

    // Backward goes from the last layer to the first, through the U-Net and then the text encoder.
    private string FirstBadGradient()
    {
        foreach (AdapterRoot root in adapters.Roots)
            foreach (IAdapter adapter in adapters.Adapters.Where(a => a.Target.Root == root).Reverse())
                if (adapter.Parameters.Any(p => p.Tensor.Grad is { } grad && FiniteCheck.FirstBad(grad.ToArray()) >= 0))
                    return $"the first gradient that is not finite is that of {adapter.Target.FullName}";
        return LargestWeight();
    }

    private string LargestWeight()
    {
        (string name, float value) = adapters.Parameters.Select(p => (p.Name, Largest(p.Tensor.ToArray())))
            .MaxBy(p => float.IsNaN(p.Item2) ? float.PositiveInfinity : p.Item2);
        return string.Create(CultureInfo.InvariantCulture, $"the largest adapter weight is {value:G3}, in {name}");
    }

    private static float Largest(float[] values)
    {
        float largest = 0;
        foreach (float value in values) largest = MathF.Max(largest, MathF.Abs(value));
        return largest;
    }

    /// <summary>An adapter that looks at what goes in and what comes out.</summary>
    private sealed class Probe(IAdapter adapter, string name, Action<string> found) : ILinearAdapter
    {
        public Tensor Forward(Tensor x, Tensor weight, Tensor? bias, Tensor? residual)
        {
            if (IsBad(x)) found($"the input of {name}");
            Tensor y = adapter.Forward(x, weight, bias, residual);
            if (IsBad(y)) found($"the output of {name}");
            return y;
        }

        private static bool IsBad(Tensor x)
        {
            using var scope = new TensorScope();
            return FiniteCheck.FirstBad(Ops.Cast(x, DType.F32).ToArray()) >= 0;
        }
    }
}
