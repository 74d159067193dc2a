namespace SeLoRA.Tests;

/// <summary>What each instruction of one thread does. 32-bit values are kept zero-extended.</summary>
internal static class PtxOperations
{
    /// <summary>The instruction's effect, or null where a whole warp executes it together, or it is control flow.</summary>
    public static Action<PtxThread>? Body(PtxInstruction instruction)
    {
        string[] parts = instruction.Operation.Split('.', StringSplitOptions.RemoveEmptyEntries);
        int[] o = instruction.Operands;
        string type = parts[^1];
        switch (parts[0])
        {
            case "bra" or "ret" or "bar" or "ldmatrix" or "mma" or "shfl": return null;
            case "ld" or "st": return Memory(instruction, parts);
            case "cp": return CopyAsync(instruction);
            case "mov" or "cvta": return t => t.Registers[o[0]] = t.Registers[o[1]];
            case "cvt": return Convert(instruction);
            case "setp": return Compare(instruction, parts[1], type);
            case "selp": return t => t.Registers[o[0]] = t.Registers[o[3]] != 0 ? t.Registers[o[1]] : t.Registers[o[2]];
            case "mad" when instruction.Operation is "mad.lo.u64" or "mad.lo.s64":
                return t => t.Registers[o[0]] = t.Registers[o[1]] * t.Registers[o[2]] + t.Registers[o[3]];
            case "mad" when instruction.Operation is "mad.lo.s32" or "mad.lo.u32":
                return t => t.Registers[o[0]] = (uint)((int)t.Registers[o[1]] * (int)t.Registers[o[2]] + (int)t.Registers[o[3]]);
            case "neg" when type == "s32": return t => t.Registers[o[0]] = (uint)-(int)t.Registers[o[1]];
            case "mad" when instruction.Operation == "mad.wide.s32":
                return t => t.Registers[o[0]] = (ulong)((long)(int)t.Registers[o[1]] * (int)t.Registers[o[2]] + (long)t.Registers[o[3]]);
            case "mul" when instruction.Operation == "mul.wide.u32":
                return t => t.Registers[o[0]] = (ulong)(uint)t.Registers[o[1]] * (uint)t.Registers[o[2]];
            default: return Arithmetic(instruction, parts[0], type);
        }
    }

    private static Action<PtxThread> Arithmetic(PtxInstruction instruction, string name, string type)
    {
        int[] o = instruction.Operands;
        if (type == "f32") return FloatArithmetic(instruction, name);
        if (type is "s32" or "u32" or "b32")
        {
            Func<int, int, int>? signed = name switch
            {
                "add" => (a, b) => a + b,
                "sub" => (a, b) => a - b,
                "mul" => (a, b) => a * b,
                "and" => (a, b) => a & b,
                "or" => (a, b) => a | b,
                "xor" => (a, b) => a ^ b,
                "shl" => (a, b) => a << b,
                "shr" when type == "s32" => (a, b) => a >> b,
                "min" when type == "s32" => Math.Min,
                "max" when type == "s32" => Math.Max,
                "div" when type == "s32" => (a, b) => a / b,
                "rem" when type == "s32" => (a, b) => a % b,
                "div" when type == "u32" => (a, b) => (int)((uint)a / (uint)b),
                "shr" when type == "u32" => (a, b) => a >>> b,
                _ => null,
            };
            if (signed is not null) return t => t.Registers[o[0]] = (uint)signed((int)t.Registers[o[1]], (int)t.Registers[o[2]]);
        }
        if (type is "s64" or "u64" or "b64")
        {
            Func<long, long, long>? signed = name switch
            {
                "add" => (a, b) => a + b,
                "sub" => (a, b) => a - b,
                "mul" => (a, b) => a * b,
                "and" => (a, b) => a & b,
                "or" => (a, b) => a | b,
                "shl" => (a, b) => a << (int)b,
                "shr" when type == "s64" => (a, b) => a >> (int)b,
                "div" when type == "s64" => (a, b) => a / b,
                _ => null,
            };
            if (signed is not null) return t => t.Registers[o[0]] = (ulong)signed((long)t.Registers[o[1]], (long)t.Registers[o[2]]);
        }
        // Of predicates.
        if (type == "pred" && name is "and" or "or")
            return name == "and" ? t => t.Registers[o[0]] = t.Registers[o[1]] & t.Registers[o[2]] : t => t.Registers[o[0]] = t.Registers[o[1]] | t.Registers[o[2]];
        throw new NotSupportedException(instruction.Text);
    }

