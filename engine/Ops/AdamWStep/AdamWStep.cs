namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>
    /// One AdamW update (Loshchilov and Hutter, 2019) of a parameter in place, bias-corrected, eps outside the root as in PyTorch.
    /// </summary>
    /// <param name="p">Parameter, any shape.</param>
    /// <param name="g">Gradient, p's shape.</param>
    /// <param name="m">First moment, p's shape, updated.</param>
    /// <param name="v">Second moment, p's shape, updated.</param>
    /// <param name="step">Number of this step, 1 for the first.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="eps">Added to the root of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay.</param>
    public static void AdamWStep(Tensor p, Tensor g, Tensor m, Tensor v, long step, float lr, float beta1 = 0.9f, float beta2 = 0.999f,
        float eps = 1e-8f, float weightDecay = 0f) => AdamWStep([new AdamWTensors(p, g, m, v)], step, lr, beta1, beta2, eps, weightDecay);

    /// <summary>The same update of many parameters, which a GPU does in one launch.</summary>
    /// <param name="tensors">Parameters with their gradients and moments, float32, all on one device; each one's four are of one shape.</param>
    /// <param name="step">Number of this step, 1 for the first.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="eps">Added to the root of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay.</param>
    /// <exception cref="EngineException">Shapes, devices or types are others, or the step is below 1.</exception>
    public static void AdamWStep(ReadOnlySpan<AdamWTensors> tensors, long step, float lr, float beta1 = 0.9f, float beta2 = 0.999f,
        float eps = 1e-8f, float weightDecay = 0f)
    {
        if (step < 1) Check.Fail($"AdamWStep: step {step}, the first is 1");
        if (tensors.IsEmpty) return;
        CheckAdamW(tensors);
        tensors[0].P.Backend.AdamWStep(tensors, AdamWFactors.Of(step, lr, beta1, beta2, eps, weightDecay));
    }

    /// <summary>
    /// The same update guarded on the device: factors and verdict are numbers that lie there, so that nothing of it changes from step to step
    /// and it can be recorded.
    /// </summary>
    /// <param name="tensors">Parameters with their gradients and moments, float32, all on one device; each one's four are of one shape.</param>
    /// <param name="factors"><see cref="AdamWFactors.ToArray"/>, on the device.</param>
    /// <param name="verdict">Of <see cref="IBackend.JudgeGradients"/>: where it says that numbers are wrong, nothing is changed.</param>
    /// <exception cref="EngineException">Shapes, devices or types are others.</exception>
    public static void AdamWStep(ReadOnlySpan<AdamWTensors> tensors, Tensor factors, Tensor verdict)
    {
        if (tensors.IsEmpty) return;
        CheckAdamW(tensors);
        Check.Vector("AdamWStep", "factors", factors, AdamWFactors.Count, tensors[0].P);
        Check.Vector("AdamWStep", "verdict", verdict, GradClip.VerdictCount, tensors[0].P);
        tensors[0].P.Backend.AdamWStep(tensors, factors, verdict);
    }

    private static void CheckAdamW(ReadOnlySpan<AdamWTensors> tensors)
    {
        foreach (AdamWTensors t in tensors)
        {
            Check.SameDevice("AdamWStep", tensors[0].P, t.P);
            Check.Float32("AdamWStep", "p", t.P);
            Check.SameShape("AdamWStep", t.P, t.G);
            Check.SameShape("AdamWStep", t.P, t.M);
            Check.SameShape("AdamWStep", t.P, t.V);
        }
    }
}
