using System.Text;

namespace SeLoRA.Tests;

/// <summary>A tile of C, its warps and its stages of K, of which the generator writes a struct.</summary>
internal sealed record TensorCoreTileShape(int Rows, int Columns, int WarpsM, int WarpsN, int Stages)
{
    public static readonly TensorCoreTileShape[] All =
    [
        new(128, 128, 2, 4, 3), new(128, 64, 2, 2, 4), new(64, 64, 2, 2, 4), new(128, 16, 4, 1, 4), new(16, 128, 1, 4, 4),
    ];

    public string Name => $"Tile{Rows}x{Columns}";

    public int Threads => WarpsM * WarpsN * 32;

    /// <summary>mma tiles of 16 rows and of 8 columns in a warp's part.</summary>
    public int FragmentsM => Rows / WarpsM / 16;

    public int FragmentsN => Columns / WarpsN / 8;
}

/// <summary>
/// Writes engine/Backends/Gpu/TensorCore/TensorCoreTiles.g.cs: one struct a tile, each method one unrolled piece of PTX. A test holds the
/// file against this and rewrites it where SELORA_REGENERATE=1.
/// </summary>
internal static class TensorCoreTileGenerator
{
    private const int ChunksOfDepth = 4;
    private const int LineBytes = 64;       // TensorCoreLayout.DepthBytes
    private const int StagedPadding = 8;    // TensorCoreLayout.StagedStride

    public static string Generate()
    {
        var text = new StringBuilder("""
            // Written by TensorCoreTileGenerator (tests/Gpu); change that and run the tests with SELORA_REGENERATE=1.
            // Registers: acc = accumulators; fa, fb = fragments of A and B; tc... = places in shared memory, see ITensorCoreTile.PlaceA.
            using ILGPU.Runtime.Cuda;

            namespace SeLoRA.Engine;

            """.ReplaceLineEndings("\n"));
        foreach (TensorCoreTileShape tile in TensorCoreTileShape.All) Struct(text, tile);
        return text.ToString();
    }

    private static void Struct(StringBuilder text, TensorCoreTileShape tile)
    {
        int rows = tile.FragmentsM, columns = tile.FragmentsN, accumulators = rows * columns * 4;
        string warps = tile.WarpsM * tile.WarpsN == 8 ? "Eight" : "Four";
        text.Append($"\n/// <summary>{tile.Rows}x{tile.Columns} of C, {tile.WarpsM}x{tile.WarpsN} warps of {rows * 16}x{columns * 8}, {tile.Stages} stages.</summary>\n");
        Picture(text, tile);
        text.Append($"internal readonly struct {tile.Name} : I{warps}WarpTile\n{{\n");
        foreach ((string name, int value) in new[]
        {
            ("Log2Rows", Log2(tile.Rows)), ("Log2Columns", Log2(tile.Columns)),
            ("Log2WarpsM", Log2(tile.WarpsM)), ("Log2WarpsN", Log2(tile.WarpsN)), ("Stages", tile.Stages),
        })
            text.Append($"    public static int {name} => {value};\n\n");

        string[] perOperand = ["Fragment", "To", "Offset", "Fixed"];
        Method(text, "Declare()", "",
        [
            ".reg .b32 tcBase; mov.u32 tcBase, __shared_alloca0;",
            .. perOperand.Select(name => $".reg .b32 tc{name}A, tc{name}B;"),
            ".reg .pred tcCopiesA, tcCopiesB;",
            $".reg .f32 acc<{accumulators}>;",
            $".reg .b32 fa<{rows * 4}>, fb<{columns * 2}>;",
            $".reg .b32 tcPixel<{CopiesOf(tile, tile.Rows)}>, tcOutside<{CopiesOf(tile, tile.Rows)}>;",
            .. Enumerable.Range(0, accumulators).Select(i => $"mov.f32 acc{i}, 0f00000000;").Chunk(4).Select(c => string.Join(" ", c)),
        ]);
        Method(text, "AwaitSlice()", "", [$"cp.async.wait_group {tile.Stages - 2};"]);
        Copies(text, tile, "A", tile.Rows);
        Windows(text, tile);
        Copies(text, tile, "B", tile.Columns);
        Method(text, "CopyChunkOfB(int further, long from, int bytes)", ", further, from, bytes",
        [
            "{ .reg .b32 to; add.u32 to, tcToB, %0;",
            $"{GuardOf(tile, "B", tile.Columns)}cp.async.cg.shared.global.L2::128B [to], [%1], 16, %2;",
            "}",
        ]);
        Loads(text, "A", "fa", rows);
        WordLoads(text, "A", "fa", rows, 4, tile.Rows);
        Loads(text, "B", "fb", columns / 2);
        WordLoads(text, "B", "fb", columns, 2, tile.Columns);
        Multiply(text, "MultiplyBF16", "m16n8k16", "bf16", [], rows, columns);
        Multiply(text, "MultiplyF16", "m16n8k16", "f16", [], rows, columns);
        // Rounded in registers: memory holds float32, and mma would cut off what it does not take.
        Multiply(text, "MultiplyTF32", "m16n8k8", "tf32", [.. Rounded("fa", rows * 4), .. Rounded("fb", columns * 2)], rows, columns);
        Slab(text, rows, columns, tile.Columns + StagedPadding);
        text.Length--;
        text.Append("}\n");
    }

