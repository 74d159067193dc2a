namespace SeLoRA.Tests;

/// <summary>How a run treats what hardware leaves open; kernels must not depend on it.</summary>
/// <param name="LateCopies">cp.async writes only when it is waited for; else at once.</param>
/// <param name="ReverseWarps">Between barriers the last warp runs first.</param>
internal readonly record struct PtxOrder(bool LateCopies, bool ReverseWarps);

/// <summary>A buffer of global memory. Addresses of different buffers are far apart, so that a stray access is seen.</summary>
internal sealed class PtxBuffer(ulong address, byte[] bytes)
{
    public ulong Address { get; } = address;

    public byte[] Bytes { get; } = bytes;
}

/// <summary>Buffers of global memory, as they are placed.</summary>
internal sealed class PtxMemory
{
    private const ulong First = 0x7F00_0000_0000, Distance = 0x1_0000_0000;
    private readonly List<PtxBuffer> buffers = [];

    public IReadOnlyList<PtxBuffer> Buffers => buffers;

    /// <summary>The address that the bytes get.</summary>
    public ulong Place(byte[] bytes)
    {
        buffers.Add(new PtxBuffer(First + Distance * (ulong)buffers.Count, bytes));
        return buffers[^1].Address;
    }
}

/// <summary>
/// Runs a kernel's PTX on the host, group by group: the text that would be given to the driver, not a model of it. Warp-wide instructions
/// demand that all lanes arrive together, accesses outside of buffers throw, and shared memory starts as NaN.
/// It understands what the tensor-core kernels consist of and refuses everything else.
/// </summary>
internal sealed class PtxMachine(PtxProgram program, int threads, IReadOnlyList<PtxBuffer> buffers, byte[] parameters, PtxOrder order)
{
    /// <summary>Where shared memory begins: aligned to no more than 16 bytes, which is all that kernels ask for.</summary>
    public const int SharedBase = 1024 + 16;

    private readonly Action<PtxThread>?[] bodies = [.. program.Instructions.Select(PtxOperations.Body)];
    private readonly ulong[] initial = program.InitialRegisters();

    /// <summary>Instructions executed, of all threads together.</summary>
    public long Executed { get; private set; }

    /// <summary>The worst use of a bank within a phase of any ldmatrix.</summary>
    public int WorstBankUse { get; private set; }

    public byte[] Shared { get; } = new byte[program.SharedBytes];

    public byte[] Parameters { get; } = parameters;

    public PtxOrder Order { get; } = order;

    public void Run(int groups)
    {
        for (int group = 0; group < groups; group++) RunGroup(group);
    }

    /// <summary>The bytes at an address of global memory.</summary>
    public Span<byte> Global(ulong address, int bytes, int alignment)
    {
        if (address % (ulong)alignment != 0) throw new InvalidOperationException($"misaligned access of {bytes} bytes at {address:x}");
        foreach (PtxBuffer buffer in buffers)
            if (address >= buffer.Address && address + (ulong)bytes <= buffer.Address + (ulong)buffer.Bytes.Length)
                return buffer.Bytes.AsSpan((int)(address - buffer.Address), bytes);
        throw new InvalidOperationException($"access to {address:x}, {bytes} bytes, outside of every buffer");
    }

    /// <summary>The bytes at an address of shared memory.</summary>
    public Span<byte> SharedAt(long address, int bytes)
    {
        if (address % bytes != 0) throw new InvalidOperationException($"misaligned access to shared memory, {bytes} bytes at {address}");
        return Shared.AsSpan(checked((int)address - SharedBase), bytes);
    }

    private void RunGroup(int group)
    {
        Array.Fill(Shared, (byte)0xFF);
        int warps = threads / WarpInstructions.Lanes;
        PtxThread[][] all = [.. Enumerable.Range(0, warps).Select(warp => Enumerable.Range(0, WarpInstructions.Lanes)
            .Select(lane => NewThread(warp * WarpInstructions.Lanes + lane, group)).ToArray())];
        bool running = true;
        while (running)
        {
            int finished = 0;
            for (int i = 0; i < warps; i++)
                if (RunToBarrier(all[Order.ReverseWarps ? warps - 1 - i : i])) finished++;
            if (finished != 0 && finished != warps) throw new InvalidOperationException("some warps wait at a barrier that others never reach");
            running = finished == 0;
        }
    }

    private PtxThread NewThread(int thread, int group)
    {
        var registers = (ulong[])initial.Clone();
        registers[program.Slot("%tid.x")] = (ulong)thread;
        registers[program.Slot("%ctaid.x")] = (ulong)group;
        registers[program.Slot("%ntid.x")] = (ulong)threads;
        return new PtxThread(this, registers);
    }