    private static Action<PtxThread> FloatArithmetic(PtxInstruction instruction, string name)
    {
        int[] o = instruction.Operands;
        Func<float, float>? unary = name switch
        {
            "neg" => a => -a,
            "abs" => MathF.Abs,
            "rcp" => a => 1f / a,
            "ex2" when instruction.Operation == "ex2.approx.ftz.f32" => PowerOfTwo,
            "lg2" when instruction.Operation == "lg2.approx.f32" => BinaryLogarithm,
            _ => null,
        };
        if (unary is not null) return t => t.Registers[o[0]] = Bits(unary(Float(t, o[1])));
        if (instruction.Operation == "fma.rn.f32")
            return t => t.Registers[o[0]] = Bits(MathF.FusedMultiplyAdd(Float(t, o[1]), Float(t, o[2]), Float(t, o[3])));
        Func<float, float, float> binary = name switch
        {
            "add" => (a, b) => a + b,
            "sub" => (a, b) => a - b,
            "mul" => (a, b) => a * b,
            // Of a number and NaN the number.
            "max" => float.MaxNumber,
            _ => throw new NotSupportedException(instruction.Text),
        };
        return t => t.Registers[o[0]] = Bits(binary(Float(t, o[1]), Float(t, o[2])));
    }

    // The approximations err as far as the PTX manual lets them, up or down by the argument's last bit: 2^-22 of the result ...
    private static float PowerOfTwo(float x)
    {
        float result = (float)(Math.Pow(2, x) * (1 + Off(x)));
        return x == 0 ? 1f : float.IsSubnormal(result) ? 0f : result;
    }

    // ... or, for a logarithm below one, 2^-22.
    private static float BinaryLogarithm(float x)
    {
        double exact = Math.Log2(x);
        return (float)(exact + Math.Max(1, Math.Abs(exact)) * Off(x));
    }

    private static double Off(float x) => (BitConverter.SingleToUInt32Bits(x) & 1) == 0 ? 1.0 / (1 << 22) : -1.0 / (1 << 22);

    private static Action<PtxThread> Compare(PtxInstruction instruction, string relation, string type)
    {
        int[] o = instruction.Operands;
        Func<PtxThread, int> order = type switch
        {
            "s32" => t => ((int)t.Registers[o[1]]).CompareTo((int)t.Registers[o[2]]),
            "u32" or "b32" => t => ((uint)t.Registers[o[1]]).CompareTo((uint)t.Registers[o[2]]),
            "s64" => t => ((long)t.Registers[o[1]]).CompareTo((long)t.Registers[o[2]]),
            "f32" => t => Float(t, o[1]).CompareTo(Float(t, o[2])),
            _ => throw new NotSupportedException(instruction.Text),
        };
        Func<int, bool> holds = relation switch
        {
            "eq" => c => c == 0,
            "ne" => c => c != 0,
            "lt" or "lo" => c => c < 0,
            "le" or "ls" => c => c <= 0,
            "gt" or "hi" => c => c > 0,
            "ge" or "hs" => c => c >= 0,
            _ => throw new NotSupportedException(instruction.Text),
        };
        // Ordered comparisons with NaN are false.
        if (type == "f32")
            return t => t.Registers[o[0]] = !float.IsNaN(Float(t, o[1])) && !float.IsNaN(Float(t, o[2])) && holds(order(t)) ? 1u : 0u;
        return t => t.Registers[o[0]] = holds(order(t)) ? 1u : 0u;
    }

