using System.Text;

namespace SeLoRA.Tests;

/// <summary>
/// Writes engine/Backends/Gpu/TensorCore/TensorCoreAttentionTiles.g.cs: one struct a walk and type, each method one unrolled piece of PTX.
/// A test holds the file against this and rewrites it where SELORA_REGENERATE=1.
/// </summary>
internal sealed class TensorCoreAttentionGenerator
{
    private const int CopiedRows = 32;      // TensorCoreAttentionLayout
    private const string MinusInfinity = "0fFF800000", Ln2 = "0f3F317218";

    private readonly StringBuilder text;
    private readonly TensorCoreAttentionShape shape;
    private readonly string type;

    private TensorCoreAttentionGenerator(StringBuilder text, TensorCoreAttentionShape shape, string type) => (this.text, this.shape, this.type) = (text, shape, type);

    // Registers of scores and sums: those of a 16x8 part, four of a lane.
    private int RowBytes => shape.Chunks * 16;

    private int Fragments => shape.Fragments;

    private IEnumerable<int> EachFragment => Enumerable.Range(0, Fragments);

    // Rows of a lane: lane / 4 and 8 further in each fragment.
    private IEnumerable<(int Fragment, int Half, int Number, int Offset)> EachRow =>
        from m in EachFragment from half in Enumerable.Range(0, 2) select (m, half, m * 2 + half, m * 16 + half * 8);

    private string Sums => shape.Pass switch { AttentionPass.Forward => "y", AttentionPass.QueryGradient => "dq", AttentionPass.KeyGradient => "dk", _ => "dv" };

    public static string Generate()
    {
        var text = new StringBuilder("""
            // Written by TensorCoreAttentionGenerator (tests/Gpu); change that and run the tests with SELORA_REGENERATE=1.
            // Registers: y, dq, dk, dv = sums; s = scores, then weights; g = dP, then dS; first, second = fragments of the own rows;
            // top, total = the rows' maxima and sums of exponentials; lse, delta = their statistics; at... = places in shared memory.
            using ILGPU.Runtime.Cuda;

            namespace SeLoRA.Engine;

            """.ReplaceLineEndings("\n"));
        foreach (TensorCoreAttentionShape shape in TensorCoreAttentionShape.All)
            foreach (string type in new[] { "bf16", "f16" }) new TensorCoreAttentionGenerator(text, shape, type).Struct();
        return text.ToString();
    }

    private void Struct()
    {
        string kind = shape.Pass switch { AttentionPass.Forward => "Forward", AttentionPass.QueryGradient => "QueryGradient", _ => "KeyGradient" };
        Picture();
        text.Append($"internal readonly struct {shape.Name}{type.ToUpperInvariant()} : ITensorCore{kind}Tile\n{{\n");
        foreach ((string name, int value) in new[]
        {
            ("Chunks", shape.Chunks), ("OwnRows", Fragments * 64), ("OtherRows", shape.OtherRows), ("Step", shape.Step), ("Stages", shape.Stages),
            ("StatisticBytes", shape.OwnsKeys ? shape.OtherRows * 8 : 0),
        })
            text.Append($"    public static int {name} => {value};\n\n");
        if (shape.OwnsKeys)
        {
            text.Append($"    public static bool GivesKeys => {(shape.GivesKeys ? "true" : "false")};\n\n");
            text.Append($"    public static bool GivesValues => {(shape.GivesValues ? "true" : "false")};\n\n");
        }
        Declare();
        Places();
        Method("AwaitBlock()", "", [$"cp.async.wait_group {shape.Stages - 2};"]);
        LoadOwn("First", "first", true);
        if (shape.Pass != AttentionPass.Forward) LoadOwn("Second", "second", shape.HasSecond);
        switch (shape.Pass)
        {
            case AttentionPass.Forward: Forward(); break;
            case AttentionPass.QueryGradient: QueryGradient(); break;
            default: KeyGradient(); break;
        }
        text.Length--;
        text.Append("}\n");
    }