    /// <summary>Runs a warp to its next barrier; true if it came to its end.</summary>
    private bool RunToBarrier(PtxThread[] warp)
    {
        while (true)
        {
            foreach (PtxThread thread in warp) RunAlone(thread);
            int at = warp[0].Next;
            foreach (PtxThread thread in warp)
                if (thread.Next != at) throw new InvalidOperationException("lanes of a warp are at different instructions where they must be together");
            if (at == program.Instructions.Count) return true;
            PtxInstruction instruction = program.Instructions[at];
            foreach (PtxThread thread in warp) thread.Next++;
            Executed += warp.Length;
            if (instruction.Operation.StartsWith("bar.", StringComparison.Ordinal)) return false;
            // A warp-wide instruction under a guard would have to be the same for all lanes, which nobody asks for.
            if (instruction.Guard >= 0) throw new NotSupportedException(instruction.Text);
            if (instruction.Operation.StartsWith("ldmatrix", StringComparison.Ordinal)) LoadMatrices(warp, instruction);
            else if (instruction.Operation.StartsWith("shfl", StringComparison.Ordinal)) Shuffle(warp, instruction);
            else MultiplyAdd(warp, instruction);
        }
    }

    // Until an instruction that a warp executes together.
    private void RunAlone(PtxThread thread)
    {
        while (thread.Next < program.Instructions.Count)
        {
            PtxInstruction instruction = program.Instructions[thread.Next];
            if (bodies[thread.Next] is not null || instruction.Target >= 0) Executed++;
            bool runs = instruction.Guard < 0 || (thread.Registers[instruction.Guard] != 0) != instruction.GuardNegated;
            if (instruction.Target >= 0) thread.Next = runs ? instruction.Target : thread.Next + 1;
            else if (instruction.Operation == "ret") thread.Next = program.Instructions.Count;
            else if (bodies[thread.Next] is { } body)
            {
                if (runs) body(thread);
                thread.Next++;
            }
            else return;
        }
    }

    private void LoadMatrices(PtxThread[] warp, PtxInstruction instruction)
    {
        bool transposed = instruction.Operation.Contains(".trans", StringComparison.Ordinal);
        int count = instruction.Operands.Length - 1;
        var rows = new int[count * 8];
        for (int i = 0; i < rows.Length; i++)
        {
            long address = (uint)warp[i].Registers[instruction.Operands[count]] + instruction.Offsets[count];
            SharedAt(address, 16);
            rows[i] = (int)address - SharedBase;
        }
        for (int i = 0; i < count; i++) WorstBankUse = Math.Max(WorstBankUse, WarpInstructions.BankUse(rows.AsSpan(i * 8, 8)));
        uint[] loaded = WarpInstructions.LdMatrix(Shared, rows, count, transposed);
        for (int lane = 0; lane < warp.Length; lane++)
            for (int i = 0; i < count; i++) warp[lane].Registers[instruction.Operands[i]] = loaded[lane * count + i];
    }

    // Register, source, mask of the butterfly, clamp and all lanes.
    private static void Shuffle(PtxThread[] warp, PtxInstruction instruction)
    {
        int[] slots = instruction.Operands;
        foreach (PtxThread thread in warp)
            if (instruction.Operation != "shfl.sync.bfly.b32" || thread.Registers[slots[3]] != 31 || thread.Registers[slots[4]] != uint.MaxValue)
                throw new NotSupportedException(instruction.Text);
        ulong[] sources = [.. warp.Select(thread => thread.Registers[slots[1]])];
        for (int lane = 0; lane < warp.Length; lane++) warp[lane].Registers[slots[0]] = sources[lane ^ (int)warp[lane].Registers[slots[2]]];
    }

    private delegate void Product(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b, Span<float> c);

    private static void MultiplyAdd(PtxThread[] warp, PtxInstruction instruction)
    {
        Product product = instruction.Operation switch
        {
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32" => static (a, b, c) => WarpInstructions.Mma(a, b, c, WarpInstructions.FromBF16),
            "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32" => static (a, b, c) => WarpInstructions.Mma(a, b, c, WarpInstructions.FromF16),
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32" => WarpInstructions.MmaTF32,
            _ => throw new NotSupportedException(instruction.Text),
        };
        Span<uint> a = stackalloc uint[4 * 32], b = stackalloc uint[2 * 32];
        Span<float> c = stackalloc float[4 * 32];
        int[] slots = instruction.Operands;
        for (int lane = 0; lane < warp.Length; lane++)
        {
            ulong[] registers = warp[lane].Registers;
            for (int i = 0; i < 4; i++) a[lane * 4 + i] = (uint)registers[slots[4 + i]];
            for (int i = 0; i < 2; i++) b[lane * 2 + i] = (uint)registers[slots[8 + i]];
            for (int i = 0; i < 4; i++) c[lane * 4 + i] = BitConverter.UInt32BitsToSingle((uint)registers[slots[10 + i]]);
        }
        product(a, b, c);
        for (int lane = 0; lane < warp.Length; lane++)
            for (int i = 0; i < 4; i++) warp[lane].Registers[slots[i]] = BitConverter.SingleToUInt32Bits(c[lane * 4 + i]);
    }
}
