namespace SeLoRA.Engine;

/// <summary>
/// The storages whose addresses were taken last. An address does not keep its tensor alive: without this the collector may take an
/// operand whose last use is the call itself while its memory is still being read, and the pool hand that memory out again. No operation
/// takes more addresses than the ring has places, but for the optimiser's step, which holds its tensors itself.
/// </summary>
internal sealed class RecentStorages
{
    private readonly Storage?[] ring = new Storage?[32];
    private int next;

    /// <summary>Keeps a storage alive until as many others as the ring has places were held.</summary>
    public void Hold(Storage storage) => ring[next++ & (ring.Length - 1)] = storage;
}
