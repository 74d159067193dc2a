using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The space of the Frechet inception distance (Heusel et al., 2017), in pytorch-fid's variant.</summary>
/// <param name="network">The network with weights.</param>
/// <param name="layer">Which of its features.</param>
public sealed class InceptionFeatures(InceptionV3 network, InceptionLayer layer = InceptionLayer.FinalPool) : IImageFeatures
{
    /// <inheritdoc/>
    public string Name => $"FID (pytorch-fid, {Width} features)";

    /// <inheritdoc/>
    public int Width => (int)layer;

    /// <inheritdoc/>
    public Tensor Extract(Tensor images) => network.Features(images, layer);
}
