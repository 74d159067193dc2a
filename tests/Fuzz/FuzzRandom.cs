namespace SeLoRA.Tests;

/// <summary>Random numbers that are the same on every machine and for ever: SplitMix64.</summary>
internal sealed class FuzzRandom(ulong state)
{
    public ulong Next()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <summary>From 0 up to, not including, <paramref name="count"/>; 0 where that is 0.</summary>
    public int Below(int count) => count <= 1 ? 0 : (int)(Next() % (ulong)count);

    public bool OneIn(int count) => Below(count) == 0;

    public byte Byte() => (byte)Next();

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];
}