    // A warp's own rows against a step of the other side, and its sums.
    private void Picture()
    {
        (string own, string other) = shape.OwnsKeys ? ("keys", "queries") : ("queries", "keys");
        string both = shape.GivesKeys && shape.GivesValues ? "dk and dv" : Sums;
        text.Append($"\n/// <summary>{both} of heads up to {shape.D}, {type}: {Fragments * 64} {own} against blocks of {shape.OtherRows} {other}, {shape.Stages} stages.</summary>\n");
        string columns = $"{shape.Step} of a block's {shape.OtherRows} {other}";
        text.Append($"//          {columns,-34}  {shape.D} columns of {both}\n");
        string edge = $"//      +{new string('-', 34)}+{new string('-', 34)}+\n";
        text.Append(edge);
        for (int warp = 0; warp < 4; warp++)
        {
            foreach (int m in EachFragment)
            {
                string scores = Span("s", m, shape.ScoreColumns), sums = Span(Sums, m, shape.Columns);
                text.Append(warp == 0 ? $"// {(m == 0 ? "w0" : "  ")}   |{scores,-34}|{sums,-34}| {own} {m * 16}..{m * 16 + 15}\n"
                    : m == 0 ? $"// w{warp}   |{"the same",-34}|{"",-34}| {own} {warp * Fragments * 16}..{(warp + 1) * Fragments * 16 - 1}\n" : "");
            }
            text.Append(edge);
        }

        string Span(string name, int m, int parts) => $" {name}{m * parts * 4}..{(m + 1) * parts * 4 - 1}, {parts} parts of 16x8";
    }

    private void Declare()
    {
        int sums = Fragments * shape.Columns * 4, scores = Fragments * shape.ScoreColumns * 4, rows = Fragments * 2;
        var lines = new List<string>
        {
            ".reg .b32 atBase; mov.u32 atBase, __shared_alloca0;",
            ".reg .b32 atRowsFirst, atColumnsFirst, atCopy;",
            $".reg .pred copies, exists<{(shape.Chunks + 3) / 4}>;",
            ".reg .f32 zero; mov.f32 zero, 0f00000000;",
            $".reg .b32 first<{Fragments * shape.Depth * 4}>;",
            $".reg .f32 s<{scores}>;",
        };
        if (shape.HasSecond) lines.Add($".reg .b32 second<{Fragments * shape.Depth * 4}>; .reg .f32 g<{scores}>;");
        if (shape.Pass == AttentionPass.Forward)
        {
            lines.Add($".reg .f32 top<{rows}>, total<{rows}>;");
            lines.AddRange(EachRow.Select(r => $"mov.f32 top{r.Number}, {MinusInfinity}; mov.f32 total{r.Number}, 0f00000000;"));
        }
        if (shape.Pass == AttentionPass.QueryGradient) lines.Add($".reg .f32 lse<{rows}>, delta<{rows}>;");
        foreach (string name in shape.GivesKeys && shape.GivesValues ? ["dk", "dv"] : new[] { Sums })
        {
            lines.Add($".reg .f32 {name}<{sums}>;");
            lines.AddRange(Enumerable.Range(0, sums).Select(i => $"mov.f32 {name}{i}, 0f00000000;").Chunk(4).Select(c => string.Join(" ", c)));
        }
        Method("Declare()", "", lines);
    }

    // What does not change between blocks is kept in registers. Four threads a row, each every fourth chunk: chunks four apart are
    // four apart in shared memory as well, and so are rows of a multiple of 8.
    private void Places()
    {
        int copies = (shape.Chunks + 3) / 4;
        bool partial = shape.Chunks % 4 != 0;
        Method("Place(int rowsFirst, int columnsFirst, int copy, int chunks)", ", rowsFirst, columnsFirst, copy, chunks",
        [
            "mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;",
            .. Enumerable.Range(0, copies).Select(i => $"setp.gt.s32 exists{i}, %3, {i * 4};"),
            .. partial ? [$"{{ .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, {shape.Chunks % 4}; }}"] : Array.Empty<string>(),
        ]);
        Method("Copy(int to, long from, long step, int rows)", ", to, from, step, rows",
        [
            "{ .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;",
            "add.u32 to, atCopy, %0; mov.b64 from, %1;",
            .. Enumerable.Range(0, shape.OtherRows / CopiedRows).SelectMany(pass => Enumerable.Range(0, copies).Select(i =>
                (i > 0 ? "" : (pass > 0 ? "add.s64 from, from, %2; " : "") + $"setp.gt.s32 has, %3, {pass * CopiedRows}; selp.b32 all, 16, 0, has; ")
                + $"selp.b32 count, all, 0, exists{i}; {(partial && i == copies - 1 ? "@copies " : "")}"
                + $"cp.async.cg.shared.global.L2::128B [to+{pass * CopiedRows * RowBytes + i * 64}], [from+{i * 64}], 16, count;")),
            "}",
        ]);
        if (!shape.OwnsKeys)
        {
            text.Append("    public static void CopyStatistics(int to, long from, int rows)\n    {\n    }\n\n");
            return;
        }
        Method("CopyStatistics(int to, long from, int rows)", ", to, from, rows",
        [
            "{ .reg .b32 to, count, thread; .reg .pred has, one;",
            $"mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, {shape.OtherRows};",
            "add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;",
            "@one cp.async.ca.shared.global [to], [%1], 8, count;",
            "}",
        ]);
    }

