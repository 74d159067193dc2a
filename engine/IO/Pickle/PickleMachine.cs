using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>
/// Reads a pickle as far as a state dict goes: a stack machine that knows containers, numbers, text and the handful of names in
/// <see cref="PickleGlobal"/>. It runs nothing; what else a file asks for is refused by its name.
/// </summary>
/// <param name="input">The pickle.</param>
/// <param name="storage">Makes a storage of what a reference out of the pickle says, or null where it cannot.</param>
internal sealed partial class PickleMachine(PickleInput input, Func<object?, PickleStorage?> storage)
{
    // A checkpoint of SD-1.5 with an optimiser's state has some 200,000. An opcode may be one byte and take 50 bytes of memory.
    private const int MostOpcodes = 1 << 21;

    private readonly List<object?> stack = [];
    private readonly List<int> marks = [];
    private readonly Dictionary<ulong, object?> memo = [];

    /// <summary>Runs to the end of the pickle.</summary>
    public object? Run()
    {
        for (int count = 0; count < MostOpcodes; count++)
        {
            byte opcode = input.Opcode();
            if (opcode == '.') return Pop();
            if (!Value(opcode) && !Container(opcode) && !Memo(opcode) && !Name(opcode)) throw Unknown(opcode);
        }
        throw input.Error($"more than {MostOpcodes} steps, too many for a state dict");
    }

    // Numbers, text and bytes.
    private bool Value(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'N': Push(null); return true;
            case 0x88: Push(true); return true;
            case 0x89: Push(false); return true;
            case (byte)'J': Push((long)(int)input.Number(4)); return true;
            case (byte)'K': Push((long)input.Number(1)); return true;
            case (byte)'M': Push((long)input.Number(2)); return true;
            case 0x8a: Push(Long(input.Bytes(input.Number(1)))); return true;
            case 0x8b: Push(Long(input.Bytes(input.Number(4)))); return true;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(input.Bytes(8))); return true;
            case (byte)'X': Push(input.Text(input.Number(4))); return true;
            case 0x8c: Push(input.Text(input.Number(1))); return true;
            case 0x8d: Push(input.Text(input.Number(8))); return true;
            // Text of Python 2.
            case (byte)'T': Push(input.Text(input.Number(4))); return true;
            case (byte)'U': Push(input.Text(input.Number(1))); return true;
            case (byte)'B': Push(Skip(input.Number(4))); return true;
            case (byte)'C': Push(Skip(input.Number(1))); return true;
            case 0x8e: Push(Skip(input.Number(8))); return true;
            default: return false;
        }
    }

    private bool Container(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'(': marks.Add(stack.Count); return true;
            case (byte)'0': Pop(); return true;
            case (byte)'1': Drop(Mark()); return true;
            case (byte)')': Push(new PickleTuple([])); return true;
            case 0x85: Tuple(stack.Count - 1); return true;
            case 0x86: Tuple(stack.Count - 2); return true;
            case 0x87: Tuple(stack.Count - 3); return true;
            case (byte)'t': Tuple(Mark()); return true;
            case (byte)']': Push(new PickleList()); return true;
            case (byte)'a': Append(stack.Count - 1); return true;
            case (byte)'e': Append(Mark()); return true;
            case (byte)'}': Push(new PickleDict()); return true;
            case (byte)'s': SetItems(stack.Count - 2); return true;
            case (byte)'u': SetItems(Mark()); return true;
            case 0x8f: Push(PickleOpaque.Instance); return true;
            case 0x90: Drop(Mark()); return true;
            default: return false;
        }
    }

    private bool Memo(byte opcode)
    {
        switch (opcode)
        {
            case 0x80:
                if (input.Byte() is var protocol and > 5) throw input.Error($"pickle protocol {protocol}; known are 0 to 5");
                return true;
            // The length of a stretch; nothing depends on it.
            case 0x95: input.Number(8); return true;
            case (byte)'q': memo[input.Number(1)] = Peek(); return true;
            case (byte)'r': memo[input.Number(4)] = Peek(); return true;
            case 0x94: memo[(ulong)memo.Count] = Peek(); return true;
            case (byte)'h': Recall(input.Number(1)); return true;
            case (byte)'j': Recall(input.Number(4)); return true;
            case (byte)'2': Push(Peek()); return true;
            default: return false;
        }
    }

    private void Recall(ulong index)
    {
        if (!memo.TryGetValue(index, out object? value)) throw input.Error($"recalls value {index}, which was never kept");
        Push(value);
    }

    private void Tuple(int first)
    {
        if (first < Bottom) throw Underflow();
        object?[] items = CollectionsMarshal.AsSpan(stack)[first..].ToArray();
        Drop(first);
        Push(new PickleTuple(items));
    }

    private void Append(int first)
    {
        if (first < Bottom + 1) throw Underflow();
        if (stack[first - 1] is not PickleList list) throw input.Error("appends to what is no list");
        for (int i = first; i < stack.Count; i++) list.Add(stack[i]);
        Drop(first);
    }

    private void SetItems(int first)
    {
        if (first < Bottom + 1 || (stack.Count - first) % 2 != 0) throw Underflow();
        if (stack[first - 1] is not PickleDict dict) throw input.Error("sets items of what is no dictionary");
        for (int i = first; i < stack.Count; i += 2) dict.Add(stack[i], stack[i + 1]);
        Drop(first);
    }

    // Where the values of the innermost mark begin; what lies below it is out of reach.
    private int Bottom => marks.Count == 0 ? 0 : marks[^1];

    private int Mark()
    {
        if (marks.Count == 0) throw input.Error("a mark is missing");
        int mark = marks[^1];
        marks.RemoveAt(marks.Count - 1);
        return mark;
    }

    private void Push(object? value) => stack.Add(value);

    private object? Peek() => stack.Count > Bottom ? stack[^1] : throw Underflow();

    private object? Pop()
    {
        object? value = Peek();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private void Drop(int first) => stack.RemoveRange(first, stack.Count - first);

    private PickleOpaque Skip(ulong count)
    {
        input.Bytes(count);
        return PickleOpaque.Instance;
    }

    // A number beyond 64 bits is of no use here.
    private static object Long(byte[] bytes)
    {
        if (bytes.Length > sizeof(long)) return PickleOpaque.Instance;
        long value = 0;
        for (int i = 0; i < bytes.Length; i++) value |= (long)bytes[i] << (8 * i);
        int unused = 64 - 8 * bytes.Length;
        return bytes.Length == 0 ? 0L : value << unused >> unused;
    }

    private EngineException Underflow() => input.Error("takes more values than there are");

    private EngineException Unknown(byte opcode) => input.Error(
        $"opcode 0x{opcode:x2}{(opcode is > 32 and < 127 ? $" '{(char)opcode}'" : "")}, which no state dict needs; the file is refused");
}