    private static Action<PtxThread> Convert(PtxInstruction instruction)
    {
        int[] o = instruction.Operands;
        Func<PtxThread, ulong> convert = instruction.Operation switch
        {
            "cvt.s64.s32" => t => (ulong)(int)t.Registers[o[1]],
            "cvt.s32.s64" or "cvt.u32.s64" or "cvt.s32.u64" or "cvt.u32.u64" or "cvt.u64.u32" => t => (uint)t.Registers[o[1]],
            "cvt.s32.u16" or "cvt.u32.u16" or "cvt.u16.u32" => t => (ushort)t.Registers[o[1]],
            "cvt.rna.tf32.f32" => t => Bits(WarpInstructions.ToTF32(Float(t, o[1]))),
            // The first source goes to the upper half.
            "cvt.rn.bf16x2.f32" => t => (uint)WarpInstructions.ToBF16(Float(t, o[1])) << 16 | WarpInstructions.ToBF16(Float(t, o[2])),
            "cvt.rn.f16x2.f32" => t => (uint)WarpInstructions.ToF16(Float(t, o[1])) << 16 | WarpInstructions.ToF16(Float(t, o[2])),
            _ => throw new NotSupportedException(instruction.Text),
        };
        return t => t.Registers[o[0]] = convert(t);
    }

    private static Action<PtxThread> CopyAsync(PtxInstruction instruction)
    {
        int[] o = instruction.Operands;
        return instruction.Operation switch
        {
            // To, from, bytes, those of them that are read.
            "cp.async.cg.shared.global.L2::128B" => Copy(16),
            "cp.async.ca.shared.global" => Copy(8),
            "cp.async.commit_group" => t => t.Commit(),
            "cp.async.wait_group" => t => t.Await((int)t.Registers[o[0]]),
            "cp.async.wait_all" => t => t.AwaitAll(),
            _ => throw new NotSupportedException(instruction.Text),
        };

        Action<PtxThread> Copy(int bytes) => t =>
        {
            if ((int)t.Registers[o[2]] != bytes) throw new NotSupportedException(instruction.Text);
            t.CopyAsync((uint)t.Registers[o[0]] + instruction.Offsets[0], t.Registers[o[1]] + (ulong)instruction.Offsets[1], bytes, (int)t.Registers[o[3]]);
        };
    }

    private static Action<PtxThread> Memory(PtxInstruction instruction, string[] parts)
    {
        int width = parts[^1] switch { "b16" or "u16" => 2, "b32" or "f32" or "s32" or "u32" => 4, "b64" => 8, _ => throw new NotSupportedException(instruction.Text) };
        bool isLoad = parts[0] == "ld";
        int vector = parts[2] switch { "v2" => 2, "v4" => 4, _ => 1 }, bytes = width * vector;
        int[] values = isLoad ? instruction.Operands[..vector] : instruction.Operands[1..(1 + vector)];
        int address = instruction.Operands[isLoad ? vector : 0];
        long offset = instruction.Offsets[isLoad ? vector : 0];
        return (parts[0], parts[1]) switch
        {
            ("ld", "param") => t => t.Load(t.Machine.Parameters.AsSpan((int)offset, bytes), width, values),
            ("ld", "global") => t => t.Load(t.Machine.Global(t.Registers[address] + (ulong)offset, bytes, bytes), width, values),
            ("st", "global") => t => t.Store(t.Machine.Global(t.Registers[address] + (ulong)offset, bytes, bytes), width, values),
            ("ld", "shared") => t => t.Load(t.Machine.SharedAt((long)t.Registers[address] + offset, bytes), width, values),
            ("st", "shared") => t => t.Store(t.Machine.SharedAt((uint)t.Registers[address] + offset, bytes), width, values),
            _ => throw new NotSupportedException(instruction.Text),
        };
    }

    private static float Float(PtxThread thread, int slot) => BitConverter.UInt32BitsToSingle((uint)thread.Registers[slot]);

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);
}