    private void LoadOwn(string name, string register, bool wanted)
    {
        if (!wanted)
        {
            text.Append($"    public static void Load{name}(int at)\n    {{\n    }}\n\n");
            return;
        }
        Method($"Load{name}(int at)", ", at",
        [
            "{", .. Bases("%0", null, true),
            .. from m in EachFragment
            from k in Enumerable.Range(0, shape.Depth)
            select $"ldmatrix.sync.aligned.m8n8.x4.shared.b16 {Quad(register, m * shape.Depth + k)}, {At(2 * k, m * 16 * RowBytes)};",
            "}",
        ]);
    }

    private void Forward()
    {
        Method("AwaitOwn()", "", [$"cp.async.wait_group {shape.Stages - 1};"]);
        Method("Scores(int keys)", ", keys", Scores(("s", "first", "%0")));
        HideAhead();
        Method("Exponentials(float scale)", ", scale",
        [
            "{ .reg .f32 now, other, factor, shift;",
            .. EachRow.SelectMany(r =>
            {
                string[] scores = [.. ScoresOf("s", r.Fragment, r.Half)];
                string top = $"top{r.Number}", total = $"total{r.Number}";
                return (string[])
                [
                    $"max.f32 now, {scores[0]}, {scores[1]}; {string.Join(" ", scores[2..].Select(s => $"max.f32 now, now, {s};"))}",
                    .. new[] { 1, 2 }.Select(lane => $"{Shuffle("other", "now", lane)} max.f32 now, now, other;"),
                    $"max.f32 now, now, {top}; sub.f32 factor, {top}, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 {top}, now;",
                    $"mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 {total}, {total}, factor;",
                    .. scores.Select(s => $"fma.rn.f32 {s}, {s}, %0, shift; ex2.approx.ftz.f32 {s}, {s}; add.f32 {total}, {total}, {s};"),
                    .. SumsOf("y", r.Fragment, r.Half).Select(y => $"mul.f32 {y}, {y}, factor;").Chunk(4).Select(c => string.Join(" ", c)),
                ];
            }),
            "}",
        ]);
        Method("Values(int values)", ", values", Accumulate(("y", "s", "%0")));
        Method("Finish(long lse, int rows, float scale)", ", lse, rows, scale",
        [
            "{ .reg .f32 other, log; .reg .pred has;",
            .. EachRow.SelectMany(r => (string[])
            [
                .. new[] { 1, 2 }.Select(lane => $"{Shuffle("other", $"total{r.Number}", lane)} add.f32 total{r.Number}, total{r.Number}, other;"),
                $"lg2.approx.f32 log, total{r.Number}; fma.rn.f32 log, top{r.Number}, %2, log; mul.f32 log, log, {Ln2};",
                $"setp.gt.s32 has, %1, {r.Offset}; @has st.global.f32 [%0+{r.Offset * 4}], log; rcp.rn.f32 total{r.Number}, total{r.Number};",
            ]),
            "}",
        ]);
        Store("Store", "y", r => $"total{r}", "");
    }

    private void QueryGradient()
    {
        Method("LoadStatistics(long from, int rows)", ", from, rows",
        [
            "{ .reg .pred has;",
            .. EachRow.Select(r => $"mov.f32 lse{r.Number}, zero; mov.f32 delta{r.Number}, zero; setp.gt.s32 has, %1, {r.Offset}; "
                + $"@has ld.global.v2.f32 {{lse{r.Number}, delta{r.Number}}}, [%0+{r.Offset * 8}]; neg.f32 lse{r.Number}, lse{r.Number};"),
            "}",
        ]);
        Method("Products(int keys, int values)", ", keys, values", [.. Scores(("s", "first", "%0")), .. Scores(("g", "second", "%1"))]);
        HideAhead();
        Method("Gradients(float scale)", ", scale",
        [
            .. from r in EachRow
            from pair in ScoresOf("s", r.Fragment, r.Half).Zip(ScoresOf("g", r.Fragment, r.Half))
            select $"fma.rn.f32 {pair.First}, {pair.First}, %0, lse{r.Number}; ex2.approx.ftz.f32 {pair.First}, {pair.First}; "
                + $"sub.f32 {pair.Second}, {pair.Second}, delta{r.Number}; mul.f32 {pair.Second}, {pair.Second}, {pair.First};",
        ]);
        Method("Accumulate(int keys)", ", keys", Accumulate(("dq", "g", "%0")));
        Store("Store", "dq", _ => "%1", "float factor");
    }

