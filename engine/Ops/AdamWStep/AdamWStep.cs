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
        float eps = 1e-8f, float weightDecay = 0f)
    {
        Check.SameShape("AdamWStep", p, g);
        Check.SameShape("AdamWStep", p, m);
        Check.SameShape("AdamWStep", p, v);
        if (step < 1) Check.Fail($"AdamWStep: step {step}, the first is 1");
        double correction1 = 1 - Math.Pow(beta1, step), correction2 = 1 - Math.Pow(beta2, step);
        p.Backend.AdamWStep(p, g, m, v, new AdamWFactors(beta1, beta2, eps, (float)(lr / correction1),
            (float)Math.Sqrt(correction2), 1f - lr * weightDecay));
    }
}