    // The tile with its warps, and one warp's accumulators.
    private static void Picture(StringBuilder text, TensorCoreTileShape tile)
    {
        int rows = tile.FragmentsM, columns = tile.FragmentsN;
        string edge = "// " + new string(' ', 5) + string.Concat(Enumerable.Repeat("+------", tile.WarpsN)) + "+\n";
        for (int i = 0; i < tile.WarpsM; i++)
        {
            text.Append(edge);
            text.Append($"// {i * rows * 16,4} {string.Concat(Enumerable.Range(0, tile.WarpsN).Select(j => $"|  w{i * tile.WarpsN + j}  "))}|\n");
        }
        text.Append(edge);
        text.Append("// a warp's 16x8 parts, four accumulators of a lane each:\n");
        for (int i = 0; i < rows; i++)
            text.Append($"// {string.Join(" | ", Enumerable.Range(0, columns).Select(j => $"acc{(i * columns + j) * 4,-2}..{(i * columns + j) * 4 + 3,-2}"))}   x fa{i * 4}..{i * 4 + 3}\n");
    }

    // cp.async of a thread's chunks of one operand: every so many lines one. What does not change between slices is kept in registers.
    private static void Copies(StringBuilder text, TensorCoreTileShape tile, string operand, int operandRows)
    {
        int threads = tile.Threads, chunks = operandRows * ChunksOfDepth, copies = CopiesOf(tile, operandRows);
        string guard = GuardOf(tile, operand, operandRows);
        Method(text, $"Place{operand}(int fragment, int to, int offset, int fix)", ", fragment, to, offset, fix",
        [
            $"mov.b32 tcFragment{operand}, %0; add.u32 tcTo{operand}, tcBase, %1; mov.b32 tcOffset{operand}, %2; mov.b32 tcFixed{operand}, %3;",
            .. guard.Length == 0 ? Array.Empty<string>() : [$"{{ .reg .b32 thread; mov.u32 thread, %%tid.x; setp.lt.u32 tcCopies{operand}, thread, {chunks}; }}"],
        ]);
        Copy("AlongK", BytesAlongK(operand),
            "bytesLeft", "add.s64 from, from, %2; ", i => $"setp.gt.s32 has, tcFixed{operand}, {i * threads / ChunksOfDepth}; ");
        Copy("AcrossK", $"sub.s32 lines, %3, tcOffset{operand}; mov.b32 bytes, tcFixed{operand};",
            "kLeft", "add.s64 from, from, %2; sub.s32 lines, lines, %4; ", _ => "setp.gt.s32 has, lines, 0; ");

        void Copy(string direction, string prepare, string left, string next, Func<int, string> has) => Method(text,
            $"Copy{operand}{direction}(int stage, long from, long step, int {left}{(left == "kLeft" ? ", int lines" : "")})",
            $", stage, from, step, {left}{(left == "kLeft" ? ", lines" : "")}",
        [
            "{ .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;",
            prepare,
            $"add.u32 to, tcTo{operand}, %0; mov.b64 from, %1;",
            .. Enumerable.Range(0, copies).Select(i => (i > 0 ? next : "") + has(i) + "selp.b32 count, bytes, 0, has; "
                + $"{guard}cp.async.cg.shared.global.L2::128B [to+{i * threads * 16}], [from], 16, count;"),
            "}",
        ]);
    }

    // The same of A seen through windows: every chunk from a pixel of its own, whose places are kept as well.
    private static void Windows(StringBuilder text, TensorCoreTileShape tile)
    {
        int copies = CopiesOf(tile, tile.Rows), lineStep = tile.Threads / ChunksOfDepth;
        Method(text, "PlaceWindow(int copy, int pixel, int outside)", ", copy, pixel, outside",
        [
            "{ .reg .pred this;",
            .. Enumerable.Range(0, copies).Select(i => $"setp.eq.s32 this, %0, {i}; @this mov.b32 tcPixel{i}, %1; @this mov.b32 tcOutside{i}, %2;"),
            "}",
        ]);
        Method(text, "CopyAWindows(int stage, long from, int tap, int bytesLeft)", ", stage, from, tap, bytesLeft",
        [
            "{ .reg .b32 to, outside, bytes, count; .reg .b64 from; .reg .pred has;",
            BytesAlongK("A"),
            "add.u32 to, tcToA, %0;",
            .. Enumerable.Range(0, copies).Select(i =>
                $"mad.wide.s32 from, tcPixel{i}, 16, %1; and.b32 outside, tcOutside{i}, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; "
                + $"{GuardOf(tile, "A", tile.Rows)}cp.async.cg.shared.global.L2::128B [to+{i * lineStep * LineBytes}], [from], 16, count;"),
            "}",
        ]);
    }