    private void KeyGradient()
    {
        string[] scores = Scores(("s", "first", "%0")), gradients = shape.HasSecond ? Scores(("g", "second", "%1")) : [];
        Method("Products(int queries, int gradients)", ", queries, gradients", [.. scores, .. gradients]);
        Method("Hide(int first)", ", first",
        [
            "{ .reg .b32 first; .reg .pred seen;",
            .. EachRow.SelectMany(r => ScoresOf("s", r.Fragment, r.Half).Select((s, i) =>
                (i == 0 ? $"add.s32 first, %0, {r.Offset}; " : "") + $"setp.le.s32 seen, first, {i / 2 * 8 + i % 2}; @!seen mov.f32 {s}, {MinusInfinity};")),
            "}",
        ]);
        Method("Gradients(int statistics, float scale)", ", statistics, scale",
        [
            "{ .reg .b32 at; .reg .f32 lse<2>, delta<2>;", "add.u32 at, atBase, %0;",
            .. Enumerable.Range(0, shape.ScoreColumns).SelectMany(j => (string[])
            [
                $"ld.shared.v4.f32 {{lse0, delta0, lse1, delta1}}, [at+{j * 64}]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;",
                .. from r in EachRow
                from e in Enumerable.Range(0, 2)
                let i = (r.Fragment * shape.ScoreColumns + j) * 4 + r.Half * 2 + e
                select $"fma.rn.f32 s{i}, s{i}, %1, lse{e}; ex2.approx.ftz.f32 s{i}, s{i};"
                    + (shape.GivesKeys ? $" sub.f32 g{i}, g{i}, delta{e}; mul.f32 g{i}, g{i}, s{i};" : ""),
            ]),
            "}",
        ]);
        string[] values = shape.GivesValues ? Accumulate(("dv", "s", "%1")) : [], keys = shape.GivesKeys ? Accumulate(("dk", "g", "%0")) : [];
        Method("Accumulate(int queries, int gradients)", ", queries, gradients", [.. values, .. keys]);
        if (shape.GivesKeys) Store("StoreKeys", "dk", _ => "%1", "float factor");
        else text.Append("    public static void StoreKeys(int at, float factor)\n    {\n    }\n\n");
        if (shape.GivesValues) Store("StoreValues", "dv", null, "");
        else text.Append("    public static void StoreValues(int at)\n    {\n    }\n\n");
    }

    private void HideAhead() => Method("Hide(int keys, int ahead)", ", keys, ahead",
    [
        "{ .reg .b32 end; .reg .pred seen;",
        .. EachRow.SelectMany(r => ScoresOf("s", r.Fragment, r.Half).Select((s, i) =>
            (i == 0 ? $"add.s32 end, %1, {r.Offset}; min.s32 end, end, %0; " : "")
            + $"setp.gt.s32 seen, end, {i / 2 * 8 + i % 2}; @!seen mov.f32 {s}, {MinusInfinity};")),
        "}",
    ]);

    // Own rows times the step's rows, transposed: one ldmatrix.x4 brings two fragments of B, 16 rows of 16 columns.
    private string[] Scores((string Score, string Own, string Place) p) =>
    [
        "{ .reg .b32 b<4>;", .. Bases(p.Place, "atColumnsFirst", true),
        .. from k in Enumerable.Range(0, shape.Depth)
        from pair in Enumerable.Range(0, shape.Step / 16)
        from line in (string[])
        [
            $"ldmatrix.sync.aligned.m8n8.x4.shared.b16 {{b0, b1, b2, b3}}, {At(2 * k, pair * 16 * RowBytes)};",
            .. from m in EachFragment
            from n in Enumerable.Range(0, 2)
            let score = m * shape.ScoreColumns + pair * 2 + n
            select Multiply(Quad(p.Score, score), Quad(p.Own, m * shape.Depth + k), $"{{b{n * 2}, b{n * 2 + 1}}}", k == 0 ? "{zero, zero, zero, zero}" : Quad(p.Score, score)),
        ]
        select line,
        "}",
    ];

