using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Adapters of any method through a file and back.</summary>
internal static class AdapterExport
{
    /// <summary>Writes the set, reads it as plain LoRA of the same ranks, and compares the network's outputs with both.</summary>
    public static void AssertSameOutputs(SmallNetwork network, AdapterSet set, SmallBatch batch)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        AdapterFile.Write(path, set, new AdapterMetadata());
        float[] expected = Outputs(set);
        using AdapterSet read = AdapterFile.Load(path, set.Roots, out string? unmatched);
        Assert.Null(unmatched);
        Assert.Equal(set.Adapters.Where(a => a.Rank > 0).Select(a => (a.Target.FullName, a.Rank)), read.Adapters.Select(a => (a.Target.FullName, a.Rank)));
        Closeness.AssertRelativeL2(Outputs(read), expected, 1e-6, "outputs from the file");
        set.Merge();
        Closeness.AssertRelativeL2(network.Forward(batch.X, batch.T).ToArray(), expected, 1e-6, "outputs of merged weights");
        set.Unmerge();

        float[] Outputs(AdapterSet adapters)
        {
            using IDisposable noGrad = Autograd.NoGrad();
            adapters.Attach();
            using Tensor y = network.Forward(batch.X, batch.T);
            adapters.Detach();
            return y.ToArray();
        }
    }
}
