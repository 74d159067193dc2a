using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>A space in which sets of images are compared: a network that turns an image into a vector.</summary>
/// <remarks>Distances in different spaces cannot be compared, so a report names the space next to every number.</remarks>
public interface IImageFeatures
{
    /// <summary>The metric that the Frechet distance in this space is, such as <c>FID (pytorch-fid, 2048 features)</c>.</summary>
    string Name { get; }

    /// <summary>Length of an image's vector.</summary>
    int Width { get; }

    /// <summary>The vectors of a batch of images.</summary>
    /// <param name="images">(N, H, W, 3) with values in [0, 1].</param>
    /// <returns>(N, <see cref="Width"/>).</returns>
    /// <exception cref="EngineException">The shape does not fit.</exception>
    Tensor Extract(Tensor images);
}
