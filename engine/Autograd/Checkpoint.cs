namespace SeLoRA.Engine;

/// <summary>Gradient checkpointing: trades a second forward pass of a block for the memory of its intermediate results.</summary>
public static class Checkpoint
{
    /// <summary>
    /// Runs <paramref name="block"/> on <paramref name="inputs"/> without recording, and again during backward with recording
    /// (Chen et al., 2016). The block must be a pure function of its inputs and of parameters; parameters inside get their gradients
    /// as usual. With nothing to differentiate it is just a call.
    /// </summary>
    public static Tensor Run(Func<Tensor[], Tensor> block, params Tensor[] inputs)
    {
        if (!Autograd.Enabled) return block(inputs);
        Tensor y;
        using (Autograd.NoGrad())
        using (var scope = new TensorScope())
            y = scope.Return(block(inputs).Detach());
        // Parameters hidden in the block need gradients even where no input does: a token input makes the node always record.
        var token = new Variable();
        bool[] needs = Array.ConvertAll(inputs, x => x.RequiresGrad);
        using Tensor trigger = TensorScope.Detach(y.Detach());
        trigger.Variable = token;
        return Autograd.Record("Checkpoint", y, [.. inputs, trigger], inputs, ctx =>
        {
            using var scope = new TensorScope();
            var again = new Tensor[inputs.Length];
            for (int i = 0; i < again.Length; i++)
            {
                again[i] = ctx[i].Detach();
                again[i].RequiresGrad = needs[i];
            }
            using (Autograd.ForceGrad())
            {
                Tensor recomputed = block(again);
                if (recomputed.Variable is { } root) Autograd.Backward(root, ctx.Dy);
            }
            for (int i = 0; i < again.Length; i++)
                if (again[i].Grad is { } grad)
                {
                    ctx.Give(i, grad);
                    again[i].ZeroGrad();
                }
        });
    }
}
