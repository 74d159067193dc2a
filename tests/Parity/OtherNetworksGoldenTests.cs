using Xunit;

namespace SeLoRA.Tests;

/// <summary>Reference files of networks that this project does not have yet, named so that their absence shows.</summary>
[Trait("Category", "Golden")]
public class OtherNetworksGoldenTests
{
    [Theory]
    [InlineData("inception_fid.safetensors", "the FID Inception network")]
    [InlineData("clip_vitl14_tiny.safetensors", "CLIP's image encoder")]
    public void Network_is_not_implemented_yet(string file, string network) => Assert.Skip($"{file}: {network} is not implemented");
}
