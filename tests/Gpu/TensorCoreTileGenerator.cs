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
    private const int LineBytes = 64;       // 32 values of k
    private const int StagedPadding = 8;    // TensorCoreLayout.StagedStride

    public static string Generate()
    {
        var text = new StringBuilder("""
            // Written by TensorCoreTileGenerator (tests/Gpu); change that and run the tests with SELORA_REGENERATE=1.
            // Registers: acc = accumulators, fa and fb = fragments of A and B; tcBase = start of the group's shared memory.
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

        Method(text, "Declare()", "",
        [
            ".reg .b32 tcBase;",
            "mov.u32 tcBase, __shared_alloca0;",
            $".reg .f32 acc<{accumulators}>;",
            $".reg .b32 fa<{rows * 4}>;",
            $".reg .b32 fb<{columns * 2}>;",
            .. Enumerable.Range(0, accumulators).Select(i => $"mov.f32 acc{i}, 0f00000000;").Chunk(4).Select(c => string.Join(" ", c)),
        ]);
        Method(text, "AwaitSlice()", "", [$"cp.async.wait_group {tile.Stages - 2};"]);
        Loads(text, "LoadA", "fa", rows, tile.Rows);
        Loads(text, "LoadB", "fb", columns / 2, tile.Columns);
        Multiply(text, "MultiplyBF16", "bf16", rows, columns);
        Multiply(text, "MultiplyF16", "f16", rows, columns);
        Slab(text, rows, columns, tile.Columns + StagedPadding);
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

    // ldmatrix.x4: a 16x16 fragment of A, or two 16x8 ones of B. Fragments lie 16 lines apart, or two chunks under the swizzle.
    private static void Loads(StringBuilder text, string name, string register, int count, int operandRows)
    {
        Method(text, $"{name}AlongK(int address)", ", address",
        [
            "{ .reg .b32 at;", "add.u32 at, tcBase, %0;",
            .. Enumerable.Range(0, count).Select(i => $"ldmatrix.sync.aligned.m8n8.x4.shared.b16 {Quad(register, i)}, [at+{i * 16 * LineBytes}];"),
            "}",
        ]);
        Method(text, $"{name}AcrossK(int address)", ", address",
        [
            "{ .reg .b32 at, to;", "add.u32 at, tcBase, %0;",
            .. Enumerable.Range(0, count).Select(i =>
                $"xor.b32 to, at, {i * 32}; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {Quad(register, i)}, [to];"),
            "}",
        ]);
    }

    private static void Multiply(StringBuilder text, string name, string type, int rows, int columns) => Method(text, $"{name}()", "",
    [
        .. from i in Enumerable.Range(0, rows)
        from j in Enumerable.Range(0, columns)
        let c = Quad("acc", i * columns + j)
        select $"mma.sync.aligned.m16n8k16.row.col.f32.{type}.{type}.f32 {c}, {Quad("fa", i)}, {{fb{j * 2}, fb{j * 2 + 1}}}, {c};",
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
