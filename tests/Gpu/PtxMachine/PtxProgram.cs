using System.Globalization;
using System.Text.RegularExpressions;

namespace SeLoRA.Tests;

/// <summary>One instruction: its operation with all suffixes, operands as slots of the register file, and the guard (-1 for none).</summary>
internal sealed record PtxInstruction(string Operation, int[] Operands, long[] Offsets, int Guard, bool GuardNegated, string Text)
{
    /// <summary>Index of the instruction that a branch goes to.</summary>
    public int Target { get; set; } = -1;
}

/// <summary>
/// A kernel's PTX, taken apart. Every register, special register, symbol and constant is a slot of one register file; constants are
/// there from the start, so that instructions know slots only.
/// </summary>
internal sealed partial class PtxProgram
{
    private readonly Dictionary<string, int> slots = new(StringComparer.Ordinal);
    private readonly List<HashSet<string>> scopes = [[]];
    private readonly List<ulong> initial = [];

    public PtxProgram(string ptx)
    {
        var labels = new Dictionary<string, int>(StringComparer.Ordinal);
        var branches = new List<(PtxInstruction Branch, string Label)>();
        string body = ptx[(ptx.IndexOf('{', StringComparison.Ordinal) + 1)..];
        foreach (string raw in Comment().Replace(body, "").Split(';'))
        {
            string statement = Scope(raw);
            for (Match label = Label().Match(statement); label.Success; label = Label().Match(statement))
            {
                labels[label.Groups[1].Value] = Instructions.Count;
                statement = Scope(statement[label.Length..]);
            }
            if (SharedArray().Match(statement) is { Success: true } array) SharedBytes += int.Parse(array.Groups[2].Value, CultureInfo.InvariantCulture);
            if (Declaration().Match(statement) is { Success: true } declaration) Declare(declaration.Groups[1].Value);
            if (statement.Length == 0 || statement[0] == '.') continue;
            Add(statement, branches);
        }
        foreach ((PtxInstruction branch, string label) in branches) branch.Target = labels[label];
        foreach (string special in (string[])["%tid.x", "%ctaid.x", "%ntid.x"]) Slot(special);
    }

    public List<PtxInstruction> Instructions { get; } = [];

    /// <summary>Bytes of static shared memory; one array at most.</summary>
    public int SharedBytes { get; }

    /// <summary>The register file as threads find it.</summary>
    public ulong[] InitialRegisters() => [.. initial];

    /// <summary>Slot of a name or a constant.</summary>
    public int Slot(string name)
    {
        if (slots.TryGetValue(name, out int slot)) return slot;
        slots[name] = slot = initial.Count;
        initial.Add(Constant(name));
        return slot;
    }

    // Braces at the front open or close scopes; those of operands stand behind an operation.
    private string Scope(string text)
    {
        int at = 0;
        for (; at < text.Length && text[at] is ' ' or '\t' or '\r' or '\n' or '{' or '}'; at++)
        {
            if (text[at] == '{') scopes.Add([]);
            else if (text[at] == '}') scopes.RemoveAt(scopes.Count - 1);
        }
        return text[at..].TrimEnd();
    }

    // One register file knows no scopes: what is declared in one may not hide what is declared around it.
    private void Declare(string names)
    {
        foreach (string name in names.Split(',', StringSplitOptions.TrimEntries))
        {
            if (scopes.Exists(scope => scope.Contains(name))) throw new FormatException($"{name} is declared again where it is visible");
            scopes[^1].Add(name);
        }
    }

    private void Add(string statement, List<(PtxInstruction, string)> branches)
    {
        Match parts = Parts().Match(statement);
        if (!parts.Success) throw new FormatException($"not understood: {statement}");
        string guard = parts.Groups[1].Value.Trim(), operation = parts.Groups[2].Value, rest = parts.Groups[3].Value.Trim();
        bool negated = guard.StartsWith("@!", StringComparison.Ordinal);
        int guardSlot = guard.Length == 0 ? -1 : Slot(guard[(negated ? 2 : 1)..]);
        bool isBranch = operation.StartsWith("bra", StringComparison.Ordinal);
        var operands = new List<int>();
        var offsets = new List<long>();
        if (!isBranch)
        {
            foreach (Match operand in Operand().Matches(rest))
            {
                string name = operand.Groups[1].Success ? operand.Groups[1].Value : operand.Groups[3].Value;
                long offset = operand.Groups[2].Success ? long.Parse(operand.Groups[2].Value, CultureInfo.InvariantCulture) : 0;
                operands.Add(Slot(name));
                offsets.Add(offset);
            }
        }
        var instruction = new PtxInstruction(operation, [.. operands], [.. offsets], guardSlot, negated, statement);
        Instructions.Add(instruction);
        if (isBranch) branches.Add((instruction, rest));
    }

    private static ulong Constant(string name)
    {
        if (name.StartsWith("0f", StringComparison.Ordinal) || name.StartsWith("0F", StringComparison.Ordinal))
            return uint.Parse(name[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (name.StartsWith("__shared", StringComparison.Ordinal)) return PtxMachine.SharedBase;
        return long.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? (ulong)value : 0;
    }

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^([A-Za-z_$][\w$]*):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\.shared\s+\.align\s+\d+\s+\.b8\s+([\w$]+)\[(\d+)\]")]
    private static partial Regex SharedArray();

    [GeneratedRegex(@"^\.reg\s+\.\w+\s+(.*)$", RegexOptions.Singleline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^(@!?[\w%$]+\s+)?([a-z][\w.:]*)\s*(.*)$", RegexOptions.Singleline)]
    private static partial Regex Parts();

    // [name+offset], or a name or constant; braces of vectors are skipped.
    [GeneratedRegex(@"\[\s*([\w%$.]+)\s*(?:\+\s*(-?\d+))?\s*\]|(-?[\w%$.]+)")]
    private static partial Regex Operand();
}
