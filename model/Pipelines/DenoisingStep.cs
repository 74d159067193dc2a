using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// Evaluations of the U-Net one after the other, for the same adapters. What goes in and comes out has places on the device that stay
/// while the shape does, so that a GPU replays the evaluation.
/// </summary>
/// <param name="unet">The network.</param>
/// <param name="replays">It may be recorded and replayed.</param>
internal sealed class DenoisingStep(UNet2DConditionModel unet, bool replays) : IDisposable
{
    private Places? places;

    /// <summary>Why a GPU does not replay it; null while it may.</summary>
    public string? Problem { get; private set; }

    /// <summary>Evaluations that were replayed.</summary>
    public int Replayed { get; private set; }

    /// <summary>Sets shape and texts of the evaluations that follow.</summary>
    /// <param name="latents">(N, H, W, 4).</param>
    /// <param name="context">Hidden states of the texts (N, L, width).</param>
    public void Begin(Shape latents, Tensor context)
    {
        if (places is null || places.Sample.Shape != latents || places.Context.Shape != context.Shape)
        {
            places?.Dispose();
            places = new Places(unet, latents, context.Shape, context.Device);
        }
        context.Backend.Copy(context, places.Context);
    }

    /// <summary>Predicts the noise.</summary>
    /// <param name="latents">The latents, flat.</param>
    /// <param name="time">Timestep of all of them.</param>
    /// <param name="noise">Receives as many values.</param>
    public void Run(ReadOnlySpan<float> latents, float time, Span<float> noise)
    {
        places!.Sample.CopyFrom(latents);
        places.Timestep.CopyFrom(unet.EmbedTimesteps([time]));
        if (!replays) places.Predict();
        else if (places.Replay.Run() == StepRun.Replayed) Replayed++;
        Problem ??= places.Replay.Problem;
        places.Predicted.CopyTo(noise);
    }

    /// <summary>Frees places and recording.</summary>
    public void Dispose() => places?.Dispose();

    private sealed class Places : IDisposable
    {
        private readonly UNet2DConditionModel unet;

        public Places(UNet2DConditionModel unet, Shape latents, Shape context, Device device)
        {
            this.unet = unet;
            (Sample, Timestep, Context, Predicted) = (Place(latents), Place(unet.TimestepShape(1)), Place(context), Place(latents));
            Replay = new StepReplay(Backend.Get(device), Predict);

            Tensor Place(Shape shape) => TensorScope.Detach(Tensor.Empty(shape, device));
        }

        public Tensor Sample { get; }

        public Tensor Timestep { get; }

        public Tensor Context { get; }

        public Tensor Predicted { get; }

        public StepReplay Replay { get; }

        public void Predict()
        {
            using var scope = new TensorScope();
            Predicted.Backend.Copy(unet.Forward(Sample, Timestep, Context), Predicted);
        }

        public void Dispose()
        {
            Replay.Dispose();
            foreach (Tensor place in (Tensor[])[Sample, Timestep, Context, Predicted]) place.Dispose();
        }
    }
}