    // Weights, in 16 bits, times the step's rows: two neighbouring parts of scores are a fragment of A as they lie.
    private string[] Accumulate((string Sum, string Weight, string Place) p) =>
    [
        $"{{ .reg .b32 a<{Fragments * 4}>, b<4>;", .. Bases(p.Place, "atRowsFirst", true),
        .. from k in Enumerable.Range(0, shape.Step / 16)
        from line in (string[])
        [
            .. from m in EachFragment
            from i in Enumerable.Range(0, 4)
            let w = (m * shape.ScoreColumns + k * 2 + i / 2) * 4 + i % 2 * 2
            select $"cvt.rn.{type}x2.f32 a{m * 4 + i}, {p.Weight}{w + 1}, {p.Weight}{w};",
            .. from pair in Enumerable.Range(0, (shape.Columns + 1) / 2)
            let count = Math.Min(2, shape.Columns - pair * 2)
            from product in (string[])
            [
                $"ldmatrix.sync.aligned.m8n8.x{count * 2}.trans.shared.b16 {{{string.Join(", ", Enumerable.Range(0, count * 2).Select(i => $"b{i}"))}}}, {At(2 * pair, k * 16 * RowBytes)};",
                .. from m in EachFragment
                from n in Enumerable.Range(0, count)
                let c = Quad(p.Sum, m * shape.Columns + pair * 2 + n)
                select Multiply(c, Quad("a", m), $"{{b{n * 2}, b{n * 2 + 1}}}", c),
            ]
            select product,
        ]
        select line,
        "}",
    ];

    private void Store(string name, string sums, Func<int, string>? factor, string parameter) => Method(
        $"{name}(int at{(parameter.Length > 0 ? ", " + parameter : "")})", ", at" + (parameter.Length > 0 ? ", " + parameter.Split(' ')[1] : ""),
    [
        "{ .reg .b32 pair; .reg .f32 low, high;", .. Bases("%0", null, false),
        .. from r in EachRow
        from j in Enumerable.Range(0, shape.Columns)
        let c = (r.Fragment * shape.Columns + j) * 4 + r.Half * 2
        select (factor is { } f ? $"mul.f32 low, {sums}{c}, {f(r.Number)}; mul.f32 high, {sums}{c + 1}, {f(r.Number)}; cvt.rn.{type}x2.f32 pair, high, low; "
            : $"cvt.rn.{type}x2.f32 pair, {sums}{c + 1}, {sums}{c}; ") + $"st.shared.b32 {At(j, r.Offset * RowBytes)}, pair;",
        "}",
    ]);

    // Chunks of a row change places in pairs, or in fours (TensorCoreAttentionLayout.ChunkOffset): one register a place in those, before
    // the start of the tile is added, which need not be aligned to more than 16 bytes; the rest is a constant. ldmatrix takes two
    // chunks at a time and knows their order already.
    private IEnumerable<string> Bases(string place, string? offset, bool pairs)
    {
        int[] turns = [.. Enumerable.Range(0, Swizzled).Where(i => !pairs || i % 2 == 0)];
        yield return $".reg .b32 {string.Join(", ", turns.Select(i => $"at{i}"))}, to; add.u32 to, atBase, {(offset is null ? "0" : place)};";
        foreach (int i in turns) yield return $"xor.b32 at{i}, {offset ?? place}, {i * 16}; add.u32 at{i}, at{i}, to;";
    }

    private string At(int chunk, int further) => $"[at{chunk & (Swizzled - 1)}+{(chunk & -Swizzled) * 16 + further}]";

    private int Swizzled => shape.Chunks % 4 == 0 ? 4 : 2;

    // Of one row of a lane.
    private IEnumerable<string> ScoresOf(string name, int fragment, int half) => Parts(name, fragment * shape.ScoreColumns, shape.ScoreColumns, half);

    private IEnumerable<string> SumsOf(string name, int fragment, int half) => Parts(name, fragment * shape.Columns, shape.Columns, half);

    private static IEnumerable<string> Parts(string name, int first, int count, int half) =>
        from j in Enumerable.Range(first, count) from e in Enumerable.Range(0, 2) select $"{name}{j * 4 + half * 2 + e}";

    private static string Shuffle(string to, string from, int lane) => $"shfl.sync.bfly.b32 {to}, {from}, {lane}, 31, 4294967295;";

    private string Multiply(string d, string a, string b, string c) => $"mma.sync.aligned.m16n8k16.row.col.f32.{type}.{type}.f32 {d}, {a}, {b}, {c};";

    private static string Quad(string register, int i) => $"{{{string.Join(", ", Enumerable.Range(i * 4, 4).Select(r => register + r))}}}";

    private void Method(string signature, string arguments, IEnumerable<string> lines)
    {
        text.Append($"    public static void {signature} => CudaAsm.Emit(\"\"\"\n");
        foreach (string line in lines) text.Append($"        {line}\n");
        text.Append($"        \"\"\"{arguments});\n\n");
    }
}
