using System.Buffers.Binary;

namespace SeLoRA.Tests;

/// <summary>A thread's registers and what it still waits for.</summary>
internal sealed class PtxThread(PtxMachine machine, ulong[] registers)
{
    private readonly List<List<(int To, byte[] Bytes)>> slices = [];
    private List<(int To, byte[] Bytes)> open = [];

    public PtxMachine Machine { get; } = machine;

    public ulong[] Registers { get; } = registers;

    /// <summary>Index of the next instruction.</summary>
    public int Next { get; set; }

    /// <summary>cp.async of some bytes, of which <paramref name="valid"/> are read.</summary>
    public void CopyAsync(long to, ulong from, int count, int valid)
    {
        if (valid < 0 || valid > count) throw new InvalidOperationException($"cp.async of {valid} bytes out of {count}");
        var bytes = new byte[count];
        // Nothing is read where nothing is valid: the address may then be anything.
        if (valid > 0) Machine.Global(from, valid, count).CopyTo(bytes);
        Machine.SharedAt(to, count);
        if (Machine.Order.LateCopies) open.Add(((int)to, bytes));
        else bytes.CopyTo(Machine.SharedAt(to, count));
    }

    public void Commit()
    {
        slices.Add(open);
        open = [];
    }

    /// <summary>Completes all slices but the latest few.</summary>
    public void Await(int latest)
    {
        while (slices.Count > latest)
        {
            foreach ((int to, byte[] bytes) in slices[0]) bytes.CopyTo(Machine.SharedAt(to, bytes.Length));
            slices.RemoveAt(0);
        }
    }

    public void AwaitAll()
    {
        Commit();
        Await(0);
    }

    /// <summary>Copies words of 2, 4 or 8 bytes between memory and registers.</summary>
    public void Load(Span<byte> memory, int width, ReadOnlySpan<int> slots)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            Span<byte> word = memory.Slice(i * width, width);
            Registers[slots[i]] = width switch
            {
                2 => BinaryPrimitives.ReadUInt16LittleEndian(word),
                4 => BinaryPrimitives.ReadUInt32LittleEndian(word),
                _ => BinaryPrimitives.ReadUInt64LittleEndian(word),
            };
        }
    }

    public void Store(Span<byte> memory, int width, ReadOnlySpan<int> slots)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            Span<byte> word = memory.Slice(i * width, width);
            ulong value = Registers[slots[i]];
            if (width == 2) BinaryPrimitives.WriteUInt16LittleEndian(word, (ushort)value);
            else if (width == 4) BinaryPrimitives.WriteUInt32LittleEndian(word, (uint)value);
            else BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        }
    }
}