    private static string BytesAlongK(string operand) =>
        $"sub.s32 bytes, %3, tcOffset{operand}; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;";

    // Chunks of an operand that a thread copies in a slice; a tile with fewer chunks than threads leaves some idle.
    private static int CopiesOf(TensorCoreTileShape tile, int operandRows) => Math.Max(1, operandRows * ChunksOfDepth / tile.Threads);

    private static string GuardOf(TensorCoreTileShape tile, string operand, int operandRows) =>
        operandRows * ChunksOfDepth < tile.Threads ? $"@tcCopies{operand} " : "";

    // ldmatrix.x4: a 16x16 fragment of A, or two 16x8 ones of B. Fragments lie 16 lines apart, or two chunks under the swizzle, which is
    // undone before the stage and the start of shared memory are added: neither needs more than 16 bytes of alignment.
    private static void Loads(StringBuilder text, string operand, string register, int count)
    {
        Method(text, $"Load{operand}AlongK(int stage, int turn)", ", stage, turn",
        [
            "{ .reg .b32 at;", $"xor.b32 at, tcFragment{operand}, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;",
            .. Enumerable.Range(0, count).Select(i => $"ldmatrix.sync.aligned.m8n8.x4.shared.b16 {Quad(register, i)}, [at+{i * 16 * LineBytes}];"),
            "}",
        ]);
        Method(text, $"Load{operand}AcrossK(int stage, int further)", ", stage, further",
        [
            "{ .reg .b32 at, to;", $"add.u32 at, tcFragment{operand}, %1;",
            .. Enumerable.Range(0, count).Select(i =>
                $"xor.b32 to, at, {i * 32}; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {Quad(register, i)}, [to];"),
            "}",
        ]);
    }

    // Of float32 a lane's words of a fragment: rows 8 apart lie two chunks apart under the swizzle, k four apart as many lines.
    private static void WordLoads(StringBuilder text, string operand, string register, int count, int words, int operandRows) =>
        Method(text, $"Load{operand}WordsAcrossK(int stage, int further)", ", stage, further",
        [
            "{ .reg .b32 at, to;", $"add.u32 at, tcFragment{operand}, %1;",
            .. from i in Enumerable.Range(0, count * words / 2)
            // Registers of A: (low m, low k), (high m, low k), (low m, high k), (high m, high k); of B: low k, high k.
            let first = words == 4 ? i / 2 * 4 + i % 2 : i * 2
            let second = words == 4 ? first + 2 : first + 1
            select $"xor.b32 to, at, {i * 32}; add.u32 to, to, %0; add.u32 to, to, tcBase; "
                + $"ld.shared.b32 {register}{first}, [to]; ld.shared.b32 {register}{second}, [to+{4 * operandRows * 4}];",
            "}",
        ]);

    private static IEnumerable<string> Rounded(string register, int count) =>
        Enumerable.Range(0, count).Select(i => $"cvt.rna.tf32.f32 {register}{i}, {register}{i};").Chunk(4).Select(c => string.Join(" ", c));

    private static void Multiply(StringBuilder text, string name, string shape, string type, IEnumerable<string> before, int rows, int columns) => Method(text, $"{name}()", "",
    [
        .. before,
        .. from i in Enumerable.Range(0, rows)
        from j in Enumerable.Range(0, columns)
        let c = Quad("acc", i * columns + j)
        select $"mma.sync.aligned.{shape}.row.col.f32.{type}.{type}.f32 {c}, {Quad("fa", i)}, {{fb{j * 2}, fb{j * 2 + 1}}}, {c};",
    ]);

    // Lane 4g + t holds columns 2t, 2t + 1 of rows g and g + 8.
    private static void Slab(StringBuilder text, int rows, int columns, int stride) => Method(text, "StoreSlab(int slab, int address)", ", slab, address",
    [
        $"{{ .reg .b32 at; .reg .pred slab<{rows}>;", "add.u32 at, tcBase, %1;",
        .. Enumerable.Range(0, rows).Select(i => $"setp.eq.s32 slab{i}, %0, {i};"),
        .. from i in Enumerable.Range(0, rows)
        from j in Enumerable.Range(0, columns)
        from half in Enumerable.Range(0, 2)
        let c = (i * columns + j) * 4 + half * 2
        select $"@slab{i} st.shared.v2.f32 [at+{(half * 8 * stride + j * 8) * 4}], {{acc{c}, acc{c + 1}}};",
        "}",
    ]);

    private static void Method(StringBuilder text, string signature, string arguments, IEnumerable<string> lines)
    {
        text.Append($"    public static void {signature} => CudaAsm.Emit(\"\"\"\n");
        foreach (string line in lines) text.Append($"        {line}\n");
        text.Append($"        \"\"\"{arguments});\n\n");
    }

    private static string Quad(string register, int i) => $"{{{string.Join(", ", Enumerable.Range(i * 4, 4).Select(r => register + r))}}}";

    private static int Log2(int value) => int.Log2(value);
}
