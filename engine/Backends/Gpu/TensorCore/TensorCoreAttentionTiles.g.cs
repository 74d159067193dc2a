// Written by TensorCoreAttentionGenerator (tests/Gpu); change that and run the tests with SELORA_REGENERATE=1.
// Registers: y, dq, dk, dv = sums; s = scores, then weights; g = dP, then dS; first, second = fragments of the own rows;
// top, total = the rows' maxima and sums of exponentials; lse, delta = their statistics; at... = places in shared memory.
using ILGPU.Runtime.Cuda;

namespace SeLoRA.Engine;

/// <summary>y of heads up to 40, bf16: 128 queries against blocks of 64 keys, 3 stages.</summary>
//          64 of a block's 64 keys             40 columns of y
//      +----------------------------------+----------------------------------+
// w0   | s0..31, 8 parts of 16x8          | y0..19, 5 parts of 16x8          | queries 0..15
//      | s32..63, 8 parts of 16x8         | y20..39, 5 parts of 16x8         | queries 16..31
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 32..63
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 64..95
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 96..127
//      +----------------------------------+----------------------------------+
internal readonly struct Forward40BF16 : ITensorCoreForwardTile
{
    public static int Chunks => 6;

    public static int OwnRows => 128;

    public static int OtherRows => 64;

    public static int Step => 64;

    public static int Stages => 3;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<2>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<24>;
        .reg .f32 s<64>;
        .reg .f32 top<4>, total<4>;
        mov.f32 top0, 0fFF800000; mov.f32 total0, 0f00000000;
        mov.f32 top1, 0fFF800000; mov.f32 total1, 0f00000000;
        mov.f32 top2, 0fFF800000; mov.f32 total2, 0f00000000;
        mov.f32 top3, 0fFF800000; mov.f32 total3, 0f00000000;
        .reg .f32 y<40>;
        mov.f32 y0, 0f00000000; mov.f32 y1, 0f00000000; mov.f32 y2, 0f00000000; mov.f32 y3, 0f00000000;
        mov.f32 y4, 0f00000000; mov.f32 y5, 0f00000000; mov.f32 y6, 0f00000000; mov.f32 y7, 0f00000000;
        mov.f32 y8, 0f00000000; mov.f32 y9, 0f00000000; mov.f32 y10, 0f00000000; mov.f32 y11, 0f00000000;
        mov.f32 y12, 0f00000000; mov.f32 y13, 0f00000000; mov.f32 y14, 0f00000000; mov.f32 y15, 0f00000000;
        mov.f32 y16, 0f00000000; mov.f32 y17, 0f00000000; mov.f32 y18, 0f00000000; mov.f32 y19, 0f00000000;
        mov.f32 y20, 0f00000000; mov.f32 y21, 0f00000000; mov.f32 y22, 0f00000000; mov.f32 y23, 0f00000000;
        mov.f32 y24, 0f00000000; mov.f32 y25, 0f00000000; mov.f32 y26, 0f00000000; mov.f32 y27, 0f00000000;
        mov.f32 y28, 0f00000000; mov.f32 y29, 0f00000000; mov.f32 y30, 0f00000000; mov.f32 y31, 0f00000000;
        mov.f32 y32, 0f00000000; mov.f32 y33, 0f00000000; mov.f32 y34, 0f00000000; mov.f32 y35, 0f00000000;
        mov.f32 y36, 0f00000000; mov.f32 y37, 0f00000000; mov.f32 y38, 0f00000000; mov.f32 y39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, %3, 32; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+3072], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+3136], [from+64], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at0+1600];
        }
        """, at);

    public static void AwaitOwn() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void Scores(int keys) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s32, s33, s34, s35}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s36, s37, s38, s39}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+1536];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s40, s41, s42, s43}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s44, s45, s46, s47}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+3072];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s16, s17, s18, s19}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s20, s21, s22, s23}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s48, s49, s50, s51}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s52, s53, s54, s55}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+4608];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s24, s25, s26, s27}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s28, s29, s30, s31}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s56, s57, s58, s59}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s60, s61, s62, s63}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s32, s33, s34, s35}, {first16, first17, first18, first19}, {b0, b1}, {s32, s33, s34, s35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s36, s37, s38, s39}, {first16, first17, first18, first19}, {b2, b3}, {s36, s37, s38, s39};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+1568];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s40, s41, s42, s43}, {first16, first17, first18, first19}, {b0, b1}, {s40, s41, s42, s43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s44, s45, s46, s47}, {first16, first17, first18, first19}, {b2, b3}, {s44, s45, s46, s47};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+3104];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s16, s17, s18, s19}, {first4, first5, first6, first7}, {b0, b1}, {s16, s17, s18, s19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s20, s21, s22, s23}, {first4, first5, first6, first7}, {b2, b3}, {s20, s21, s22, s23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s48, s49, s50, s51}, {first16, first17, first18, first19}, {b0, b1}, {s48, s49, s50, s51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s52, s53, s54, s55}, {first16, first17, first18, first19}, {b2, b3}, {s52, s53, s54, s55};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+4640];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s24, s25, s26, s27}, {first4, first5, first6, first7}, {b0, b1}, {s24, s25, s26, s27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s28, s29, s30, s31}, {first4, first5, first6, first7}, {b2, b3}, {s28, s29, s30, s31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s56, s57, s58, s59}, {first16, first17, first18, first19}, {b0, b1}, {s56, s57, s58, s59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s60, s61, s62, s63}, {first16, first17, first18, first19}, {b2, b3}, {s60, s61, s62, s63};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s32, s33, s34, s35}, {first20, first21, first22, first23}, {b0, b1}, {s32, s33, s34, s35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s36, s37, s38, s39}, {first20, first21, first22, first23}, {b2, b3}, {s36, s37, s38, s39};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+1600];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s40, s41, s42, s43}, {first20, first21, first22, first23}, {b0, b1}, {s40, s41, s42, s43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s44, s45, s46, s47}, {first20, first21, first22, first23}, {b2, b3}, {s44, s45, s46, s47};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+3136];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s16, s17, s18, s19}, {first8, first9, first10, first11}, {b0, b1}, {s16, s17, s18, s19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s20, s21, s22, s23}, {first8, first9, first10, first11}, {b2, b3}, {s20, s21, s22, s23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s48, s49, s50, s51}, {first20, first21, first22, first23}, {b0, b1}, {s48, s49, s50, s51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s52, s53, s54, s55}, {first20, first21, first22, first23}, {b2, b3}, {s52, s53, s54, s55};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+4672];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s24, s25, s26, s27}, {first8, first9, first10, first11}, {b0, b1}, {s24, s25, s26, s27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s28, s29, s30, s31}, {first8, first9, first10, first11}, {b2, b3}, {s28, s29, s30, s31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s56, s57, s58, s59}, {first20, first21, first22, first23}, {b0, b1}, {s56, s57, s58, s59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s60, s61, s62, s63}, {first20, first21, first22, first23}, {b2, b3}, {s60, s61, s62, s63};
        }
        """, keys);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s13, 0fFF800000;
        setp.gt.s32 seen, end, 32; @!seen mov.f32 s16, 0fFF800000;
        setp.gt.s32 seen, end, 33; @!seen mov.f32 s17, 0fFF800000;
        setp.gt.s32 seen, end, 40; @!seen mov.f32 s20, 0fFF800000;
        setp.gt.s32 seen, end, 41; @!seen mov.f32 s21, 0fFF800000;
        setp.gt.s32 seen, end, 48; @!seen mov.f32 s24, 0fFF800000;
        setp.gt.s32 seen, end, 49; @!seen mov.f32 s25, 0fFF800000;
        setp.gt.s32 seen, end, 56; @!seen mov.f32 s28, 0fFF800000;
        setp.gt.s32 seen, end, 57; @!seen mov.f32 s29, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s15, 0fFF800000;
        setp.gt.s32 seen, end, 32; @!seen mov.f32 s18, 0fFF800000;
        setp.gt.s32 seen, end, 33; @!seen mov.f32 s19, 0fFF800000;
        setp.gt.s32 seen, end, 40; @!seen mov.f32 s22, 0fFF800000;
        setp.gt.s32 seen, end, 41; @!seen mov.f32 s23, 0fFF800000;
        setp.gt.s32 seen, end, 48; @!seen mov.f32 s26, 0fFF800000;
        setp.gt.s32 seen, end, 49; @!seen mov.f32 s27, 0fFF800000;
        setp.gt.s32 seen, end, 56; @!seen mov.f32 s30, 0fFF800000;
        setp.gt.s32 seen, end, 57; @!seen mov.f32 s31, 0fFF800000;
        add.s32 end, %1, 16; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s32, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s33, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s36, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s37, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s40, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s41, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s44, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s45, 0fFF800000;
        setp.gt.s32 seen, end, 32; @!seen mov.f32 s48, 0fFF800000;
        setp.gt.s32 seen, end, 33; @!seen mov.f32 s49, 0fFF800000;
        setp.gt.s32 seen, end, 40; @!seen mov.f32 s52, 0fFF800000;
        setp.gt.s32 seen, end, 41; @!seen mov.f32 s53, 0fFF800000;
        setp.gt.s32 seen, end, 48; @!seen mov.f32 s56, 0fFF800000;
        setp.gt.s32 seen, end, 49; @!seen mov.f32 s57, 0fFF800000;
        setp.gt.s32 seen, end, 56; @!seen mov.f32 s60, 0fFF800000;
        setp.gt.s32 seen, end, 57; @!seen mov.f32 s61, 0fFF800000;
        add.s32 end, %1, 24; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s34, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s35, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s38, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s39, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s42, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s43, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s46, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s47, 0fFF800000;
        setp.gt.s32 seen, end, 32; @!seen mov.f32 s50, 0fFF800000;
        setp.gt.s32 seen, end, 33; @!seen mov.f32 s51, 0fFF800000;
        setp.gt.s32 seen, end, 40; @!seen mov.f32 s54, 0fFF800000;
        setp.gt.s32 seen, end, 41; @!seen mov.f32 s55, 0fFF800000;
        setp.gt.s32 seen, end, 48; @!seen mov.f32 s58, 0fFF800000;
        setp.gt.s32 seen, end, 49; @!seen mov.f32 s59, 0fFF800000;
        setp.gt.s32 seen, end, 56; @!seen mov.f32 s62, 0fFF800000;
        setp.gt.s32 seen, end, 57; @!seen mov.f32 s63, 0fFF800000;
        }
        """, keys, ahead);

    public static void Exponentials(float scale) => CudaAsm.Emit("""
        { .reg .f32 now, other, factor, shift;
        max.f32 now, s0, s1; max.f32 now, now, s4; max.f32 now, now, s5; max.f32 now, now, s8; max.f32 now, now, s9; max.f32 now, now, s12; max.f32 now, now, s13; max.f32 now, now, s16; max.f32 now, now, s17; max.f32 now, now, s20; max.f32 now, now, s21; max.f32 now, now, s24; max.f32 now, now, s25; max.f32 now, now, s28; max.f32 now, now, s29;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top0; sub.f32 factor, top0, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top0, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total0, total0, factor;
        fma.rn.f32 s0, s0, %0, shift; ex2.approx.ftz.f32 s0, s0; add.f32 total0, total0, s0;
        fma.rn.f32 s1, s1, %0, shift; ex2.approx.ftz.f32 s1, s1; add.f32 total0, total0, s1;
        fma.rn.f32 s4, s4, %0, shift; ex2.approx.ftz.f32 s4, s4; add.f32 total0, total0, s4;
        fma.rn.f32 s5, s5, %0, shift; ex2.approx.ftz.f32 s5, s5; add.f32 total0, total0, s5;
        fma.rn.f32 s8, s8, %0, shift; ex2.approx.ftz.f32 s8, s8; add.f32 total0, total0, s8;
        fma.rn.f32 s9, s9, %0, shift; ex2.approx.ftz.f32 s9, s9; add.f32 total0, total0, s9;
        fma.rn.f32 s12, s12, %0, shift; ex2.approx.ftz.f32 s12, s12; add.f32 total0, total0, s12;
        fma.rn.f32 s13, s13, %0, shift; ex2.approx.ftz.f32 s13, s13; add.f32 total0, total0, s13;
        fma.rn.f32 s16, s16, %0, shift; ex2.approx.ftz.f32 s16, s16; add.f32 total0, total0, s16;
        fma.rn.f32 s17, s17, %0, shift; ex2.approx.ftz.f32 s17, s17; add.f32 total0, total0, s17;
        fma.rn.f32 s20, s20, %0, shift; ex2.approx.ftz.f32 s20, s20; add.f32 total0, total0, s20;
        fma.rn.f32 s21, s21, %0, shift; ex2.approx.ftz.f32 s21, s21; add.f32 total0, total0, s21;
        fma.rn.f32 s24, s24, %0, shift; ex2.approx.ftz.f32 s24, s24; add.f32 total0, total0, s24;
        fma.rn.f32 s25, s25, %0, shift; ex2.approx.ftz.f32 s25, s25; add.f32 total0, total0, s25;
        fma.rn.f32 s28, s28, %0, shift; ex2.approx.ftz.f32 s28, s28; add.f32 total0, total0, s28;
        fma.rn.f32 s29, s29, %0, shift; ex2.approx.ftz.f32 s29, s29; add.f32 total0, total0, s29;
        mul.f32 y0, y0, factor; mul.f32 y1, y1, factor; mul.f32 y4, y4, factor; mul.f32 y5, y5, factor;
        mul.f32 y8, y8, factor; mul.f32 y9, y9, factor; mul.f32 y12, y12, factor; mul.f32 y13, y13, factor;
        mul.f32 y16, y16, factor; mul.f32 y17, y17, factor;
        max.f32 now, s2, s3; max.f32 now, now, s6; max.f32 now, now, s7; max.f32 now, now, s10; max.f32 now, now, s11; max.f32 now, now, s14; max.f32 now, now, s15; max.f32 now, now, s18; max.f32 now, now, s19; max.f32 now, now, s22; max.f32 now, now, s23; max.f32 now, now, s26; max.f32 now, now, s27; max.f32 now, now, s30; max.f32 now, now, s31;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top1; sub.f32 factor, top1, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top1, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total1, total1, factor;
        fma.rn.f32 s2, s2, %0, shift; ex2.approx.ftz.f32 s2, s2; add.f32 total1, total1, s2;
        fma.rn.f32 s3, s3, %0, shift; ex2.approx.ftz.f32 s3, s3; add.f32 total1, total1, s3;
        fma.rn.f32 s6, s6, %0, shift; ex2.approx.ftz.f32 s6, s6; add.f32 total1, total1, s6;
        fma.rn.f32 s7, s7, %0, shift; ex2.approx.ftz.f32 s7, s7; add.f32 total1, total1, s7;
        fma.rn.f32 s10, s10, %0, shift; ex2.approx.ftz.f32 s10, s10; add.f32 total1, total1, s10;
        fma.rn.f32 s11, s11, %0, shift; ex2.approx.ftz.f32 s11, s11; add.f32 total1, total1, s11;
        fma.rn.f32 s14, s14, %0, shift; ex2.approx.ftz.f32 s14, s14; add.f32 total1, total1, s14;
        fma.rn.f32 s15, s15, %0, shift; ex2.approx.ftz.f32 s15, s15; add.f32 total1, total1, s15;
        fma.rn.f32 s18, s18, %0, shift; ex2.approx.ftz.f32 s18, s18; add.f32 total1, total1, s18;
        fma.rn.f32 s19, s19, %0, shift; ex2.approx.ftz.f32 s19, s19; add.f32 total1, total1, s19;
        fma.rn.f32 s22, s22, %0, shift; ex2.approx.ftz.f32 s22, s22; add.f32 total1, total1, s22;
        fma.rn.f32 s23, s23, %0, shift; ex2.approx.ftz.f32 s23, s23; add.f32 total1, total1, s23;
        fma.rn.f32 s26, s26, %0, shift; ex2.approx.ftz.f32 s26, s26; add.f32 total1, total1, s26;
        fma.rn.f32 s27, s27, %0, shift; ex2.approx.ftz.f32 s27, s27; add.f32 total1, total1, s27;
        fma.rn.f32 s30, s30, %0, shift; ex2.approx.ftz.f32 s30, s30; add.f32 total1, total1, s30;
        fma.rn.f32 s31, s31, %0, shift; ex2.approx.ftz.f32 s31, s31; add.f32 total1, total1, s31;
        mul.f32 y2, y2, factor; mul.f32 y3, y3, factor; mul.f32 y6, y6, factor; mul.f32 y7, y7, factor;
        mul.f32 y10, y10, factor; mul.f32 y11, y11, factor; mul.f32 y14, y14, factor; mul.f32 y15, y15, factor;
        mul.f32 y18, y18, factor; mul.f32 y19, y19, factor;
        max.f32 now, s32, s33; max.f32 now, now, s36; max.f32 now, now, s37; max.f32 now, now, s40; max.f32 now, now, s41; max.f32 now, now, s44; max.f32 now, now, s45; max.f32 now, now, s48; max.f32 now, now, s49; max.f32 now, now, s52; max.f32 now, now, s53; max.f32 now, now, s56; max.f32 now, now, s57; max.f32 now, now, s60; max.f32 now, now, s61;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top2; sub.f32 factor, top2, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top2, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total2, total2, factor;
        fma.rn.f32 s32, s32, %0, shift; ex2.approx.ftz.f32 s32, s32; add.f32 total2, total2, s32;
        fma.rn.f32 s33, s33, %0, shift; ex2.approx.ftz.f32 s33, s33; add.f32 total2, total2, s33;
        fma.rn.f32 s36, s36, %0, shift; ex2.approx.ftz.f32 s36, s36; add.f32 total2, total2, s36;
        fma.rn.f32 s37, s37, %0, shift; ex2.approx.ftz.f32 s37, s37; add.f32 total2, total2, s37;
        fma.rn.f32 s40, s40, %0, shift; ex2.approx.ftz.f32 s40, s40; add.f32 total2, total2, s40;
        fma.rn.f32 s41, s41, %0, shift; ex2.approx.ftz.f32 s41, s41; add.f32 total2, total2, s41;
        fma.rn.f32 s44, s44, %0, shift; ex2.approx.ftz.f32 s44, s44; add.f32 total2, total2, s44;
        fma.rn.f32 s45, s45, %0, shift; ex2.approx.ftz.f32 s45, s45; add.f32 total2, total2, s45;
        fma.rn.f32 s48, s48, %0, shift; ex2.approx.ftz.f32 s48, s48; add.f32 total2, total2, s48;
        fma.rn.f32 s49, s49, %0, shift; ex2.approx.ftz.f32 s49, s49; add.f32 total2, total2, s49;
        fma.rn.f32 s52, s52, %0, shift; ex2.approx.ftz.f32 s52, s52; add.f32 total2, total2, s52;
        fma.rn.f32 s53, s53, %0, shift; ex2.approx.ftz.f32 s53, s53; add.f32 total2, total2, s53;
        fma.rn.f32 s56, s56, %0, shift; ex2.approx.ftz.f32 s56, s56; add.f32 total2, total2, s56;
        fma.rn.f32 s57, s57, %0, shift; ex2.approx.ftz.f32 s57, s57; add.f32 total2, total2, s57;
        fma.rn.f32 s60, s60, %0, shift; ex2.approx.ftz.f32 s60, s60; add.f32 total2, total2, s60;
        fma.rn.f32 s61, s61, %0, shift; ex2.approx.ftz.f32 s61, s61; add.f32 total2, total2, s61;
        mul.f32 y20, y20, factor; mul.f32 y21, y21, factor; mul.f32 y24, y24, factor; mul.f32 y25, y25, factor;
        mul.f32 y28, y28, factor; mul.f32 y29, y29, factor; mul.f32 y32, y32, factor; mul.f32 y33, y33, factor;
        mul.f32 y36, y36, factor; mul.f32 y37, y37, factor;
        max.f32 now, s34, s35; max.f32 now, now, s38; max.f32 now, now, s39; max.f32 now, now, s42; max.f32 now, now, s43; max.f32 now, now, s46; max.f32 now, now, s47; max.f32 now, now, s50; max.f32 now, now, s51; max.f32 now, now, s54; max.f32 now, now, s55; max.f32 now, now, s58; max.f32 now, now, s59; max.f32 now, now, s62; max.f32 now, now, s63;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top3; sub.f32 factor, top3, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top3, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total3, total3, factor;
        fma.rn.f32 s34, s34, %0, shift; ex2.approx.ftz.f32 s34, s34; add.f32 total3, total3, s34;
        fma.rn.f32 s35, s35, %0, shift; ex2.approx.ftz.f32 s35, s35; add.f32 total3, total3, s35;
        fma.rn.f32 s38, s38, %0, shift; ex2.approx.ftz.f32 s38, s38; add.f32 total3, total3, s38;
        fma.rn.f32 s39, s39, %0, shift; ex2.approx.ftz.f32 s39, s39; add.f32 total3, total3, s39;
        fma.rn.f32 s42, s42, %0, shift; ex2.approx.ftz.f32 s42, s42; add.f32 total3, total3, s42;
        fma.rn.f32 s43, s43, %0, shift; ex2.approx.ftz.f32 s43, s43; add.f32 total3, total3, s43;
        fma.rn.f32 s46, s46, %0, shift; ex2.approx.ftz.f32 s46, s46; add.f32 total3, total3, s46;
        fma.rn.f32 s47, s47, %0, shift; ex2.approx.ftz.f32 s47, s47; add.f32 total3, total3, s47;
        fma.rn.f32 s50, s50, %0, shift; ex2.approx.ftz.f32 s50, s50; add.f32 total3, total3, s50;
        fma.rn.f32 s51, s51, %0, shift; ex2.approx.ftz.f32 s51, s51; add.f32 total3, total3, s51;
        fma.rn.f32 s54, s54, %0, shift; ex2.approx.ftz.f32 s54, s54; add.f32 total3, total3, s54;
        fma.rn.f32 s55, s55, %0, shift; ex2.approx.ftz.f32 s55, s55; add.f32 total3, total3, s55;
        fma.rn.f32 s58, s58, %0, shift; ex2.approx.ftz.f32 s58, s58; add.f32 total3, total3, s58;
        fma.rn.f32 s59, s59, %0, shift; ex2.approx.ftz.f32 s59, s59; add.f32 total3, total3, s59;
        fma.rn.f32 s62, s62, %0, shift; ex2.approx.ftz.f32 s62, s62; add.f32 total3, total3, s62;
        fma.rn.f32 s63, s63, %0, shift; ex2.approx.ftz.f32 s63, s63; add.f32 total3, total3, s63;
        mul.f32 y22, y22, factor; mul.f32 y23, y23, factor; mul.f32 y26, y26, factor; mul.f32 y27, y27, factor;
        mul.f32 y30, y30, factor; mul.f32 y31, y31, factor; mul.f32 y34, y34, factor; mul.f32 y35, y35, factor;
        mul.f32 y38, y38, factor; mul.f32 y39, y39, factor;
        }
        """, scale);

    public static void Values(int values) => CudaAsm.Emit("""
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.bf16x2.f32 a0, s1, s0;
        cvt.rn.bf16x2.f32 a1, s3, s2;
        cvt.rn.bf16x2.f32 a2, s5, s4;
        cvt.rn.bf16x2.f32 a3, s7, s6;
        cvt.rn.bf16x2.f32 a4, s33, s32;
        cvt.rn.bf16x2.f32 a5, s35, s34;
        cvt.rn.bf16x2.f32 a6, s37, s36;
        cvt.rn.bf16x2.f32 a7, s39, s38;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y20, y21, y22, y23}, {a4, a5, a6, a7}, {b0, b1}, {y20, y21, y22, y23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y24, y25, y26, y27}, {a4, a5, a6, a7}, {b2, b3}, {y24, y25, y26, y27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y28, y29, y30, y31}, {a4, a5, a6, a7}, {b0, b1}, {y28, y29, y30, y31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y32, y33, y34, y35}, {a4, a5, a6, a7}, {b2, b3}, {y32, y33, y34, y35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y36, y37, y38, y39}, {a4, a5, a6, a7}, {b0, b1}, {y36, y37, y38, y39};
        cvt.rn.bf16x2.f32 a0, s9, s8;
        cvt.rn.bf16x2.f32 a1, s11, s10;
        cvt.rn.bf16x2.f32 a2, s13, s12;
        cvt.rn.bf16x2.f32 a3, s15, s14;
        cvt.rn.bf16x2.f32 a4, s41, s40;
        cvt.rn.bf16x2.f32 a5, s43, s42;
        cvt.rn.bf16x2.f32 a6, s45, s44;
        cvt.rn.bf16x2.f32 a7, s47, s46;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+1536];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y20, y21, y22, y23}, {a4, a5, a6, a7}, {b0, b1}, {y20, y21, y22, y23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y24, y25, y26, y27}, {a4, a5, a6, a7}, {b2, b3}, {y24, y25, y26, y27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+1568];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y28, y29, y30, y31}, {a4, a5, a6, a7}, {b0, b1}, {y28, y29, y30, y31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y32, y33, y34, y35}, {a4, a5, a6, a7}, {b2, b3}, {y32, y33, y34, y35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+1600];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y36, y37, y38, y39}, {a4, a5, a6, a7}, {b0, b1}, {y36, y37, y38, y39};
        cvt.rn.bf16x2.f32 a0, s17, s16;
        cvt.rn.bf16x2.f32 a1, s19, s18;
        cvt.rn.bf16x2.f32 a2, s21, s20;
        cvt.rn.bf16x2.f32 a3, s23, s22;
        cvt.rn.bf16x2.f32 a4, s49, s48;
        cvt.rn.bf16x2.f32 a5, s51, s50;
        cvt.rn.bf16x2.f32 a6, s53, s52;
        cvt.rn.bf16x2.f32 a7, s55, s54;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+3072];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y20, y21, y22, y23}, {a4, a5, a6, a7}, {b0, b1}, {y20, y21, y22, y23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y24, y25, y26, y27}, {a4, a5, a6, a7}, {b2, b3}, {y24, y25, y26, y27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+3104];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y28, y29, y30, y31}, {a4, a5, a6, a7}, {b0, b1}, {y28, y29, y30, y31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y32, y33, y34, y35}, {a4, a5, a6, a7}, {b2, b3}, {y32, y33, y34, y35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+3136];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y36, y37, y38, y39}, {a4, a5, a6, a7}, {b0, b1}, {y36, y37, y38, y39};
        cvt.rn.bf16x2.f32 a0, s25, s24;
        cvt.rn.bf16x2.f32 a1, s27, s26;
        cvt.rn.bf16x2.f32 a2, s29, s28;
        cvt.rn.bf16x2.f32 a3, s31, s30;
        cvt.rn.bf16x2.f32 a4, s57, s56;
        cvt.rn.bf16x2.f32 a5, s59, s58;
        cvt.rn.bf16x2.f32 a6, s61, s60;
        cvt.rn.bf16x2.f32 a7, s63, s62;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+4608];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y20, y21, y22, y23}, {a4, a5, a6, a7}, {b0, b1}, {y20, y21, y22, y23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y24, y25, y26, y27}, {a4, a5, a6, a7}, {b2, b3}, {y24, y25, y26, y27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+4640];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y28, y29, y30, y31}, {a4, a5, a6, a7}, {b0, b1}, {y28, y29, y30, y31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y32, y33, y34, y35}, {a4, a5, a6, a7}, {b2, b3}, {y32, y33, y34, y35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+4672];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y36, y37, y38, y39}, {a4, a5, a6, a7}, {b0, b1}, {y36, y37, y38, y39};
        }
        """, values);

    public static void Finish(long lse, int rows, float scale) => CudaAsm.Emit("""
        { .reg .f32 other, log; .reg .pred has;
        shfl.sync.bfly.b32 other, total0, 1, 31, 4294967295; add.f32 total0, total0, other;
        shfl.sync.bfly.b32 other, total0, 2, 31, 4294967295; add.f32 total0, total0, other;
        lg2.approx.f32 log, total0; fma.rn.f32 log, top0, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 0; @has st.global.f32 [%0+0], log; rcp.rn.f32 total0, total0;
        shfl.sync.bfly.b32 other, total1, 1, 31, 4294967295; add.f32 total1, total1, other;
        shfl.sync.bfly.b32 other, total1, 2, 31, 4294967295; add.f32 total1, total1, other;
        lg2.approx.f32 log, total1; fma.rn.f32 log, top1, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 8; @has st.global.f32 [%0+32], log; rcp.rn.f32 total1, total1;
        shfl.sync.bfly.b32 other, total2, 1, 31, 4294967295; add.f32 total2, total2, other;
        shfl.sync.bfly.b32 other, total2, 2, 31, 4294967295; add.f32 total2, total2, other;
        lg2.approx.f32 log, total2; fma.rn.f32 log, top2, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 16; @has st.global.f32 [%0+64], log; rcp.rn.f32 total2, total2;
        shfl.sync.bfly.b32 other, total3, 1, 31, 4294967295; add.f32 total3, total3, other;
        shfl.sync.bfly.b32 other, total3, 2, 31, 4294967295; add.f32 total3, total3, other;
        lg2.approx.f32 log, total3; fma.rn.f32 log, top3, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 24; @has st.global.f32 [%0+96], log; rcp.rn.f32 total3, total3;
        }
        """, lse, rows, scale);

    public static void Store(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, y0, total0; mul.f32 high, y1, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, y4, total0; mul.f32 high, y5, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, y8, total0; mul.f32 high, y9, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, y12, total0; mul.f32 high, y13, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, y16, total0; mul.f32 high, y17, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, y2, total1; mul.f32 high, y3, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+768], pair;
        mul.f32 low, y6, total1; mul.f32 high, y7, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+768], pair;
        mul.f32 low, y10, total1; mul.f32 high, y11, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+800], pair;
        mul.f32 low, y14, total1; mul.f32 high, y15, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+800], pair;
        mul.f32 low, y18, total1; mul.f32 high, y19, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+832], pair;
        mul.f32 low, y20, total2; mul.f32 high, y21, total2; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1536], pair;
        mul.f32 low, y24, total2; mul.f32 high, y25, total2; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1536], pair;
        mul.f32 low, y28, total2; mul.f32 high, y29, total2; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1568], pair;
        mul.f32 low, y32, total2; mul.f32 high, y33, total2; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1568], pair;
        mul.f32 low, y36, total2; mul.f32 high, y37, total2; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1600], pair;
        mul.f32 low, y22, total3; mul.f32 high, y23, total3; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2304], pair;
        mul.f32 low, y26, total3; mul.f32 high, y27, total3; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2304], pair;
        mul.f32 low, y30, total3; mul.f32 high, y31, total3; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2336], pair;
        mul.f32 low, y34, total3; mul.f32 high, y35, total3; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2336], pair;
        mul.f32 low, y38, total3; mul.f32 high, y39, total3; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2368], pair;
        }
        """, at);
}

/// <summary>y of heads up to 40, f16: 128 queries against blocks of 64 keys, 3 stages.</summary>
//          64 of a block's 64 keys             40 columns of y
//      +----------------------------------+----------------------------------+
// w0   | s0..31, 8 parts of 16x8          | y0..19, 5 parts of 16x8          | queries 0..15
//      | s32..63, 8 parts of 16x8         | y20..39, 5 parts of 16x8         | queries 16..31
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 32..63
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 64..95
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 96..127
//      +----------------------------------+----------------------------------+
internal readonly struct Forward40F16 : ITensorCoreForwardTile
{
    public static int Chunks => 6;

    public static int OwnRows => 128;

    public static int OtherRows => 64;

    public static int Step => 64;

    public static int Stages => 3;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<2>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<24>;
        .reg .f32 s<64>;
        .reg .f32 top<4>, total<4>;
        mov.f32 top0, 0fFF800000; mov.f32 total0, 0f00000000;
        mov.f32 top1, 0fFF800000; mov.f32 total1, 0f00000000;
        mov.f32 top2, 0fFF800000; mov.f32 total2, 0f00000000;
        mov.f32 top3, 0fFF800000; mov.f32 total3, 0f00000000;
        .reg .f32 y<40>;
        mov.f32 y0, 0f00000000; mov.f32 y1, 0f00000000; mov.f32 y2, 0f00000000; mov.f32 y3, 0f00000000;
        mov.f32 y4, 0f00000000; mov.f32 y5, 0f00000000; mov.f32 y6, 0f00000000; mov.f32 y7, 0f00000000;
        mov.f32 y8, 0f00000000; mov.f32 y9, 0f00000000; mov.f32 y10, 0f00000000; mov.f32 y11, 0f00000000;
        mov.f32 y12, 0f00000000; mov.f32 y13, 0f00000000; mov.f32 y14, 0f00000000; mov.f32 y15, 0f00000000;
        mov.f32 y16, 0f00000000; mov.f32 y17, 0f00000000; mov.f32 y18, 0f00000000; mov.f32 y19, 0f00000000;
        mov.f32 y20, 0f00000000; mov.f32 y21, 0f00000000; mov.f32 y22, 0f00000000; mov.f32 y23, 0f00000000;
        mov.f32 y24, 0f00000000; mov.f32 y25, 0f00000000; mov.f32 y26, 0f00000000; mov.f32 y27, 0f00000000;
        mov.f32 y28, 0f00000000; mov.f32 y29, 0f00000000; mov.f32 y30, 0f00000000; mov.f32 y31, 0f00000000;
        mov.f32 y32, 0f00000000; mov.f32 y33, 0f00000000; mov.f32 y34, 0f00000000; mov.f32 y35, 0f00000000;
        mov.f32 y36, 0f00000000; mov.f32 y37, 0f00000000; mov.f32 y38, 0f00000000; mov.f32 y39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, %3, 32; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+3072], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+3136], [from+64], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at0+1600];
        }
        """, at);

    public static void AwaitOwn() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void Scores(int keys) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s32, s33, s34, s35}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s36, s37, s38, s39}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+1536];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s40, s41, s42, s43}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s44, s45, s46, s47}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+3072];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s16, s17, s18, s19}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s20, s21, s22, s23}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s48, s49, s50, s51}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s52, s53, s54, s55}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+4608];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s24, s25, s26, s27}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s28, s29, s30, s31}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s56, s57, s58, s59}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s60, s61, s62, s63}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s32, s33, s34, s35}, {first16, first17, first18, first19}, {b0, b1}, {s32, s33, s34, s35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s36, s37, s38, s39}, {first16, first17, first18, first19}, {b2, b3}, {s36, s37, s38, s39};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+1568];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s40, s41, s42, s43}, {first16, first17, first18, first19}, {b0, b1}, {s40, s41, s42, s43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s44, s45, s46, s47}, {first16, first17, first18, first19}, {b2, b3}, {s44, s45, s46, s47};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+3104];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s16, s17, s18, s19}, {first4, first5, first6, first7}, {b0, b1}, {s16, s17, s18, s19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s20, s21, s22, s23}, {first4, first5, first6, first7}, {b2, b3}, {s20, s21, s22, s23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s48, s49, s50, s51}, {first16, first17, first18, first19}, {b0, b1}, {s48, s49, s50, s51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s52, s53, s54, s55}, {first16, first17, first18, first19}, {b2, b3}, {s52, s53, s54, s55};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+4640];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s24, s25, s26, s27}, {first4, first5, first6, first7}, {b0, b1}, {s24, s25, s26, s27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s28, s29, s30, s31}, {first4, first5, first6, first7}, {b2, b3}, {s28, s29, s30, s31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s56, s57, s58, s59}, {first16, first17, first18, first19}, {b0, b1}, {s56, s57, s58, s59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s60, s61, s62, s63}, {first16, first17, first18, first19}, {b2, b3}, {s60, s61, s62, s63};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s32, s33, s34, s35}, {first20, first21, first22, first23}, {b0, b1}, {s32, s33, s34, s35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s36, s37, s38, s39}, {first20, first21, first22, first23}, {b2, b3}, {s36, s37, s38, s39};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+1600];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s40, s41, s42, s43}, {first20, first21, first22, first23}, {b0, b1}, {s40, s41, s42, s43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s44, s45, s46, s47}, {first20, first21, first22, first23}, {b2, b3}, {s44, s45, s46, s47};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+3136];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s16, s17, s18, s19}, {first8, first9, first10, first11}, {b0, b1}, {s16, s17, s18, s19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s20, s21, s22, s23}, {first8, first9, first10, first11}, {b2, b3}, {s20, s21, s22, s23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s48, s49, s50, s51}, {first20, first21, first22, first23}, {b0, b1}, {s48, s49, s50, s51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s52, s53, s54, s55}, {first20, first21, first22, first23}, {b2, b3}, {s52, s53, s54, s55};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+4672];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s24, s25, s26, s27}, {first8, first9, first10, first11}, {b0, b1}, {s24, s25, s26, s27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s28, s29, s30, s31}, {first8, first9, first10, first11}, {b2, b3}, {s28, s29, s30, s31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s56, s57, s58, s59}, {first20, first21, first22, first23}, {b0, b1}, {s56, s57, s58, s59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s60, s61, s62, s63}, {first20, first21, first22, first23}, {b2, b3}, {s60, s61, s62, s63};
        }
        """, keys);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s13, 0fFF800000;
        setp.gt.s32 seen, end, 32; @!seen mov.f32 s16, 0fFF800000;
        setp.gt.s32 seen, end, 33; @!seen mov.f32 s17, 0fFF800000;
        setp.gt.s32 seen, end, 40; @!seen mov.f32 s20, 0fFF800000;
        setp.gt.s32 seen, end, 41; @!seen mov.f32 s21, 0fFF800000;
        setp.gt.s32 seen, end, 48; @!seen mov.f32 s24, 0fFF800000;
        setp.gt.s32 seen, end, 49; @!seen mov.f32 s25, 0fFF800000;
        setp.gt.s32 seen, end, 56; @!seen mov.f32 s28, 0fFF800000;
        setp.gt.s32 seen, end, 57; @!seen mov.f32 s29, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s15, 0fFF800000;
        setp.gt.s32 seen, end, 32; @!seen mov.f32 s18, 0fFF800000;
        setp.gt.s32 seen, end, 33; @!seen mov.f32 s19, 0fFF800000;
        setp.gt.s32 seen, end, 40; @!seen mov.f32 s22, 0fFF800000;
        setp.gt.s32 seen, end, 41; @!seen mov.f32 s23, 0fFF800000;
        setp.gt.s32 seen, end, 48; @!seen mov.f32 s26, 0fFF800000;
        setp.gt.s32 seen, end, 49; @!seen mov.f32 s27, 0fFF800000;
        setp.gt.s32 seen, end, 56; @!seen mov.f32 s30, 0fFF800000;
        setp.gt.s32 seen, end, 57; @!seen mov.f32 s31, 0fFF800000;
        add.s32 end, %1, 16; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s32, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s33, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s36, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s37, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s40, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s41, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s44, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s45, 0fFF800000;
        setp.gt.s32 seen, end, 32; @!seen mov.f32 s48, 0fFF800000;
        setp.gt.s32 seen, end, 33; @!seen mov.f32 s49, 0fFF800000;
        setp.gt.s32 seen, end, 40; @!seen mov.f32 s52, 0fFF800000;
        setp.gt.s32 seen, end, 41; @!seen mov.f32 s53, 0fFF800000;
        setp.gt.s32 seen, end, 48; @!seen mov.f32 s56, 0fFF800000;
        setp.gt.s32 seen, end, 49; @!seen mov.f32 s57, 0fFF800000;
        setp.gt.s32 seen, end, 56; @!seen mov.f32 s60, 0fFF800000;
        setp.gt.s32 seen, end, 57; @!seen mov.f32 s61, 0fFF800000;
        add.s32 end, %1, 24; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s34, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s35, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s38, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s39, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s42, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s43, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s46, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s47, 0fFF800000;
        setp.gt.s32 seen, end, 32; @!seen mov.f32 s50, 0fFF800000;
        setp.gt.s32 seen, end, 33; @!seen mov.f32 s51, 0fFF800000;
        setp.gt.s32 seen, end, 40; @!seen mov.f32 s54, 0fFF800000;
        setp.gt.s32 seen, end, 41; @!seen mov.f32 s55, 0fFF800000;
        setp.gt.s32 seen, end, 48; @!seen mov.f32 s58, 0fFF800000;
        setp.gt.s32 seen, end, 49; @!seen mov.f32 s59, 0fFF800000;
        setp.gt.s32 seen, end, 56; @!seen mov.f32 s62, 0fFF800000;
        setp.gt.s32 seen, end, 57; @!seen mov.f32 s63, 0fFF800000;
        }
        """, keys, ahead);

    public static void Exponentials(float scale) => CudaAsm.Emit("""
        { .reg .f32 now, other, factor, shift;
        max.f32 now, s0, s1; max.f32 now, now, s4; max.f32 now, now, s5; max.f32 now, now, s8; max.f32 now, now, s9; max.f32 now, now, s12; max.f32 now, now, s13; max.f32 now, now, s16; max.f32 now, now, s17; max.f32 now, now, s20; max.f32 now, now, s21; max.f32 now, now, s24; max.f32 now, now, s25; max.f32 now, now, s28; max.f32 now, now, s29;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top0; sub.f32 factor, top0, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top0, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total0, total0, factor;
        fma.rn.f32 s0, s0, %0, shift; ex2.approx.ftz.f32 s0, s0; add.f32 total0, total0, s0;
        fma.rn.f32 s1, s1, %0, shift; ex2.approx.ftz.f32 s1, s1; add.f32 total0, total0, s1;
        fma.rn.f32 s4, s4, %0, shift; ex2.approx.ftz.f32 s4, s4; add.f32 total0, total0, s4;
        fma.rn.f32 s5, s5, %0, shift; ex2.approx.ftz.f32 s5, s5; add.f32 total0, total0, s5;
        fma.rn.f32 s8, s8, %0, shift; ex2.approx.ftz.f32 s8, s8; add.f32 total0, total0, s8;
        fma.rn.f32 s9, s9, %0, shift; ex2.approx.ftz.f32 s9, s9; add.f32 total0, total0, s9;
        fma.rn.f32 s12, s12, %0, shift; ex2.approx.ftz.f32 s12, s12; add.f32 total0, total0, s12;
        fma.rn.f32 s13, s13, %0, shift; ex2.approx.ftz.f32 s13, s13; add.f32 total0, total0, s13;
        fma.rn.f32 s16, s16, %0, shift; ex2.approx.ftz.f32 s16, s16; add.f32 total0, total0, s16;
        fma.rn.f32 s17, s17, %0, shift; ex2.approx.ftz.f32 s17, s17; add.f32 total0, total0, s17;
        fma.rn.f32 s20, s20, %0, shift; ex2.approx.ftz.f32 s20, s20; add.f32 total0, total0, s20;
        fma.rn.f32 s21, s21, %0, shift; ex2.approx.ftz.f32 s21, s21; add.f32 total0, total0, s21;
        fma.rn.f32 s24, s24, %0, shift; ex2.approx.ftz.f32 s24, s24; add.f32 total0, total0, s24;
        fma.rn.f32 s25, s25, %0, shift; ex2.approx.ftz.f32 s25, s25; add.f32 total0, total0, s25;
        fma.rn.f32 s28, s28, %0, shift; ex2.approx.ftz.f32 s28, s28; add.f32 total0, total0, s28;
        fma.rn.f32 s29, s29, %0, shift; ex2.approx.ftz.f32 s29, s29; add.f32 total0, total0, s29;
        mul.f32 y0, y0, factor; mul.f32 y1, y1, factor; mul.f32 y4, y4, factor; mul.f32 y5, y5, factor;
        mul.f32 y8, y8, factor; mul.f32 y9, y9, factor; mul.f32 y12, y12, factor; mul.f32 y13, y13, factor;
        mul.f32 y16, y16, factor; mul.f32 y17, y17, factor;
        max.f32 now, s2, s3; max.f32 now, now, s6; max.f32 now, now, s7; max.f32 now, now, s10; max.f32 now, now, s11; max.f32 now, now, s14; max.f32 now, now, s15; max.f32 now, now, s18; max.f32 now, now, s19; max.f32 now, now, s22; max.f32 now, now, s23; max.f32 now, now, s26; max.f32 now, now, s27; max.f32 now, now, s30; max.f32 now, now, s31;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top1; sub.f32 factor, top1, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top1, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total1, total1, factor;
        fma.rn.f32 s2, s2, %0, shift; ex2.approx.ftz.f32 s2, s2; add.f32 total1, total1, s2;
        fma.rn.f32 s3, s3, %0, shift; ex2.approx.ftz.f32 s3, s3; add.f32 total1, total1, s3;
        fma.rn.f32 s6, s6, %0, shift; ex2.approx.ftz.f32 s6, s6; add.f32 total1, total1, s6;
        fma.rn.f32 s7, s7, %0, shift; ex2.approx.ftz.f32 s7, s7; add.f32 total1, total1, s7;
        fma.rn.f32 s10, s10, %0, shift; ex2.approx.ftz.f32 s10, s10; add.f32 total1, total1, s10;
        fma.rn.f32 s11, s11, %0, shift; ex2.approx.ftz.f32 s11, s11; add.f32 total1, total1, s11;
        fma.rn.f32 s14, s14, %0, shift; ex2.approx.ftz.f32 s14, s14; add.f32 total1, total1, s14;
        fma.rn.f32 s15, s15, %0, shift; ex2.approx.ftz.f32 s15, s15; add.f32 total1, total1, s15;
        fma.rn.f32 s18, s18, %0, shift; ex2.approx.ftz.f32 s18, s18; add.f32 total1, total1, s18;
        fma.rn.f32 s19, s19, %0, shift; ex2.approx.ftz.f32 s19, s19; add.f32 total1, total1, s19;
        fma.rn.f32 s22, s22, %0, shift; ex2.approx.ftz.f32 s22, s22; add.f32 total1, total1, s22;
        fma.rn.f32 s23, s23, %0, shift; ex2.approx.ftz.f32 s23, s23; add.f32 total1, total1, s23;
        fma.rn.f32 s26, s26, %0, shift; ex2.approx.ftz.f32 s26, s26; add.f32 total1, total1, s26;
        fma.rn.f32 s27, s27, %0, shift; ex2.approx.ftz.f32 s27, s27; add.f32 total1, total1, s27;
        fma.rn.f32 s30, s30, %0, shift; ex2.approx.ftz.f32 s30, s30; add.f32 total1, total1, s30;
        fma.rn.f32 s31, s31, %0, shift; ex2.approx.ftz.f32 s31, s31; add.f32 total1, total1, s31;
        mul.f32 y2, y2, factor; mul.f32 y3, y3, factor; mul.f32 y6, y6, factor; mul.f32 y7, y7, factor;
        mul.f32 y10, y10, factor; mul.f32 y11, y11, factor; mul.f32 y14, y14, factor; mul.f32 y15, y15, factor;
        mul.f32 y18, y18, factor; mul.f32 y19, y19, factor;
        max.f32 now, s32, s33; max.f32 now, now, s36; max.f32 now, now, s37; max.f32 now, now, s40; max.f32 now, now, s41; max.f32 now, now, s44; max.f32 now, now, s45; max.f32 now, now, s48; max.f32 now, now, s49; max.f32 now, now, s52; max.f32 now, now, s53; max.f32 now, now, s56; max.f32 now, now, s57; max.f32 now, now, s60; max.f32 now, now, s61;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top2; sub.f32 factor, top2, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top2, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total2, total2, factor;
        fma.rn.f32 s32, s32, %0, shift; ex2.approx.ftz.f32 s32, s32; add.f32 total2, total2, s32;
        fma.rn.f32 s33, s33, %0, shift; ex2.approx.ftz.f32 s33, s33; add.f32 total2, total2, s33;
        fma.rn.f32 s36, s36, %0, shift; ex2.approx.ftz.f32 s36, s36; add.f32 total2, total2, s36;
        fma.rn.f32 s37, s37, %0, shift; ex2.approx.ftz.f32 s37, s37; add.f32 total2, total2, s37;
        fma.rn.f32 s40, s40, %0, shift; ex2.approx.ftz.f32 s40, s40; add.f32 total2, total2, s40;
        fma.rn.f32 s41, s41, %0, shift; ex2.approx.ftz.f32 s41, s41; add.f32 total2, total2, s41;
        fma.rn.f32 s44, s44, %0, shift; ex2.approx.ftz.f32 s44, s44; add.f32 total2, total2, s44;
        fma.rn.f32 s45, s45, %0, shift; ex2.approx.ftz.f32 s45, s45; add.f32 total2, total2, s45;
        fma.rn.f32 s48, s48, %0, shift; ex2.approx.ftz.f32 s48, s48; add.f32 total2, total2, s48;
        fma.rn.f32 s49, s49, %0, shift; ex2.approx.ftz.f32 s49, s49; add.f32 total2, total2, s49;
        fma.rn.f32 s52, s52, %0, shift; ex2.approx.ftz.f32 s52, s52; add.f32 total2, total2, s52;
        fma.rn.f32 s53, s53, %0, shift; ex2.approx.ftz.f32 s53, s53; add.f32 total2, total2, s53;
        fma.rn.f32 s56, s56, %0, shift; ex2.approx.ftz.f32 s56, s56; add.f32 total2, total2, s56;
        fma.rn.f32 s57, s57, %0, shift; ex2.approx.ftz.f32 s57, s57; add.f32 total2, total2, s57;
        fma.rn.f32 s60, s60, %0, shift; ex2.approx.ftz.f32 s60, s60; add.f32 total2, total2, s60;
        fma.rn.f32 s61, s61, %0, shift; ex2.approx.ftz.f32 s61, s61; add.f32 total2, total2, s61;
        mul.f32 y20, y20, factor; mul.f32 y21, y21, factor; mul.f32 y24, y24, factor; mul.f32 y25, y25, factor;
        mul.f32 y28, y28, factor; mul.f32 y29, y29, factor; mul.f32 y32, y32, factor; mul.f32 y33, y33, factor;
        mul.f32 y36, y36, factor; mul.f32 y37, y37, factor;
        max.f32 now, s34, s35; max.f32 now, now, s38; max.f32 now, now, s39; max.f32 now, now, s42; max.f32 now, now, s43; max.f32 now, now, s46; max.f32 now, now, s47; max.f32 now, now, s50; max.f32 now, now, s51; max.f32 now, now, s54; max.f32 now, now, s55; max.f32 now, now, s58; max.f32 now, now, s59; max.f32 now, now, s62; max.f32 now, now, s63;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top3; sub.f32 factor, top3, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top3, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total3, total3, factor;
        fma.rn.f32 s34, s34, %0, shift; ex2.approx.ftz.f32 s34, s34; add.f32 total3, total3, s34;
        fma.rn.f32 s35, s35, %0, shift; ex2.approx.ftz.f32 s35, s35; add.f32 total3, total3, s35;
        fma.rn.f32 s38, s38, %0, shift; ex2.approx.ftz.f32 s38, s38; add.f32 total3, total3, s38;
        fma.rn.f32 s39, s39, %0, shift; ex2.approx.ftz.f32 s39, s39; add.f32 total3, total3, s39;
        fma.rn.f32 s42, s42, %0, shift; ex2.approx.ftz.f32 s42, s42; add.f32 total3, total3, s42;
        fma.rn.f32 s43, s43, %0, shift; ex2.approx.ftz.f32 s43, s43; add.f32 total3, total3, s43;
        fma.rn.f32 s46, s46, %0, shift; ex2.approx.ftz.f32 s46, s46; add.f32 total3, total3, s46;
        fma.rn.f32 s47, s47, %0, shift; ex2.approx.ftz.f32 s47, s47; add.f32 total3, total3, s47;
        fma.rn.f32 s50, s50, %0, shift; ex2.approx.ftz.f32 s50, s50; add.f32 total3, total3, s50;
        fma.rn.f32 s51, s51, %0, shift; ex2.approx.ftz.f32 s51, s51; add.f32 total3, total3, s51;
        fma.rn.f32 s54, s54, %0, shift; ex2.approx.ftz.f32 s54, s54; add.f32 total3, total3, s54;
        fma.rn.f32 s55, s55, %0, shift; ex2.approx.ftz.f32 s55, s55; add.f32 total3, total3, s55;
        fma.rn.f32 s58, s58, %0, shift; ex2.approx.ftz.f32 s58, s58; add.f32 total3, total3, s58;
        fma.rn.f32 s59, s59, %0, shift; ex2.approx.ftz.f32 s59, s59; add.f32 total3, total3, s59;
        fma.rn.f32 s62, s62, %0, shift; ex2.approx.ftz.f32 s62, s62; add.f32 total3, total3, s62;
        fma.rn.f32 s63, s63, %0, shift; ex2.approx.ftz.f32 s63, s63; add.f32 total3, total3, s63;
        mul.f32 y22, y22, factor; mul.f32 y23, y23, factor; mul.f32 y26, y26, factor; mul.f32 y27, y27, factor;
        mul.f32 y30, y30, factor; mul.f32 y31, y31, factor; mul.f32 y34, y34, factor; mul.f32 y35, y35, factor;
        mul.f32 y38, y38, factor; mul.f32 y39, y39, factor;
        }
        """, scale);

    public static void Values(int values) => CudaAsm.Emit("""
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.f16x2.f32 a0, s1, s0;
        cvt.rn.f16x2.f32 a1, s3, s2;
        cvt.rn.f16x2.f32 a2, s5, s4;
        cvt.rn.f16x2.f32 a3, s7, s6;
        cvt.rn.f16x2.f32 a4, s33, s32;
        cvt.rn.f16x2.f32 a5, s35, s34;
        cvt.rn.f16x2.f32 a6, s37, s36;
        cvt.rn.f16x2.f32 a7, s39, s38;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y20, y21, y22, y23}, {a4, a5, a6, a7}, {b0, b1}, {y20, y21, y22, y23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y24, y25, y26, y27}, {a4, a5, a6, a7}, {b2, b3}, {y24, y25, y26, y27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y28, y29, y30, y31}, {a4, a5, a6, a7}, {b0, b1}, {y28, y29, y30, y31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y32, y33, y34, y35}, {a4, a5, a6, a7}, {b2, b3}, {y32, y33, y34, y35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y36, y37, y38, y39}, {a4, a5, a6, a7}, {b0, b1}, {y36, y37, y38, y39};
        cvt.rn.f16x2.f32 a0, s9, s8;
        cvt.rn.f16x2.f32 a1, s11, s10;
        cvt.rn.f16x2.f32 a2, s13, s12;
        cvt.rn.f16x2.f32 a3, s15, s14;
        cvt.rn.f16x2.f32 a4, s41, s40;
        cvt.rn.f16x2.f32 a5, s43, s42;
        cvt.rn.f16x2.f32 a6, s45, s44;
        cvt.rn.f16x2.f32 a7, s47, s46;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+1536];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y20, y21, y22, y23}, {a4, a5, a6, a7}, {b0, b1}, {y20, y21, y22, y23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y24, y25, y26, y27}, {a4, a5, a6, a7}, {b2, b3}, {y24, y25, y26, y27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+1568];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y28, y29, y30, y31}, {a4, a5, a6, a7}, {b0, b1}, {y28, y29, y30, y31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y32, y33, y34, y35}, {a4, a5, a6, a7}, {b2, b3}, {y32, y33, y34, y35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+1600];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y36, y37, y38, y39}, {a4, a5, a6, a7}, {b0, b1}, {y36, y37, y38, y39};
        cvt.rn.f16x2.f32 a0, s17, s16;
        cvt.rn.f16x2.f32 a1, s19, s18;
        cvt.rn.f16x2.f32 a2, s21, s20;
        cvt.rn.f16x2.f32 a3, s23, s22;
        cvt.rn.f16x2.f32 a4, s49, s48;
        cvt.rn.f16x2.f32 a5, s51, s50;
        cvt.rn.f16x2.f32 a6, s53, s52;
        cvt.rn.f16x2.f32 a7, s55, s54;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+3072];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y20, y21, y22, y23}, {a4, a5, a6, a7}, {b0, b1}, {y20, y21, y22, y23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y24, y25, y26, y27}, {a4, a5, a6, a7}, {b2, b3}, {y24, y25, y26, y27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+3104];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y28, y29, y30, y31}, {a4, a5, a6, a7}, {b0, b1}, {y28, y29, y30, y31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y32, y33, y34, y35}, {a4, a5, a6, a7}, {b2, b3}, {y32, y33, y34, y35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+3136];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y36, y37, y38, y39}, {a4, a5, a6, a7}, {b0, b1}, {y36, y37, y38, y39};
        cvt.rn.f16x2.f32 a0, s25, s24;
        cvt.rn.f16x2.f32 a1, s27, s26;
        cvt.rn.f16x2.f32 a2, s29, s28;
        cvt.rn.f16x2.f32 a3, s31, s30;
        cvt.rn.f16x2.f32 a4, s57, s56;
        cvt.rn.f16x2.f32 a5, s59, s58;
        cvt.rn.f16x2.f32 a6, s61, s60;
        cvt.rn.f16x2.f32 a7, s63, s62;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+4608];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y20, y21, y22, y23}, {a4, a5, a6, a7}, {b0, b1}, {y20, y21, y22, y23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y24, y25, y26, y27}, {a4, a5, a6, a7}, {b2, b3}, {y24, y25, y26, y27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+4640];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y28, y29, y30, y31}, {a4, a5, a6, a7}, {b0, b1}, {y28, y29, y30, y31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y32, y33, y34, y35}, {a4, a5, a6, a7}, {b2, b3}, {y32, y33, y34, y35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+4672];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y36, y37, y38, y39}, {a4, a5, a6, a7}, {b0, b1}, {y36, y37, y38, y39};
        }
        """, values);

    public static void Finish(long lse, int rows, float scale) => CudaAsm.Emit("""
        { .reg .f32 other, log; .reg .pred has;
        shfl.sync.bfly.b32 other, total0, 1, 31, 4294967295; add.f32 total0, total0, other;
        shfl.sync.bfly.b32 other, total0, 2, 31, 4294967295; add.f32 total0, total0, other;
        lg2.approx.f32 log, total0; fma.rn.f32 log, top0, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 0; @has st.global.f32 [%0+0], log; rcp.rn.f32 total0, total0;
        shfl.sync.bfly.b32 other, total1, 1, 31, 4294967295; add.f32 total1, total1, other;
        shfl.sync.bfly.b32 other, total1, 2, 31, 4294967295; add.f32 total1, total1, other;
        lg2.approx.f32 log, total1; fma.rn.f32 log, top1, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 8; @has st.global.f32 [%0+32], log; rcp.rn.f32 total1, total1;
        shfl.sync.bfly.b32 other, total2, 1, 31, 4294967295; add.f32 total2, total2, other;
        shfl.sync.bfly.b32 other, total2, 2, 31, 4294967295; add.f32 total2, total2, other;
        lg2.approx.f32 log, total2; fma.rn.f32 log, top2, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 16; @has st.global.f32 [%0+64], log; rcp.rn.f32 total2, total2;
        shfl.sync.bfly.b32 other, total3, 1, 31, 4294967295; add.f32 total3, total3, other;
        shfl.sync.bfly.b32 other, total3, 2, 31, 4294967295; add.f32 total3, total3, other;
        lg2.approx.f32 log, total3; fma.rn.f32 log, top3, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 24; @has st.global.f32 [%0+96], log; rcp.rn.f32 total3, total3;
        }
        """, lse, rows, scale);

    public static void Store(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, y0, total0; mul.f32 high, y1, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, y4, total0; mul.f32 high, y5, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, y8, total0; mul.f32 high, y9, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, y12, total0; mul.f32 high, y13, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, y16, total0; mul.f32 high, y17, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, y2, total1; mul.f32 high, y3, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+768], pair;
        mul.f32 low, y6, total1; mul.f32 high, y7, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+768], pair;
        mul.f32 low, y10, total1; mul.f32 high, y11, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+800], pair;
        mul.f32 low, y14, total1; mul.f32 high, y15, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+800], pair;
        mul.f32 low, y18, total1; mul.f32 high, y19, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+832], pair;
        mul.f32 low, y20, total2; mul.f32 high, y21, total2; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1536], pair;
        mul.f32 low, y24, total2; mul.f32 high, y25, total2; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1536], pair;
        mul.f32 low, y28, total2; mul.f32 high, y29, total2; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1568], pair;
        mul.f32 low, y32, total2; mul.f32 high, y33, total2; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1568], pair;
        mul.f32 low, y36, total2; mul.f32 high, y37, total2; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1600], pair;
        mul.f32 low, y22, total3; mul.f32 high, y23, total3; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2304], pair;
        mul.f32 low, y26, total3; mul.f32 high, y27, total3; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2304], pair;
        mul.f32 low, y30, total3; mul.f32 high, y31, total3; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2336], pair;
        mul.f32 low, y34, total3; mul.f32 high, y35, total3; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2336], pair;
        mul.f32 low, y38, total3; mul.f32 high, y39, total3; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2368], pair;
        }
        """, at);
}

/// <summary>y of heads up to 80, bf16: 64 queries against blocks of 32 keys, 4 stages.</summary>
//          32 of a block's 32 keys             80 columns of y
//      +----------------------------------+----------------------------------+
// w0   | s0..15, 4 parts of 16x8          | y0..39, 10 parts of 16x8         | queries 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct Forward80BF16 : ITensorCoreForwardTile
{
    public static int Chunks => 10;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 32;

    public static int Stages => 4;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<3>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<20>;
        .reg .f32 s<16>;
        .reg .f32 top<2>, total<2>;
        mov.f32 top0, 0fFF800000; mov.f32 total0, 0f00000000;
        mov.f32 top1, 0fFF800000; mov.f32 total1, 0f00000000;
        .reg .f32 y<40>;
        mov.f32 y0, 0f00000000; mov.f32 y1, 0f00000000; mov.f32 y2, 0f00000000; mov.f32 y3, 0f00000000;
        mov.f32 y4, 0f00000000; mov.f32 y5, 0f00000000; mov.f32 y6, 0f00000000; mov.f32 y7, 0f00000000;
        mov.f32 y8, 0f00000000; mov.f32 y9, 0f00000000; mov.f32 y10, 0f00000000; mov.f32 y11, 0f00000000;
        mov.f32 y12, 0f00000000; mov.f32 y13, 0f00000000; mov.f32 y14, 0f00000000; mov.f32 y15, 0f00000000;
        mov.f32 y16, 0f00000000; mov.f32 y17, 0f00000000; mov.f32 y18, 0f00000000; mov.f32 y19, 0f00000000;
        mov.f32 y20, 0f00000000; mov.f32 y21, 0f00000000; mov.f32 y22, 0f00000000; mov.f32 y23, 0f00000000;
        mov.f32 y24, 0f00000000; mov.f32 y25, 0f00000000; mov.f32 y26, 0f00000000; mov.f32 y27, 0f00000000;
        mov.f32 y28, 0f00000000; mov.f32 y29, 0f00000000; mov.f32 y30, 0f00000000; mov.f32 y31, 0f00000000;
        mov.f32 y32, 0f00000000; mov.f32 y33, 0f00000000; mov.f32 y34, 0f00000000; mov.f32 y35, 0f00000000;
        mov.f32 y36, 0f00000000; mov.f32 y37, 0f00000000; mov.f32 y38, 0f00000000; mov.f32 y39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; @copies cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        }
        """, at);

    public static void AwaitOwn() => CudaAsm.Emit("""
        cp.async.wait_group 3;
        """);

    public static void Scores(int keys) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        }
        """, keys);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s13, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s15, 0fFF800000;
        }
        """, keys, ahead);

    public static void Exponentials(float scale) => CudaAsm.Emit("""
        { .reg .f32 now, other, factor, shift;
        max.f32 now, s0, s1; max.f32 now, now, s4; max.f32 now, now, s5; max.f32 now, now, s8; max.f32 now, now, s9; max.f32 now, now, s12; max.f32 now, now, s13;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top0; sub.f32 factor, top0, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top0, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total0, total0, factor;
        fma.rn.f32 s0, s0, %0, shift; ex2.approx.ftz.f32 s0, s0; add.f32 total0, total0, s0;
        fma.rn.f32 s1, s1, %0, shift; ex2.approx.ftz.f32 s1, s1; add.f32 total0, total0, s1;
        fma.rn.f32 s4, s4, %0, shift; ex2.approx.ftz.f32 s4, s4; add.f32 total0, total0, s4;
        fma.rn.f32 s5, s5, %0, shift; ex2.approx.ftz.f32 s5, s5; add.f32 total0, total0, s5;
        fma.rn.f32 s8, s8, %0, shift; ex2.approx.ftz.f32 s8, s8; add.f32 total0, total0, s8;
        fma.rn.f32 s9, s9, %0, shift; ex2.approx.ftz.f32 s9, s9; add.f32 total0, total0, s9;
        fma.rn.f32 s12, s12, %0, shift; ex2.approx.ftz.f32 s12, s12; add.f32 total0, total0, s12;
        fma.rn.f32 s13, s13, %0, shift; ex2.approx.ftz.f32 s13, s13; add.f32 total0, total0, s13;
        mul.f32 y0, y0, factor; mul.f32 y1, y1, factor; mul.f32 y4, y4, factor; mul.f32 y5, y5, factor;
        mul.f32 y8, y8, factor; mul.f32 y9, y9, factor; mul.f32 y12, y12, factor; mul.f32 y13, y13, factor;
        mul.f32 y16, y16, factor; mul.f32 y17, y17, factor; mul.f32 y20, y20, factor; mul.f32 y21, y21, factor;
        mul.f32 y24, y24, factor; mul.f32 y25, y25, factor; mul.f32 y28, y28, factor; mul.f32 y29, y29, factor;
        mul.f32 y32, y32, factor; mul.f32 y33, y33, factor; mul.f32 y36, y36, factor; mul.f32 y37, y37, factor;
        max.f32 now, s2, s3; max.f32 now, now, s6; max.f32 now, now, s7; max.f32 now, now, s10; max.f32 now, now, s11; max.f32 now, now, s14; max.f32 now, now, s15;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top1; sub.f32 factor, top1, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top1, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total1, total1, factor;
        fma.rn.f32 s2, s2, %0, shift; ex2.approx.ftz.f32 s2, s2; add.f32 total1, total1, s2;
        fma.rn.f32 s3, s3, %0, shift; ex2.approx.ftz.f32 s3, s3; add.f32 total1, total1, s3;
        fma.rn.f32 s6, s6, %0, shift; ex2.approx.ftz.f32 s6, s6; add.f32 total1, total1, s6;
        fma.rn.f32 s7, s7, %0, shift; ex2.approx.ftz.f32 s7, s7; add.f32 total1, total1, s7;
        fma.rn.f32 s10, s10, %0, shift; ex2.approx.ftz.f32 s10, s10; add.f32 total1, total1, s10;
        fma.rn.f32 s11, s11, %0, shift; ex2.approx.ftz.f32 s11, s11; add.f32 total1, total1, s11;
        fma.rn.f32 s14, s14, %0, shift; ex2.approx.ftz.f32 s14, s14; add.f32 total1, total1, s14;
        fma.rn.f32 s15, s15, %0, shift; ex2.approx.ftz.f32 s15, s15; add.f32 total1, total1, s15;
        mul.f32 y2, y2, factor; mul.f32 y3, y3, factor; mul.f32 y6, y6, factor; mul.f32 y7, y7, factor;
        mul.f32 y10, y10, factor; mul.f32 y11, y11, factor; mul.f32 y14, y14, factor; mul.f32 y15, y15, factor;
        mul.f32 y18, y18, factor; mul.f32 y19, y19, factor; mul.f32 y22, y22, factor; mul.f32 y23, y23, factor;
        mul.f32 y26, y26, factor; mul.f32 y27, y27, factor; mul.f32 y30, y30, factor; mul.f32 y31, y31, factor;
        mul.f32 y34, y34, factor; mul.f32 y35, y35, factor; mul.f32 y38, y38, factor; mul.f32 y39, y39, factor;
        }
        """, scale);

    public static void Values(int values) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.bf16x2.f32 a0, s1, s0;
        cvt.rn.bf16x2.f32 a1, s3, s2;
        cvt.rn.bf16x2.f32 a2, s5, s4;
        cvt.rn.bf16x2.f32 a3, s7, s6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y20, y21, y22, y23}, {a0, a1, a2, a3}, {b2, b3}, {y20, y21, y22, y23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y24, y25, y26, y27}, {a0, a1, a2, a3}, {b0, b1}, {y24, y25, y26, y27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y28, y29, y30, y31}, {a0, a1, a2, a3}, {b2, b3}, {y28, y29, y30, y31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y32, y33, y34, y35}, {a0, a1, a2, a3}, {b0, b1}, {y32, y33, y34, y35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y36, y37, y38, y39}, {a0, a1, a2, a3}, {b2, b3}, {y36, y37, y38, y39};
        cvt.rn.bf16x2.f32 a0, s9, s8;
        cvt.rn.bf16x2.f32 a1, s11, s10;
        cvt.rn.bf16x2.f32 a2, s13, s12;
        cvt.rn.bf16x2.f32 a3, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y20, y21, y22, y23}, {a0, a1, a2, a3}, {b2, b3}, {y20, y21, y22, y23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y24, y25, y26, y27}, {a0, a1, a2, a3}, {b0, b1}, {y24, y25, y26, y27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y28, y29, y30, y31}, {a0, a1, a2, a3}, {b2, b3}, {y28, y29, y30, y31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y32, y33, y34, y35}, {a0, a1, a2, a3}, {b0, b1}, {y32, y33, y34, y35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y36, y37, y38, y39}, {a0, a1, a2, a3}, {b2, b3}, {y36, y37, y38, y39};
        }
        """, values);

    public static void Finish(long lse, int rows, float scale) => CudaAsm.Emit("""
        { .reg .f32 other, log; .reg .pred has;
        shfl.sync.bfly.b32 other, total0, 1, 31, 4294967295; add.f32 total0, total0, other;
        shfl.sync.bfly.b32 other, total0, 2, 31, 4294967295; add.f32 total0, total0, other;
        lg2.approx.f32 log, total0; fma.rn.f32 log, top0, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 0; @has st.global.f32 [%0+0], log; rcp.rn.f32 total0, total0;
        shfl.sync.bfly.b32 other, total1, 1, 31, 4294967295; add.f32 total1, total1, other;
        shfl.sync.bfly.b32 other, total1, 2, 31, 4294967295; add.f32 total1, total1, other;
        lg2.approx.f32 log, total1; fma.rn.f32 log, top1, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 8; @has st.global.f32 [%0+32], log; rcp.rn.f32 total1, total1;
        }
        """, lse, rows, scale);

    public static void Store(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, y0, total0; mul.f32 high, y1, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, y4, total0; mul.f32 high, y5, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, y8, total0; mul.f32 high, y9, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, y12, total0; mul.f32 high, y13, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, y16, total0; mul.f32 high, y17, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, y20, total0; mul.f32 high, y21, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, y24, total0; mul.f32 high, y25, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+96], pair;
        mul.f32 low, y28, total0; mul.f32 high, y29, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+96], pair;
        mul.f32 low, y32, total0; mul.f32 high, y33, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, y36, total0; mul.f32 high, y37, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, y2, total1; mul.f32 high, y3, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1280], pair;
        mul.f32 low, y6, total1; mul.f32 high, y7, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1280], pair;
        mul.f32 low, y10, total1; mul.f32 high, y11, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1312], pair;
        mul.f32 low, y14, total1; mul.f32 high, y15, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1312], pair;
        mul.f32 low, y18, total1; mul.f32 high, y19, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1344], pair;
        mul.f32 low, y22, total1; mul.f32 high, y23, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1344], pair;
        mul.f32 low, y26, total1; mul.f32 high, y27, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1376], pair;
        mul.f32 low, y30, total1; mul.f32 high, y31, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1376], pair;
        mul.f32 low, y34, total1; mul.f32 high, y35, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1408], pair;
        mul.f32 low, y38, total1; mul.f32 high, y39, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1408], pair;
        }
        """, at);
}

/// <summary>y of heads up to 80, f16: 64 queries against blocks of 32 keys, 4 stages.</summary>
//          32 of a block's 32 keys             80 columns of y
//      +----------------------------------+----------------------------------+
// w0   | s0..15, 4 parts of 16x8          | y0..39, 10 parts of 16x8         | queries 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct Forward80F16 : ITensorCoreForwardTile
{
    public static int Chunks => 10;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 32;

    public static int Stages => 4;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<3>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<20>;
        .reg .f32 s<16>;
        .reg .f32 top<2>, total<2>;
        mov.f32 top0, 0fFF800000; mov.f32 total0, 0f00000000;
        mov.f32 top1, 0fFF800000; mov.f32 total1, 0f00000000;
        .reg .f32 y<40>;
        mov.f32 y0, 0f00000000; mov.f32 y1, 0f00000000; mov.f32 y2, 0f00000000; mov.f32 y3, 0f00000000;
        mov.f32 y4, 0f00000000; mov.f32 y5, 0f00000000; mov.f32 y6, 0f00000000; mov.f32 y7, 0f00000000;
        mov.f32 y8, 0f00000000; mov.f32 y9, 0f00000000; mov.f32 y10, 0f00000000; mov.f32 y11, 0f00000000;
        mov.f32 y12, 0f00000000; mov.f32 y13, 0f00000000; mov.f32 y14, 0f00000000; mov.f32 y15, 0f00000000;
        mov.f32 y16, 0f00000000; mov.f32 y17, 0f00000000; mov.f32 y18, 0f00000000; mov.f32 y19, 0f00000000;
        mov.f32 y20, 0f00000000; mov.f32 y21, 0f00000000; mov.f32 y22, 0f00000000; mov.f32 y23, 0f00000000;
        mov.f32 y24, 0f00000000; mov.f32 y25, 0f00000000; mov.f32 y26, 0f00000000; mov.f32 y27, 0f00000000;
        mov.f32 y28, 0f00000000; mov.f32 y29, 0f00000000; mov.f32 y30, 0f00000000; mov.f32 y31, 0f00000000;
        mov.f32 y32, 0f00000000; mov.f32 y33, 0f00000000; mov.f32 y34, 0f00000000; mov.f32 y35, 0f00000000;
        mov.f32 y36, 0f00000000; mov.f32 y37, 0f00000000; mov.f32 y38, 0f00000000; mov.f32 y39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; @copies cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        }
        """, at);

    public static void AwaitOwn() => CudaAsm.Emit("""
        cp.async.wait_group 3;
        """);

    public static void Scores(int keys) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        }
        """, keys);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s13, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s15, 0fFF800000;
        }
        """, keys, ahead);

    public static void Exponentials(float scale) => CudaAsm.Emit("""
        { .reg .f32 now, other, factor, shift;
        max.f32 now, s0, s1; max.f32 now, now, s4; max.f32 now, now, s5; max.f32 now, now, s8; max.f32 now, now, s9; max.f32 now, now, s12; max.f32 now, now, s13;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top0; sub.f32 factor, top0, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top0, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total0, total0, factor;
        fma.rn.f32 s0, s0, %0, shift; ex2.approx.ftz.f32 s0, s0; add.f32 total0, total0, s0;
        fma.rn.f32 s1, s1, %0, shift; ex2.approx.ftz.f32 s1, s1; add.f32 total0, total0, s1;
        fma.rn.f32 s4, s4, %0, shift; ex2.approx.ftz.f32 s4, s4; add.f32 total0, total0, s4;
        fma.rn.f32 s5, s5, %0, shift; ex2.approx.ftz.f32 s5, s5; add.f32 total0, total0, s5;
        fma.rn.f32 s8, s8, %0, shift; ex2.approx.ftz.f32 s8, s8; add.f32 total0, total0, s8;
        fma.rn.f32 s9, s9, %0, shift; ex2.approx.ftz.f32 s9, s9; add.f32 total0, total0, s9;
        fma.rn.f32 s12, s12, %0, shift; ex2.approx.ftz.f32 s12, s12; add.f32 total0, total0, s12;
        fma.rn.f32 s13, s13, %0, shift; ex2.approx.ftz.f32 s13, s13; add.f32 total0, total0, s13;
        mul.f32 y0, y0, factor; mul.f32 y1, y1, factor; mul.f32 y4, y4, factor; mul.f32 y5, y5, factor;
        mul.f32 y8, y8, factor; mul.f32 y9, y9, factor; mul.f32 y12, y12, factor; mul.f32 y13, y13, factor;
        mul.f32 y16, y16, factor; mul.f32 y17, y17, factor; mul.f32 y20, y20, factor; mul.f32 y21, y21, factor;
        mul.f32 y24, y24, factor; mul.f32 y25, y25, factor; mul.f32 y28, y28, factor; mul.f32 y29, y29, factor;
        mul.f32 y32, y32, factor; mul.f32 y33, y33, factor; mul.f32 y36, y36, factor; mul.f32 y37, y37, factor;
        max.f32 now, s2, s3; max.f32 now, now, s6; max.f32 now, now, s7; max.f32 now, now, s10; max.f32 now, now, s11; max.f32 now, now, s14; max.f32 now, now, s15;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top1; sub.f32 factor, top1, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top1, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total1, total1, factor;
        fma.rn.f32 s2, s2, %0, shift; ex2.approx.ftz.f32 s2, s2; add.f32 total1, total1, s2;
        fma.rn.f32 s3, s3, %0, shift; ex2.approx.ftz.f32 s3, s3; add.f32 total1, total1, s3;
        fma.rn.f32 s6, s6, %0, shift; ex2.approx.ftz.f32 s6, s6; add.f32 total1, total1, s6;
        fma.rn.f32 s7, s7, %0, shift; ex2.approx.ftz.f32 s7, s7; add.f32 total1, total1, s7;
        fma.rn.f32 s10, s10, %0, shift; ex2.approx.ftz.f32 s10, s10; add.f32 total1, total1, s10;
        fma.rn.f32 s11, s11, %0, shift; ex2.approx.ftz.f32 s11, s11; add.f32 total1, total1, s11;
        fma.rn.f32 s14, s14, %0, shift; ex2.approx.ftz.f32 s14, s14; add.f32 total1, total1, s14;
        fma.rn.f32 s15, s15, %0, shift; ex2.approx.ftz.f32 s15, s15; add.f32 total1, total1, s15;
        mul.f32 y2, y2, factor; mul.f32 y3, y3, factor; mul.f32 y6, y6, factor; mul.f32 y7, y7, factor;
        mul.f32 y10, y10, factor; mul.f32 y11, y11, factor; mul.f32 y14, y14, factor; mul.f32 y15, y15, factor;
        mul.f32 y18, y18, factor; mul.f32 y19, y19, factor; mul.f32 y22, y22, factor; mul.f32 y23, y23, factor;
        mul.f32 y26, y26, factor; mul.f32 y27, y27, factor; mul.f32 y30, y30, factor; mul.f32 y31, y31, factor;
        mul.f32 y34, y34, factor; mul.f32 y35, y35, factor; mul.f32 y38, y38, factor; mul.f32 y39, y39, factor;
        }
        """, scale);

    public static void Values(int values) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.f16x2.f32 a0, s1, s0;
        cvt.rn.f16x2.f32 a1, s3, s2;
        cvt.rn.f16x2.f32 a2, s5, s4;
        cvt.rn.f16x2.f32 a3, s7, s6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y20, y21, y22, y23}, {a0, a1, a2, a3}, {b2, b3}, {y20, y21, y22, y23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y24, y25, y26, y27}, {a0, a1, a2, a3}, {b0, b1}, {y24, y25, y26, y27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y28, y29, y30, y31}, {a0, a1, a2, a3}, {b2, b3}, {y28, y29, y30, y31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y32, y33, y34, y35}, {a0, a1, a2, a3}, {b0, b1}, {y32, y33, y34, y35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y36, y37, y38, y39}, {a0, a1, a2, a3}, {b2, b3}, {y36, y37, y38, y39};
        cvt.rn.f16x2.f32 a0, s9, s8;
        cvt.rn.f16x2.f32 a1, s11, s10;
        cvt.rn.f16x2.f32 a2, s13, s12;
        cvt.rn.f16x2.f32 a3, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y20, y21, y22, y23}, {a0, a1, a2, a3}, {b2, b3}, {y20, y21, y22, y23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y24, y25, y26, y27}, {a0, a1, a2, a3}, {b0, b1}, {y24, y25, y26, y27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y28, y29, y30, y31}, {a0, a1, a2, a3}, {b2, b3}, {y28, y29, y30, y31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y32, y33, y34, y35}, {a0, a1, a2, a3}, {b0, b1}, {y32, y33, y34, y35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y36, y37, y38, y39}, {a0, a1, a2, a3}, {b2, b3}, {y36, y37, y38, y39};
        }
        """, values);

    public static void Finish(long lse, int rows, float scale) => CudaAsm.Emit("""
        { .reg .f32 other, log; .reg .pred has;
        shfl.sync.bfly.b32 other, total0, 1, 31, 4294967295; add.f32 total0, total0, other;
        shfl.sync.bfly.b32 other, total0, 2, 31, 4294967295; add.f32 total0, total0, other;
        lg2.approx.f32 log, total0; fma.rn.f32 log, top0, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 0; @has st.global.f32 [%0+0], log; rcp.rn.f32 total0, total0;
        shfl.sync.bfly.b32 other, total1, 1, 31, 4294967295; add.f32 total1, total1, other;
        shfl.sync.bfly.b32 other, total1, 2, 31, 4294967295; add.f32 total1, total1, other;
        lg2.approx.f32 log, total1; fma.rn.f32 log, top1, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 8; @has st.global.f32 [%0+32], log; rcp.rn.f32 total1, total1;
        }
        """, lse, rows, scale);

    public static void Store(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, y0, total0; mul.f32 high, y1, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, y4, total0; mul.f32 high, y5, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, y8, total0; mul.f32 high, y9, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, y12, total0; mul.f32 high, y13, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, y16, total0; mul.f32 high, y17, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, y20, total0; mul.f32 high, y21, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, y24, total0; mul.f32 high, y25, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+96], pair;
        mul.f32 low, y28, total0; mul.f32 high, y29, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+96], pair;
        mul.f32 low, y32, total0; mul.f32 high, y33, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, y36, total0; mul.f32 high, y37, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, y2, total1; mul.f32 high, y3, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1280], pair;
        mul.f32 low, y6, total1; mul.f32 high, y7, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1280], pair;
        mul.f32 low, y10, total1; mul.f32 high, y11, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1312], pair;
        mul.f32 low, y14, total1; mul.f32 high, y15, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1312], pair;
        mul.f32 low, y18, total1; mul.f32 high, y19, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1344], pair;
        mul.f32 low, y22, total1; mul.f32 high, y23, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1344], pair;
        mul.f32 low, y26, total1; mul.f32 high, y27, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1376], pair;
        mul.f32 low, y30, total1; mul.f32 high, y31, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1376], pair;
        mul.f32 low, y34, total1; mul.f32 high, y35, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1408], pair;
        mul.f32 low, y38, total1; mul.f32 high, y39, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1408], pair;
        }
        """, at);
}

/// <summary>y of heads up to 160, bf16: 64 queries against blocks of 32 keys, 2 stages.</summary>
//          32 of a block's 32 keys             160 columns of y
//      +----------------------------------+----------------------------------+
// w0   | s0..15, 4 parts of 16x8          | y0..79, 20 parts of 16x8         | queries 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct Forward160BF16 : ITensorCoreForwardTile
{
    public static int Chunks => 20;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 32;

    public static int Stages => 2;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<5>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<16>;
        .reg .f32 top<2>, total<2>;
        mov.f32 top0, 0fFF800000; mov.f32 total0, 0f00000000;
        mov.f32 top1, 0fFF800000; mov.f32 total1, 0f00000000;
        .reg .f32 y<80>;
        mov.f32 y0, 0f00000000; mov.f32 y1, 0f00000000; mov.f32 y2, 0f00000000; mov.f32 y3, 0f00000000;
        mov.f32 y4, 0f00000000; mov.f32 y5, 0f00000000; mov.f32 y6, 0f00000000; mov.f32 y7, 0f00000000;
        mov.f32 y8, 0f00000000; mov.f32 y9, 0f00000000; mov.f32 y10, 0f00000000; mov.f32 y11, 0f00000000;
        mov.f32 y12, 0f00000000; mov.f32 y13, 0f00000000; mov.f32 y14, 0f00000000; mov.f32 y15, 0f00000000;
        mov.f32 y16, 0f00000000; mov.f32 y17, 0f00000000; mov.f32 y18, 0f00000000; mov.f32 y19, 0f00000000;
        mov.f32 y20, 0f00000000; mov.f32 y21, 0f00000000; mov.f32 y22, 0f00000000; mov.f32 y23, 0f00000000;
        mov.f32 y24, 0f00000000; mov.f32 y25, 0f00000000; mov.f32 y26, 0f00000000; mov.f32 y27, 0f00000000;
        mov.f32 y28, 0f00000000; mov.f32 y29, 0f00000000; mov.f32 y30, 0f00000000; mov.f32 y31, 0f00000000;
        mov.f32 y32, 0f00000000; mov.f32 y33, 0f00000000; mov.f32 y34, 0f00000000; mov.f32 y35, 0f00000000;
        mov.f32 y36, 0f00000000; mov.f32 y37, 0f00000000; mov.f32 y38, 0f00000000; mov.f32 y39, 0f00000000;
        mov.f32 y40, 0f00000000; mov.f32 y41, 0f00000000; mov.f32 y42, 0f00000000; mov.f32 y43, 0f00000000;
        mov.f32 y44, 0f00000000; mov.f32 y45, 0f00000000; mov.f32 y46, 0f00000000; mov.f32 y47, 0f00000000;
        mov.f32 y48, 0f00000000; mov.f32 y49, 0f00000000; mov.f32 y50, 0f00000000; mov.f32 y51, 0f00000000;
        mov.f32 y52, 0f00000000; mov.f32 y53, 0f00000000; mov.f32 y54, 0f00000000; mov.f32 y55, 0f00000000;
        mov.f32 y56, 0f00000000; mov.f32 y57, 0f00000000; mov.f32 y58, 0f00000000; mov.f32 y59, 0f00000000;
        mov.f32 y60, 0f00000000; mov.f32 y61, 0f00000000; mov.f32 y62, 0f00000000; mov.f32 y63, 0f00000000;
        mov.f32 y64, 0f00000000; mov.f32 y65, 0f00000000; mov.f32 y66, 0f00000000; mov.f32 y67, 0f00000000;
        mov.f32 y68, 0f00000000; mov.f32 y69, 0f00000000; mov.f32 y70, 0f00000000; mov.f32 y71, 0f00000000;
        mov.f32 y72, 0f00000000; mov.f32 y73, 0f00000000; mov.f32 y74, 0f00000000; mov.f32 y75, 0f00000000;
        mov.f32 y76, 0f00000000; mov.f32 y77, 0f00000000; mov.f32 y78, 0f00000000; mov.f32 y79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        setp.gt.s32 exists3, %3, 12;
        setp.gt.s32 exists4, %3, 16;
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        selp.b32 count, all, 0, exists3; cp.async.cg.shared.global.L2::128B [to+192], [from+192], 16, count;
        selp.b32 count, all, 0, exists4; cp.async.cg.shared.global.L2::128B [to+256], [from+256], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at2+256];
        }
        """, at);

    public static void AwaitOwn() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void Scores(int keys) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first20, first21, first22, first23}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first20, first21, first22, first23}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first24, first25, first26, first27}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first24, first25, first26, first27}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first24, first25, first26, first27}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first24, first25, first26, first27}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first28, first29, first30, first31}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first28, first29, first30, first31}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first28, first29, first30, first31}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first28, first29, first30, first31}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first32, first33, first34, first35}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first32, first33, first34, first35}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first32, first33, first34, first35}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first32, first33, first34, first35}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first36, first37, first38, first39}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first36, first37, first38, first39}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first36, first37, first38, first39}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first36, first37, first38, first39}, {b2, b3}, {s12, s13, s14, s15};
        }
        """, keys);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s13, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s15, 0fFF800000;
        }
        """, keys, ahead);

    public static void Exponentials(float scale) => CudaAsm.Emit("""
        { .reg .f32 now, other, factor, shift;
        max.f32 now, s0, s1; max.f32 now, now, s4; max.f32 now, now, s5; max.f32 now, now, s8; max.f32 now, now, s9; max.f32 now, now, s12; max.f32 now, now, s13;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top0; sub.f32 factor, top0, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top0, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total0, total0, factor;
        fma.rn.f32 s0, s0, %0, shift; ex2.approx.ftz.f32 s0, s0; add.f32 total0, total0, s0;
        fma.rn.f32 s1, s1, %0, shift; ex2.approx.ftz.f32 s1, s1; add.f32 total0, total0, s1;
        fma.rn.f32 s4, s4, %0, shift; ex2.approx.ftz.f32 s4, s4; add.f32 total0, total0, s4;
        fma.rn.f32 s5, s5, %0, shift; ex2.approx.ftz.f32 s5, s5; add.f32 total0, total0, s5;
        fma.rn.f32 s8, s8, %0, shift; ex2.approx.ftz.f32 s8, s8; add.f32 total0, total0, s8;
        fma.rn.f32 s9, s9, %0, shift; ex2.approx.ftz.f32 s9, s9; add.f32 total0, total0, s9;
        fma.rn.f32 s12, s12, %0, shift; ex2.approx.ftz.f32 s12, s12; add.f32 total0, total0, s12;
        fma.rn.f32 s13, s13, %0, shift; ex2.approx.ftz.f32 s13, s13; add.f32 total0, total0, s13;
        mul.f32 y0, y0, factor; mul.f32 y1, y1, factor; mul.f32 y4, y4, factor; mul.f32 y5, y5, factor;
        mul.f32 y8, y8, factor; mul.f32 y9, y9, factor; mul.f32 y12, y12, factor; mul.f32 y13, y13, factor;
        mul.f32 y16, y16, factor; mul.f32 y17, y17, factor; mul.f32 y20, y20, factor; mul.f32 y21, y21, factor;
        mul.f32 y24, y24, factor; mul.f32 y25, y25, factor; mul.f32 y28, y28, factor; mul.f32 y29, y29, factor;
        mul.f32 y32, y32, factor; mul.f32 y33, y33, factor; mul.f32 y36, y36, factor; mul.f32 y37, y37, factor;
        mul.f32 y40, y40, factor; mul.f32 y41, y41, factor; mul.f32 y44, y44, factor; mul.f32 y45, y45, factor;
        mul.f32 y48, y48, factor; mul.f32 y49, y49, factor; mul.f32 y52, y52, factor; mul.f32 y53, y53, factor;
        mul.f32 y56, y56, factor; mul.f32 y57, y57, factor; mul.f32 y60, y60, factor; mul.f32 y61, y61, factor;
        mul.f32 y64, y64, factor; mul.f32 y65, y65, factor; mul.f32 y68, y68, factor; mul.f32 y69, y69, factor;
        mul.f32 y72, y72, factor; mul.f32 y73, y73, factor; mul.f32 y76, y76, factor; mul.f32 y77, y77, factor;
        max.f32 now, s2, s3; max.f32 now, now, s6; max.f32 now, now, s7; max.f32 now, now, s10; max.f32 now, now, s11; max.f32 now, now, s14; max.f32 now, now, s15;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top1; sub.f32 factor, top1, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top1, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total1, total1, factor;
        fma.rn.f32 s2, s2, %0, shift; ex2.approx.ftz.f32 s2, s2; add.f32 total1, total1, s2;
        fma.rn.f32 s3, s3, %0, shift; ex2.approx.ftz.f32 s3, s3; add.f32 total1, total1, s3;
        fma.rn.f32 s6, s6, %0, shift; ex2.approx.ftz.f32 s6, s6; add.f32 total1, total1, s6;
        fma.rn.f32 s7, s7, %0, shift; ex2.approx.ftz.f32 s7, s7; add.f32 total1, total1, s7;
        fma.rn.f32 s10, s10, %0, shift; ex2.approx.ftz.f32 s10, s10; add.f32 total1, total1, s10;
        fma.rn.f32 s11, s11, %0, shift; ex2.approx.ftz.f32 s11, s11; add.f32 total1, total1, s11;
        fma.rn.f32 s14, s14, %0, shift; ex2.approx.ftz.f32 s14, s14; add.f32 total1, total1, s14;
        fma.rn.f32 s15, s15, %0, shift; ex2.approx.ftz.f32 s15, s15; add.f32 total1, total1, s15;
        mul.f32 y2, y2, factor; mul.f32 y3, y3, factor; mul.f32 y6, y6, factor; mul.f32 y7, y7, factor;
        mul.f32 y10, y10, factor; mul.f32 y11, y11, factor; mul.f32 y14, y14, factor; mul.f32 y15, y15, factor;
        mul.f32 y18, y18, factor; mul.f32 y19, y19, factor; mul.f32 y22, y22, factor; mul.f32 y23, y23, factor;
        mul.f32 y26, y26, factor; mul.f32 y27, y27, factor; mul.f32 y30, y30, factor; mul.f32 y31, y31, factor;
        mul.f32 y34, y34, factor; mul.f32 y35, y35, factor; mul.f32 y38, y38, factor; mul.f32 y39, y39, factor;
        mul.f32 y42, y42, factor; mul.f32 y43, y43, factor; mul.f32 y46, y46, factor; mul.f32 y47, y47, factor;
        mul.f32 y50, y50, factor; mul.f32 y51, y51, factor; mul.f32 y54, y54, factor; mul.f32 y55, y55, factor;
        mul.f32 y58, y58, factor; mul.f32 y59, y59, factor; mul.f32 y62, y62, factor; mul.f32 y63, y63, factor;
        mul.f32 y66, y66, factor; mul.f32 y67, y67, factor; mul.f32 y70, y70, factor; mul.f32 y71, y71, factor;
        mul.f32 y74, y74, factor; mul.f32 y75, y75, factor; mul.f32 y78, y78, factor; mul.f32 y79, y79, factor;
        }
        """, scale);

    public static void Values(int values) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atRowsFirst, 32; add.u32 at2, at2, to;
        cvt.rn.bf16x2.f32 a0, s1, s0;
        cvt.rn.bf16x2.f32 a1, s3, s2;
        cvt.rn.bf16x2.f32 a2, s5, s4;
        cvt.rn.bf16x2.f32 a3, s7, s6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y20, y21, y22, y23}, {a0, a1, a2, a3}, {b2, b3}, {y20, y21, y22, y23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y24, y25, y26, y27}, {a0, a1, a2, a3}, {b0, b1}, {y24, y25, y26, y27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y28, y29, y30, y31}, {a0, a1, a2, a3}, {b2, b3}, {y28, y29, y30, y31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y32, y33, y34, y35}, {a0, a1, a2, a3}, {b0, b1}, {y32, y33, y34, y35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y36, y37, y38, y39}, {a0, a1, a2, a3}, {b2, b3}, {y36, y37, y38, y39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y40, y41, y42, y43}, {a0, a1, a2, a3}, {b0, b1}, {y40, y41, y42, y43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y44, y45, y46, y47}, {a0, a1, a2, a3}, {b2, b3}, {y44, y45, y46, y47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y48, y49, y50, y51}, {a0, a1, a2, a3}, {b0, b1}, {y48, y49, y50, y51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y52, y53, y54, y55}, {a0, a1, a2, a3}, {b2, b3}, {y52, y53, y54, y55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y56, y57, y58, y59}, {a0, a1, a2, a3}, {b0, b1}, {y56, y57, y58, y59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y60, y61, y62, y63}, {a0, a1, a2, a3}, {b2, b3}, {y60, y61, y62, y63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y64, y65, y66, y67}, {a0, a1, a2, a3}, {b0, b1}, {y64, y65, y66, y67};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y68, y69, y70, y71}, {a0, a1, a2, a3}, {b2, b3}, {y68, y69, y70, y71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y72, y73, y74, y75}, {a0, a1, a2, a3}, {b0, b1}, {y72, y73, y74, y75};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y76, y77, y78, y79}, {a0, a1, a2, a3}, {b2, b3}, {y76, y77, y78, y79};
        cvt.rn.bf16x2.f32 a0, s9, s8;
        cvt.rn.bf16x2.f32 a1, s11, s10;
        cvt.rn.bf16x2.f32 a2, s13, s12;
        cvt.rn.bf16x2.f32 a3, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y20, y21, y22, y23}, {a0, a1, a2, a3}, {b2, b3}, {y20, y21, y22, y23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y24, y25, y26, y27}, {a0, a1, a2, a3}, {b0, b1}, {y24, y25, y26, y27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y28, y29, y30, y31}, {a0, a1, a2, a3}, {b2, b3}, {y28, y29, y30, y31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y32, y33, y34, y35}, {a0, a1, a2, a3}, {b0, b1}, {y32, y33, y34, y35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y36, y37, y38, y39}, {a0, a1, a2, a3}, {b2, b3}, {y36, y37, y38, y39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y40, y41, y42, y43}, {a0, a1, a2, a3}, {b0, b1}, {y40, y41, y42, y43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y44, y45, y46, y47}, {a0, a1, a2, a3}, {b2, b3}, {y44, y45, y46, y47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y48, y49, y50, y51}, {a0, a1, a2, a3}, {b0, b1}, {y48, y49, y50, y51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y52, y53, y54, y55}, {a0, a1, a2, a3}, {b2, b3}, {y52, y53, y54, y55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y56, y57, y58, y59}, {a0, a1, a2, a3}, {b0, b1}, {y56, y57, y58, y59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y60, y61, y62, y63}, {a0, a1, a2, a3}, {b2, b3}, {y60, y61, y62, y63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y64, y65, y66, y67}, {a0, a1, a2, a3}, {b0, b1}, {y64, y65, y66, y67};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y68, y69, y70, y71}, {a0, a1, a2, a3}, {b2, b3}, {y68, y69, y70, y71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y72, y73, y74, y75}, {a0, a1, a2, a3}, {b0, b1}, {y72, y73, y74, y75};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {y76, y77, y78, y79}, {a0, a1, a2, a3}, {b2, b3}, {y76, y77, y78, y79};
        }
        """, values);

    public static void Finish(long lse, int rows, float scale) => CudaAsm.Emit("""
        { .reg .f32 other, log; .reg .pred has;
        shfl.sync.bfly.b32 other, total0, 1, 31, 4294967295; add.f32 total0, total0, other;
        shfl.sync.bfly.b32 other, total0, 2, 31, 4294967295; add.f32 total0, total0, other;
        lg2.approx.f32 log, total0; fma.rn.f32 log, top0, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 0; @has st.global.f32 [%0+0], log; rcp.rn.f32 total0, total0;
        shfl.sync.bfly.b32 other, total1, 1, 31, 4294967295; add.f32 total1, total1, other;
        shfl.sync.bfly.b32 other, total1, 2, 31, 4294967295; add.f32 total1, total1, other;
        lg2.approx.f32 log, total1; fma.rn.f32 log, top1, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 8; @has st.global.f32 [%0+32], log; rcp.rn.f32 total1, total1;
        }
        """, lse, rows, scale);

    public static void Store(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, at2, at3, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        xor.b32 at3, %0, 48; add.u32 at3, at3, to;
        mul.f32 low, y0, total0; mul.f32 high, y1, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, y4, total0; mul.f32 high, y5, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, y8, total0; mul.f32 high, y9, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+0], pair;
        mul.f32 low, y12, total0; mul.f32 high, y13, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+0], pair;
        mul.f32 low, y16, total0; mul.f32 high, y17, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, y20, total0; mul.f32 high, y21, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, y24, total0; mul.f32 high, y25, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+64], pair;
        mul.f32 low, y28, total0; mul.f32 high, y29, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+64], pair;
        mul.f32 low, y32, total0; mul.f32 high, y33, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, y36, total0; mul.f32 high, y37, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, y40, total0; mul.f32 high, y41, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+128], pair;
        mul.f32 low, y44, total0; mul.f32 high, y45, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+128], pair;
        mul.f32 low, y48, total0; mul.f32 high, y49, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+192], pair;
        mul.f32 low, y52, total0; mul.f32 high, y53, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+192], pair;
        mul.f32 low, y56, total0; mul.f32 high, y57, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+192], pair;
        mul.f32 low, y60, total0; mul.f32 high, y61, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+192], pair;
        mul.f32 low, y64, total0; mul.f32 high, y65, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+256], pair;
        mul.f32 low, y68, total0; mul.f32 high, y69, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+256], pair;
        mul.f32 low, y72, total0; mul.f32 high, y73, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+256], pair;
        mul.f32 low, y76, total0; mul.f32 high, y77, total0; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+256], pair;
        mul.f32 low, y2, total1; mul.f32 high, y3, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2560], pair;
        mul.f32 low, y6, total1; mul.f32 high, y7, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2560], pair;
        mul.f32 low, y10, total1; mul.f32 high, y11, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2560], pair;
        mul.f32 low, y14, total1; mul.f32 high, y15, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2560], pair;
        mul.f32 low, y18, total1; mul.f32 high, y19, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2624], pair;
        mul.f32 low, y22, total1; mul.f32 high, y23, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2624], pair;
        mul.f32 low, y26, total1; mul.f32 high, y27, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2624], pair;
        mul.f32 low, y30, total1; mul.f32 high, y31, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2624], pair;
        mul.f32 low, y34, total1; mul.f32 high, y35, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2688], pair;
        mul.f32 low, y38, total1; mul.f32 high, y39, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2688], pair;
        mul.f32 low, y42, total1; mul.f32 high, y43, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2688], pair;
        mul.f32 low, y46, total1; mul.f32 high, y47, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2688], pair;
        mul.f32 low, y50, total1; mul.f32 high, y51, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2752], pair;
        mul.f32 low, y54, total1; mul.f32 high, y55, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2752], pair;
        mul.f32 low, y58, total1; mul.f32 high, y59, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2752], pair;
        mul.f32 low, y62, total1; mul.f32 high, y63, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2752], pair;
        mul.f32 low, y66, total1; mul.f32 high, y67, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2816], pair;
        mul.f32 low, y70, total1; mul.f32 high, y71, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2816], pair;
        mul.f32 low, y74, total1; mul.f32 high, y75, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2816], pair;
        mul.f32 low, y78, total1; mul.f32 high, y79, total1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2816], pair;
        }
        """, at);
}

/// <summary>y of heads up to 160, f16: 64 queries against blocks of 32 keys, 2 stages.</summary>
//          32 of a block's 32 keys             160 columns of y
//      +----------------------------------+----------------------------------+
// w0   | s0..15, 4 parts of 16x8          | y0..79, 20 parts of 16x8         | queries 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct Forward160F16 : ITensorCoreForwardTile
{
    public static int Chunks => 20;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 32;

    public static int Stages => 2;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<5>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<16>;
        .reg .f32 top<2>, total<2>;
        mov.f32 top0, 0fFF800000; mov.f32 total0, 0f00000000;
        mov.f32 top1, 0fFF800000; mov.f32 total1, 0f00000000;
        .reg .f32 y<80>;
        mov.f32 y0, 0f00000000; mov.f32 y1, 0f00000000; mov.f32 y2, 0f00000000; mov.f32 y3, 0f00000000;
        mov.f32 y4, 0f00000000; mov.f32 y5, 0f00000000; mov.f32 y6, 0f00000000; mov.f32 y7, 0f00000000;
        mov.f32 y8, 0f00000000; mov.f32 y9, 0f00000000; mov.f32 y10, 0f00000000; mov.f32 y11, 0f00000000;
        mov.f32 y12, 0f00000000; mov.f32 y13, 0f00000000; mov.f32 y14, 0f00000000; mov.f32 y15, 0f00000000;
        mov.f32 y16, 0f00000000; mov.f32 y17, 0f00000000; mov.f32 y18, 0f00000000; mov.f32 y19, 0f00000000;
        mov.f32 y20, 0f00000000; mov.f32 y21, 0f00000000; mov.f32 y22, 0f00000000; mov.f32 y23, 0f00000000;
        mov.f32 y24, 0f00000000; mov.f32 y25, 0f00000000; mov.f32 y26, 0f00000000; mov.f32 y27, 0f00000000;
        mov.f32 y28, 0f00000000; mov.f32 y29, 0f00000000; mov.f32 y30, 0f00000000; mov.f32 y31, 0f00000000;
        mov.f32 y32, 0f00000000; mov.f32 y33, 0f00000000; mov.f32 y34, 0f00000000; mov.f32 y35, 0f00000000;
        mov.f32 y36, 0f00000000; mov.f32 y37, 0f00000000; mov.f32 y38, 0f00000000; mov.f32 y39, 0f00000000;
        mov.f32 y40, 0f00000000; mov.f32 y41, 0f00000000; mov.f32 y42, 0f00000000; mov.f32 y43, 0f00000000;
        mov.f32 y44, 0f00000000; mov.f32 y45, 0f00000000; mov.f32 y46, 0f00000000; mov.f32 y47, 0f00000000;
        mov.f32 y48, 0f00000000; mov.f32 y49, 0f00000000; mov.f32 y50, 0f00000000; mov.f32 y51, 0f00000000;
        mov.f32 y52, 0f00000000; mov.f32 y53, 0f00000000; mov.f32 y54, 0f00000000; mov.f32 y55, 0f00000000;
        mov.f32 y56, 0f00000000; mov.f32 y57, 0f00000000; mov.f32 y58, 0f00000000; mov.f32 y59, 0f00000000;
        mov.f32 y60, 0f00000000; mov.f32 y61, 0f00000000; mov.f32 y62, 0f00000000; mov.f32 y63, 0f00000000;
        mov.f32 y64, 0f00000000; mov.f32 y65, 0f00000000; mov.f32 y66, 0f00000000; mov.f32 y67, 0f00000000;
        mov.f32 y68, 0f00000000; mov.f32 y69, 0f00000000; mov.f32 y70, 0f00000000; mov.f32 y71, 0f00000000;
        mov.f32 y72, 0f00000000; mov.f32 y73, 0f00000000; mov.f32 y74, 0f00000000; mov.f32 y75, 0f00000000;
        mov.f32 y76, 0f00000000; mov.f32 y77, 0f00000000; mov.f32 y78, 0f00000000; mov.f32 y79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        setp.gt.s32 exists3, %3, 12;
        setp.gt.s32 exists4, %3, 16;
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        selp.b32 count, all, 0, exists3; cp.async.cg.shared.global.L2::128B [to+192], [from+192], 16, count;
        selp.b32 count, all, 0, exists4; cp.async.cg.shared.global.L2::128B [to+256], [from+256], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at2+256];
        }
        """, at);

    public static void AwaitOwn() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void Scores(int keys) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first20, first21, first22, first23}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first20, first21, first22, first23}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first24, first25, first26, first27}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first24, first25, first26, first27}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first24, first25, first26, first27}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first24, first25, first26, first27}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first28, first29, first30, first31}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first28, first29, first30, first31}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first28, first29, first30, first31}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first28, first29, first30, first31}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first32, first33, first34, first35}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first32, first33, first34, first35}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first32, first33, first34, first35}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first32, first33, first34, first35}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first36, first37, first38, first39}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first36, first37, first38, first39}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first36, first37, first38, first39}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first36, first37, first38, first39}, {b2, b3}, {s12, s13, s14, s15};
        }
        """, keys);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s13, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.gt.s32 seen, end, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 25; @!seen mov.f32 s15, 0fFF800000;
        }
        """, keys, ahead);

    public static void Exponentials(float scale) => CudaAsm.Emit("""
        { .reg .f32 now, other, factor, shift;
        max.f32 now, s0, s1; max.f32 now, now, s4; max.f32 now, now, s5; max.f32 now, now, s8; max.f32 now, now, s9; max.f32 now, now, s12; max.f32 now, now, s13;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top0; sub.f32 factor, top0, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top0, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total0, total0, factor;
        fma.rn.f32 s0, s0, %0, shift; ex2.approx.ftz.f32 s0, s0; add.f32 total0, total0, s0;
        fma.rn.f32 s1, s1, %0, shift; ex2.approx.ftz.f32 s1, s1; add.f32 total0, total0, s1;
        fma.rn.f32 s4, s4, %0, shift; ex2.approx.ftz.f32 s4, s4; add.f32 total0, total0, s4;
        fma.rn.f32 s5, s5, %0, shift; ex2.approx.ftz.f32 s5, s5; add.f32 total0, total0, s5;
        fma.rn.f32 s8, s8, %0, shift; ex2.approx.ftz.f32 s8, s8; add.f32 total0, total0, s8;
        fma.rn.f32 s9, s9, %0, shift; ex2.approx.ftz.f32 s9, s9; add.f32 total0, total0, s9;
        fma.rn.f32 s12, s12, %0, shift; ex2.approx.ftz.f32 s12, s12; add.f32 total0, total0, s12;
        fma.rn.f32 s13, s13, %0, shift; ex2.approx.ftz.f32 s13, s13; add.f32 total0, total0, s13;
        mul.f32 y0, y0, factor; mul.f32 y1, y1, factor; mul.f32 y4, y4, factor; mul.f32 y5, y5, factor;
        mul.f32 y8, y8, factor; mul.f32 y9, y9, factor; mul.f32 y12, y12, factor; mul.f32 y13, y13, factor;
        mul.f32 y16, y16, factor; mul.f32 y17, y17, factor; mul.f32 y20, y20, factor; mul.f32 y21, y21, factor;
        mul.f32 y24, y24, factor; mul.f32 y25, y25, factor; mul.f32 y28, y28, factor; mul.f32 y29, y29, factor;
        mul.f32 y32, y32, factor; mul.f32 y33, y33, factor; mul.f32 y36, y36, factor; mul.f32 y37, y37, factor;
        mul.f32 y40, y40, factor; mul.f32 y41, y41, factor; mul.f32 y44, y44, factor; mul.f32 y45, y45, factor;
        mul.f32 y48, y48, factor; mul.f32 y49, y49, factor; mul.f32 y52, y52, factor; mul.f32 y53, y53, factor;
        mul.f32 y56, y56, factor; mul.f32 y57, y57, factor; mul.f32 y60, y60, factor; mul.f32 y61, y61, factor;
        mul.f32 y64, y64, factor; mul.f32 y65, y65, factor; mul.f32 y68, y68, factor; mul.f32 y69, y69, factor;
        mul.f32 y72, y72, factor; mul.f32 y73, y73, factor; mul.f32 y76, y76, factor; mul.f32 y77, y77, factor;
        max.f32 now, s2, s3; max.f32 now, now, s6; max.f32 now, now, s7; max.f32 now, now, s10; max.f32 now, now, s11; max.f32 now, now, s14; max.f32 now, now, s15;
        shfl.sync.bfly.b32 other, now, 1, 31, 4294967295; max.f32 now, now, other;
        shfl.sync.bfly.b32 other, now, 2, 31, 4294967295; max.f32 now, now, other;
        max.f32 now, now, top1; sub.f32 factor, top1, now; mul.f32 factor, factor, %0; ex2.approx.ftz.f32 factor, factor; mov.f32 top1, now;
        mul.f32 shift, now, %0; neg.f32 shift, shift; mul.f32 total1, total1, factor;
        fma.rn.f32 s2, s2, %0, shift; ex2.approx.ftz.f32 s2, s2; add.f32 total1, total1, s2;
        fma.rn.f32 s3, s3, %0, shift; ex2.approx.ftz.f32 s3, s3; add.f32 total1, total1, s3;
        fma.rn.f32 s6, s6, %0, shift; ex2.approx.ftz.f32 s6, s6; add.f32 total1, total1, s6;
        fma.rn.f32 s7, s7, %0, shift; ex2.approx.ftz.f32 s7, s7; add.f32 total1, total1, s7;
        fma.rn.f32 s10, s10, %0, shift; ex2.approx.ftz.f32 s10, s10; add.f32 total1, total1, s10;
        fma.rn.f32 s11, s11, %0, shift; ex2.approx.ftz.f32 s11, s11; add.f32 total1, total1, s11;
        fma.rn.f32 s14, s14, %0, shift; ex2.approx.ftz.f32 s14, s14; add.f32 total1, total1, s14;
        fma.rn.f32 s15, s15, %0, shift; ex2.approx.ftz.f32 s15, s15; add.f32 total1, total1, s15;
        mul.f32 y2, y2, factor; mul.f32 y3, y3, factor; mul.f32 y6, y6, factor; mul.f32 y7, y7, factor;
        mul.f32 y10, y10, factor; mul.f32 y11, y11, factor; mul.f32 y14, y14, factor; mul.f32 y15, y15, factor;
        mul.f32 y18, y18, factor; mul.f32 y19, y19, factor; mul.f32 y22, y22, factor; mul.f32 y23, y23, factor;
        mul.f32 y26, y26, factor; mul.f32 y27, y27, factor; mul.f32 y30, y30, factor; mul.f32 y31, y31, factor;
        mul.f32 y34, y34, factor; mul.f32 y35, y35, factor; mul.f32 y38, y38, factor; mul.f32 y39, y39, factor;
        mul.f32 y42, y42, factor; mul.f32 y43, y43, factor; mul.f32 y46, y46, factor; mul.f32 y47, y47, factor;
        mul.f32 y50, y50, factor; mul.f32 y51, y51, factor; mul.f32 y54, y54, factor; mul.f32 y55, y55, factor;
        mul.f32 y58, y58, factor; mul.f32 y59, y59, factor; mul.f32 y62, y62, factor; mul.f32 y63, y63, factor;
        mul.f32 y66, y66, factor; mul.f32 y67, y67, factor; mul.f32 y70, y70, factor; mul.f32 y71, y71, factor;
        mul.f32 y74, y74, factor; mul.f32 y75, y75, factor; mul.f32 y78, y78, factor; mul.f32 y79, y79, factor;
        }
        """, scale);

    public static void Values(int values) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atRowsFirst, 32; add.u32 at2, at2, to;
        cvt.rn.f16x2.f32 a0, s1, s0;
        cvt.rn.f16x2.f32 a1, s3, s2;
        cvt.rn.f16x2.f32 a2, s5, s4;
        cvt.rn.f16x2.f32 a3, s7, s6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y20, y21, y22, y23}, {a0, a1, a2, a3}, {b2, b3}, {y20, y21, y22, y23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y24, y25, y26, y27}, {a0, a1, a2, a3}, {b0, b1}, {y24, y25, y26, y27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y28, y29, y30, y31}, {a0, a1, a2, a3}, {b2, b3}, {y28, y29, y30, y31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y32, y33, y34, y35}, {a0, a1, a2, a3}, {b0, b1}, {y32, y33, y34, y35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y36, y37, y38, y39}, {a0, a1, a2, a3}, {b2, b3}, {y36, y37, y38, y39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y40, y41, y42, y43}, {a0, a1, a2, a3}, {b0, b1}, {y40, y41, y42, y43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y44, y45, y46, y47}, {a0, a1, a2, a3}, {b2, b3}, {y44, y45, y46, y47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y48, y49, y50, y51}, {a0, a1, a2, a3}, {b0, b1}, {y48, y49, y50, y51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y52, y53, y54, y55}, {a0, a1, a2, a3}, {b2, b3}, {y52, y53, y54, y55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y56, y57, y58, y59}, {a0, a1, a2, a3}, {b0, b1}, {y56, y57, y58, y59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y60, y61, y62, y63}, {a0, a1, a2, a3}, {b2, b3}, {y60, y61, y62, y63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y64, y65, y66, y67}, {a0, a1, a2, a3}, {b0, b1}, {y64, y65, y66, y67};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y68, y69, y70, y71}, {a0, a1, a2, a3}, {b2, b3}, {y68, y69, y70, y71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y72, y73, y74, y75}, {a0, a1, a2, a3}, {b0, b1}, {y72, y73, y74, y75};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y76, y77, y78, y79}, {a0, a1, a2, a3}, {b2, b3}, {y76, y77, y78, y79};
        cvt.rn.f16x2.f32 a0, s9, s8;
        cvt.rn.f16x2.f32 a1, s11, s10;
        cvt.rn.f16x2.f32 a2, s13, s12;
        cvt.rn.f16x2.f32 a3, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y0, y1, y2, y3}, {a0, a1, a2, a3}, {b0, b1}, {y0, y1, y2, y3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y4, y5, y6, y7}, {a0, a1, a2, a3}, {b2, b3}, {y4, y5, y6, y7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y8, y9, y10, y11}, {a0, a1, a2, a3}, {b0, b1}, {y8, y9, y10, y11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y12, y13, y14, y15}, {a0, a1, a2, a3}, {b2, b3}, {y12, y13, y14, y15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y16, y17, y18, y19}, {a0, a1, a2, a3}, {b0, b1}, {y16, y17, y18, y19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y20, y21, y22, y23}, {a0, a1, a2, a3}, {b2, b3}, {y20, y21, y22, y23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y24, y25, y26, y27}, {a0, a1, a2, a3}, {b0, b1}, {y24, y25, y26, y27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y28, y29, y30, y31}, {a0, a1, a2, a3}, {b2, b3}, {y28, y29, y30, y31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y32, y33, y34, y35}, {a0, a1, a2, a3}, {b0, b1}, {y32, y33, y34, y35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y36, y37, y38, y39}, {a0, a1, a2, a3}, {b2, b3}, {y36, y37, y38, y39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y40, y41, y42, y43}, {a0, a1, a2, a3}, {b0, b1}, {y40, y41, y42, y43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y44, y45, y46, y47}, {a0, a1, a2, a3}, {b2, b3}, {y44, y45, y46, y47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y48, y49, y50, y51}, {a0, a1, a2, a3}, {b0, b1}, {y48, y49, y50, y51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y52, y53, y54, y55}, {a0, a1, a2, a3}, {b2, b3}, {y52, y53, y54, y55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y56, y57, y58, y59}, {a0, a1, a2, a3}, {b0, b1}, {y56, y57, y58, y59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y60, y61, y62, y63}, {a0, a1, a2, a3}, {b2, b3}, {y60, y61, y62, y63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y64, y65, y66, y67}, {a0, a1, a2, a3}, {b0, b1}, {y64, y65, y66, y67};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y68, y69, y70, y71}, {a0, a1, a2, a3}, {b2, b3}, {y68, y69, y70, y71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y72, y73, y74, y75}, {a0, a1, a2, a3}, {b0, b1}, {y72, y73, y74, y75};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {y76, y77, y78, y79}, {a0, a1, a2, a3}, {b2, b3}, {y76, y77, y78, y79};
        }
        """, values);

    public static void Finish(long lse, int rows, float scale) => CudaAsm.Emit("""
        { .reg .f32 other, log; .reg .pred has;
        shfl.sync.bfly.b32 other, total0, 1, 31, 4294967295; add.f32 total0, total0, other;
        shfl.sync.bfly.b32 other, total0, 2, 31, 4294967295; add.f32 total0, total0, other;
        lg2.approx.f32 log, total0; fma.rn.f32 log, top0, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 0; @has st.global.f32 [%0+0], log; rcp.rn.f32 total0, total0;
        shfl.sync.bfly.b32 other, total1, 1, 31, 4294967295; add.f32 total1, total1, other;
        shfl.sync.bfly.b32 other, total1, 2, 31, 4294967295; add.f32 total1, total1, other;
        lg2.approx.f32 log, total1; fma.rn.f32 log, top1, %2, log; mul.f32 log, log, 0f3F317218;
        setp.gt.s32 has, %1, 8; @has st.global.f32 [%0+32], log; rcp.rn.f32 total1, total1;
        }
        """, lse, rows, scale);

    public static void Store(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, at2, at3, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        xor.b32 at3, %0, 48; add.u32 at3, at3, to;
        mul.f32 low, y0, total0; mul.f32 high, y1, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, y4, total0; mul.f32 high, y5, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, y8, total0; mul.f32 high, y9, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+0], pair;
        mul.f32 low, y12, total0; mul.f32 high, y13, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+0], pair;
        mul.f32 low, y16, total0; mul.f32 high, y17, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, y20, total0; mul.f32 high, y21, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, y24, total0; mul.f32 high, y25, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+64], pair;
        mul.f32 low, y28, total0; mul.f32 high, y29, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+64], pair;
        mul.f32 low, y32, total0; mul.f32 high, y33, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, y36, total0; mul.f32 high, y37, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, y40, total0; mul.f32 high, y41, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+128], pair;
        mul.f32 low, y44, total0; mul.f32 high, y45, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+128], pair;
        mul.f32 low, y48, total0; mul.f32 high, y49, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+192], pair;
        mul.f32 low, y52, total0; mul.f32 high, y53, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+192], pair;
        mul.f32 low, y56, total0; mul.f32 high, y57, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+192], pair;
        mul.f32 low, y60, total0; mul.f32 high, y61, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+192], pair;
        mul.f32 low, y64, total0; mul.f32 high, y65, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+256], pair;
        mul.f32 low, y68, total0; mul.f32 high, y69, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+256], pair;
        mul.f32 low, y72, total0; mul.f32 high, y73, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+256], pair;
        mul.f32 low, y76, total0; mul.f32 high, y77, total0; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+256], pair;
        mul.f32 low, y2, total1; mul.f32 high, y3, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2560], pair;
        mul.f32 low, y6, total1; mul.f32 high, y7, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2560], pair;
        mul.f32 low, y10, total1; mul.f32 high, y11, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2560], pair;
        mul.f32 low, y14, total1; mul.f32 high, y15, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2560], pair;
        mul.f32 low, y18, total1; mul.f32 high, y19, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2624], pair;
        mul.f32 low, y22, total1; mul.f32 high, y23, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2624], pair;
        mul.f32 low, y26, total1; mul.f32 high, y27, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2624], pair;
        mul.f32 low, y30, total1; mul.f32 high, y31, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2624], pair;
        mul.f32 low, y34, total1; mul.f32 high, y35, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2688], pair;
        mul.f32 low, y38, total1; mul.f32 high, y39, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2688], pair;
        mul.f32 low, y42, total1; mul.f32 high, y43, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2688], pair;
        mul.f32 low, y46, total1; mul.f32 high, y47, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2688], pair;
        mul.f32 low, y50, total1; mul.f32 high, y51, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2752], pair;
        mul.f32 low, y54, total1; mul.f32 high, y55, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2752], pair;
        mul.f32 low, y58, total1; mul.f32 high, y59, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2752], pair;
        mul.f32 low, y62, total1; mul.f32 high, y63, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2752], pair;
        mul.f32 low, y66, total1; mul.f32 high, y67, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2816], pair;
        mul.f32 low, y70, total1; mul.f32 high, y71, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2816], pair;
        mul.f32 low, y74, total1; mul.f32 high, y75, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2816], pair;
        mul.f32 low, y78, total1; mul.f32 high, y79, total1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2816], pair;
        }
        """, at);
}

/// <summary>dq of heads up to 40, bf16: 128 queries against blocks of 64 keys, 3 stages.</summary>
//          16 of a block's 64 keys             40 columns of dq
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dq0..19, 5 parts of 16x8         | queries 0..15
//      | s8..15, 2 parts of 16x8          | dq20..39, 5 parts of 16x8        | queries 16..31
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 32..63
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 64..95
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 96..127
//      +----------------------------------+----------------------------------+
internal readonly struct QueryGradient40BF16 : ITensorCoreQueryGradientTile
{
    public static int Chunks => 6;

    public static int OwnRows => 128;

    public static int OtherRows => 64;

    public static int Step => 16;

    public static int Stages => 3;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<2>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<24>;
        .reg .f32 s<16>;
        .reg .b32 second<24>; .reg .f32 g<16>;
        .reg .f32 lse<4>, delta<4>;
        .reg .f32 dq<40>;
        mov.f32 dq0, 0f00000000; mov.f32 dq1, 0f00000000; mov.f32 dq2, 0f00000000; mov.f32 dq3, 0f00000000;
        mov.f32 dq4, 0f00000000; mov.f32 dq5, 0f00000000; mov.f32 dq6, 0f00000000; mov.f32 dq7, 0f00000000;
        mov.f32 dq8, 0f00000000; mov.f32 dq9, 0f00000000; mov.f32 dq10, 0f00000000; mov.f32 dq11, 0f00000000;
        mov.f32 dq12, 0f00000000; mov.f32 dq13, 0f00000000; mov.f32 dq14, 0f00000000; mov.f32 dq15, 0f00000000;
        mov.f32 dq16, 0f00000000; mov.f32 dq17, 0f00000000; mov.f32 dq18, 0f00000000; mov.f32 dq19, 0f00000000;
        mov.f32 dq20, 0f00000000; mov.f32 dq21, 0f00000000; mov.f32 dq22, 0f00000000; mov.f32 dq23, 0f00000000;
        mov.f32 dq24, 0f00000000; mov.f32 dq25, 0f00000000; mov.f32 dq26, 0f00000000; mov.f32 dq27, 0f00000000;
        mov.f32 dq28, 0f00000000; mov.f32 dq29, 0f00000000; mov.f32 dq30, 0f00000000; mov.f32 dq31, 0f00000000;
        mov.f32 dq32, 0f00000000; mov.f32 dq33, 0f00000000; mov.f32 dq34, 0f00000000; mov.f32 dq35, 0f00000000;
        mov.f32 dq36, 0f00000000; mov.f32 dq37, 0f00000000; mov.f32 dq38, 0f00000000; mov.f32 dq39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, %3, 32; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+3072], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+3136], [from+64], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at0+1600];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at0+1600];
        }
        """, at);

    public static void LoadStatistics(long from, int rows) => CudaAsm.Emit("""
        { .reg .pred has;
        mov.f32 lse0, zero; mov.f32 delta0, zero; setp.gt.s32 has, %1, 0; @has ld.global.v2.f32 {lse0, delta0}, [%0+0]; neg.f32 lse0, lse0;
        mov.f32 lse1, zero; mov.f32 delta1, zero; setp.gt.s32 has, %1, 8; @has ld.global.v2.f32 {lse1, delta1}, [%0+64]; neg.f32 lse1, lse1;
        mov.f32 lse2, zero; mov.f32 delta2, zero; setp.gt.s32 has, %1, 16; @has ld.global.v2.f32 {lse2, delta2}, [%0+128]; neg.f32 lse2, lse2;
        mov.f32 lse3, zero; mov.f32 delta3, zero; setp.gt.s32 has, %1, 24; @has ld.global.v2.f32 {lse3, delta3}, [%0+192]; neg.f32 lse3, lse3;
        }
        """, from, rows);

    public static void Products(int keys, int values) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {s12, s13, s14, s15};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second12, second13, second14, second15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second12, second13, second14, second15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second16, second17, second18, second19}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second16, second17, second18, second19}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second20, second21, second22, second23}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second20, second21, second22, second23}, {b2, b3}, {g12, g13, g14, g15};
        }
        """, keys, values);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        add.s32 end, %1, 16; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s13, 0fFF800000;
        add.s32 end, %1, 24; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s15, 0fFF800000;
        }
        """, keys, ahead);

    public static void Gradients(float scale) => CudaAsm.Emit("""
        fma.rn.f32 s0, s0, %0, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %0, lse0; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta0; mul.f32 g1, g1, s1;
        fma.rn.f32 s4, s4, %0, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %0, lse0; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta0; mul.f32 g5, g5, s5;
        fma.rn.f32 s2, s2, %0, lse1; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta1; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %0, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        fma.rn.f32 s6, s6, %0, lse1; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta1; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %0, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        fma.rn.f32 s8, s8, %0, lse2; ex2.approx.ftz.f32 s8, s8; sub.f32 g8, g8, delta2; mul.f32 g8, g8, s8;
        fma.rn.f32 s9, s9, %0, lse2; ex2.approx.ftz.f32 s9, s9; sub.f32 g9, g9, delta2; mul.f32 g9, g9, s9;
        fma.rn.f32 s12, s12, %0, lse2; ex2.approx.ftz.f32 s12, s12; sub.f32 g12, g12, delta2; mul.f32 g12, g12, s12;
        fma.rn.f32 s13, s13, %0, lse2; ex2.approx.ftz.f32 s13, s13; sub.f32 g13, g13, delta2; mul.f32 g13, g13, s13;
        fma.rn.f32 s10, s10, %0, lse3; ex2.approx.ftz.f32 s10, s10; sub.f32 g10, g10, delta3; mul.f32 g10, g10, s10;
        fma.rn.f32 s11, s11, %0, lse3; ex2.approx.ftz.f32 s11, s11; sub.f32 g11, g11, delta3; mul.f32 g11, g11, s11;
        fma.rn.f32 s14, s14, %0, lse3; ex2.approx.ftz.f32 s14, s14; sub.f32 g14, g14, delta3; mul.f32 g14, g14, s14;
        fma.rn.f32 s15, s15, %0, lse3; ex2.approx.ftz.f32 s15, s15; sub.f32 g15, g15, delta3; mul.f32 g15, g15, s15;
        """, scale);

    public static void Accumulate(int keys) => CudaAsm.Emit("""
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.bf16x2.f32 a0, g1, g0;
        cvt.rn.bf16x2.f32 a1, g3, g2;
        cvt.rn.bf16x2.f32 a2, g5, g4;
        cvt.rn.bf16x2.f32 a3, g7, g6;
        cvt.rn.bf16x2.f32 a4, g9, g8;
        cvt.rn.bf16x2.f32 a5, g11, g10;
        cvt.rn.bf16x2.f32 a6, g13, g12;
        cvt.rn.bf16x2.f32 a7, g15, g14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq0, dq1, dq2, dq3}, {a0, a1, a2, a3}, {b0, b1}, {dq0, dq1, dq2, dq3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq4, dq5, dq6, dq7}, {a0, a1, a2, a3}, {b2, b3}, {dq4, dq5, dq6, dq7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq20, dq21, dq22, dq23}, {a4, a5, a6, a7}, {b0, b1}, {dq20, dq21, dq22, dq23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq24, dq25, dq26, dq27}, {a4, a5, a6, a7}, {b2, b3}, {dq24, dq25, dq26, dq27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq8, dq9, dq10, dq11}, {a0, a1, a2, a3}, {b0, b1}, {dq8, dq9, dq10, dq11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq12, dq13, dq14, dq15}, {a0, a1, a2, a3}, {b2, b3}, {dq12, dq13, dq14, dq15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq28, dq29, dq30, dq31}, {a4, a5, a6, a7}, {b0, b1}, {dq28, dq29, dq30, dq31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq32, dq33, dq34, dq35}, {a4, a5, a6, a7}, {b2, b3}, {dq32, dq33, dq34, dq35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq16, dq17, dq18, dq19}, {a0, a1, a2, a3}, {b0, b1}, {dq16, dq17, dq18, dq19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq36, dq37, dq38, dq39}, {a4, a5, a6, a7}, {b0, b1}, {dq36, dq37, dq38, dq39};
        }
        """, keys);

    public static void Store(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, dq0, %1; mul.f32 high, dq1, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dq4, %1; mul.f32 high, dq5, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dq8, %1; mul.f32 high, dq9, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, dq12, %1; mul.f32 high, dq13, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, dq16, %1; mul.f32 high, dq17, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dq2, %1; mul.f32 high, dq3, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+768], pair;
        mul.f32 low, dq6, %1; mul.f32 high, dq7, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+768], pair;
        mul.f32 low, dq10, %1; mul.f32 high, dq11, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+800], pair;
        mul.f32 low, dq14, %1; mul.f32 high, dq15, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+800], pair;
        mul.f32 low, dq18, %1; mul.f32 high, dq19, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+832], pair;
        mul.f32 low, dq20, %1; mul.f32 high, dq21, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1536], pair;
        mul.f32 low, dq24, %1; mul.f32 high, dq25, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1536], pair;
        mul.f32 low, dq28, %1; mul.f32 high, dq29, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1568], pair;
        mul.f32 low, dq32, %1; mul.f32 high, dq33, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1568], pair;
        mul.f32 low, dq36, %1; mul.f32 high, dq37, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1600], pair;
        mul.f32 low, dq22, %1; mul.f32 high, dq23, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2304], pair;
        mul.f32 low, dq26, %1; mul.f32 high, dq27, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2304], pair;
        mul.f32 low, dq30, %1; mul.f32 high, dq31, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2336], pair;
        mul.f32 low, dq34, %1; mul.f32 high, dq35, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2336], pair;
        mul.f32 low, dq38, %1; mul.f32 high, dq39, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2368], pair;
        }
        """, at, factor);
}

/// <summary>dq of heads up to 40, f16: 128 queries against blocks of 64 keys, 3 stages.</summary>
//          16 of a block's 64 keys             40 columns of dq
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dq0..19, 5 parts of 16x8         | queries 0..15
//      | s8..15, 2 parts of 16x8          | dq20..39, 5 parts of 16x8        | queries 16..31
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 32..63
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 64..95
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 96..127
//      +----------------------------------+----------------------------------+
internal readonly struct QueryGradient40F16 : ITensorCoreQueryGradientTile
{
    public static int Chunks => 6;

    public static int OwnRows => 128;

    public static int OtherRows => 64;

    public static int Step => 16;

    public static int Stages => 3;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<2>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<24>;
        .reg .f32 s<16>;
        .reg .b32 second<24>; .reg .f32 g<16>;
        .reg .f32 lse<4>, delta<4>;
        .reg .f32 dq<40>;
        mov.f32 dq0, 0f00000000; mov.f32 dq1, 0f00000000; mov.f32 dq2, 0f00000000; mov.f32 dq3, 0f00000000;
        mov.f32 dq4, 0f00000000; mov.f32 dq5, 0f00000000; mov.f32 dq6, 0f00000000; mov.f32 dq7, 0f00000000;
        mov.f32 dq8, 0f00000000; mov.f32 dq9, 0f00000000; mov.f32 dq10, 0f00000000; mov.f32 dq11, 0f00000000;
        mov.f32 dq12, 0f00000000; mov.f32 dq13, 0f00000000; mov.f32 dq14, 0f00000000; mov.f32 dq15, 0f00000000;
        mov.f32 dq16, 0f00000000; mov.f32 dq17, 0f00000000; mov.f32 dq18, 0f00000000; mov.f32 dq19, 0f00000000;
        mov.f32 dq20, 0f00000000; mov.f32 dq21, 0f00000000; mov.f32 dq22, 0f00000000; mov.f32 dq23, 0f00000000;
        mov.f32 dq24, 0f00000000; mov.f32 dq25, 0f00000000; mov.f32 dq26, 0f00000000; mov.f32 dq27, 0f00000000;
        mov.f32 dq28, 0f00000000; mov.f32 dq29, 0f00000000; mov.f32 dq30, 0f00000000; mov.f32 dq31, 0f00000000;
        mov.f32 dq32, 0f00000000; mov.f32 dq33, 0f00000000; mov.f32 dq34, 0f00000000; mov.f32 dq35, 0f00000000;
        mov.f32 dq36, 0f00000000; mov.f32 dq37, 0f00000000; mov.f32 dq38, 0f00000000; mov.f32 dq39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, %3, 32; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+3072], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+3136], [from+64], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at0+1600];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at0+1600];
        }
        """, at);

    public static void LoadStatistics(long from, int rows) => CudaAsm.Emit("""
        { .reg .pred has;
        mov.f32 lse0, zero; mov.f32 delta0, zero; setp.gt.s32 has, %1, 0; @has ld.global.v2.f32 {lse0, delta0}, [%0+0]; neg.f32 lse0, lse0;
        mov.f32 lse1, zero; mov.f32 delta1, zero; setp.gt.s32 has, %1, 8; @has ld.global.v2.f32 {lse1, delta1}, [%0+64]; neg.f32 lse1, lse1;
        mov.f32 lse2, zero; mov.f32 delta2, zero; setp.gt.s32 has, %1, 16; @has ld.global.v2.f32 {lse2, delta2}, [%0+128]; neg.f32 lse2, lse2;
        mov.f32 lse3, zero; mov.f32 delta3, zero; setp.gt.s32 has, %1, 24; @has ld.global.v2.f32 {lse3, delta3}, [%0+192]; neg.f32 lse3, lse3;
        }
        """, from, rows);

    public static void Products(int keys, int values) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {s12, s13, s14, s15};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second12, second13, second14, second15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second12, second13, second14, second15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second16, second17, second18, second19}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second16, second17, second18, second19}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second20, second21, second22, second23}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second20, second21, second22, second23}, {b2, b3}, {g12, g13, g14, g15};
        }
        """, keys, values);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        add.s32 end, %1, 16; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s13, 0fFF800000;
        add.s32 end, %1, 24; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s15, 0fFF800000;
        }
        """, keys, ahead);

    public static void Gradients(float scale) => CudaAsm.Emit("""
        fma.rn.f32 s0, s0, %0, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %0, lse0; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta0; mul.f32 g1, g1, s1;
        fma.rn.f32 s4, s4, %0, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %0, lse0; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta0; mul.f32 g5, g5, s5;
        fma.rn.f32 s2, s2, %0, lse1; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta1; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %0, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        fma.rn.f32 s6, s6, %0, lse1; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta1; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %0, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        fma.rn.f32 s8, s8, %0, lse2; ex2.approx.ftz.f32 s8, s8; sub.f32 g8, g8, delta2; mul.f32 g8, g8, s8;
        fma.rn.f32 s9, s9, %0, lse2; ex2.approx.ftz.f32 s9, s9; sub.f32 g9, g9, delta2; mul.f32 g9, g9, s9;
        fma.rn.f32 s12, s12, %0, lse2; ex2.approx.ftz.f32 s12, s12; sub.f32 g12, g12, delta2; mul.f32 g12, g12, s12;
        fma.rn.f32 s13, s13, %0, lse2; ex2.approx.ftz.f32 s13, s13; sub.f32 g13, g13, delta2; mul.f32 g13, g13, s13;
        fma.rn.f32 s10, s10, %0, lse3; ex2.approx.ftz.f32 s10, s10; sub.f32 g10, g10, delta3; mul.f32 g10, g10, s10;
        fma.rn.f32 s11, s11, %0, lse3; ex2.approx.ftz.f32 s11, s11; sub.f32 g11, g11, delta3; mul.f32 g11, g11, s11;
        fma.rn.f32 s14, s14, %0, lse3; ex2.approx.ftz.f32 s14, s14; sub.f32 g14, g14, delta3; mul.f32 g14, g14, s14;
        fma.rn.f32 s15, s15, %0, lse3; ex2.approx.ftz.f32 s15, s15; sub.f32 g15, g15, delta3; mul.f32 g15, g15, s15;
        """, scale);

    public static void Accumulate(int keys) => CudaAsm.Emit("""
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.f16x2.f32 a0, g1, g0;
        cvt.rn.f16x2.f32 a1, g3, g2;
        cvt.rn.f16x2.f32 a2, g5, g4;
        cvt.rn.f16x2.f32 a3, g7, g6;
        cvt.rn.f16x2.f32 a4, g9, g8;
        cvt.rn.f16x2.f32 a5, g11, g10;
        cvt.rn.f16x2.f32 a6, g13, g12;
        cvt.rn.f16x2.f32 a7, g15, g14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq0, dq1, dq2, dq3}, {a0, a1, a2, a3}, {b0, b1}, {dq0, dq1, dq2, dq3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq4, dq5, dq6, dq7}, {a0, a1, a2, a3}, {b2, b3}, {dq4, dq5, dq6, dq7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq20, dq21, dq22, dq23}, {a4, a5, a6, a7}, {b0, b1}, {dq20, dq21, dq22, dq23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq24, dq25, dq26, dq27}, {a4, a5, a6, a7}, {b2, b3}, {dq24, dq25, dq26, dq27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq8, dq9, dq10, dq11}, {a0, a1, a2, a3}, {b0, b1}, {dq8, dq9, dq10, dq11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq12, dq13, dq14, dq15}, {a0, a1, a2, a3}, {b2, b3}, {dq12, dq13, dq14, dq15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq28, dq29, dq30, dq31}, {a4, a5, a6, a7}, {b0, b1}, {dq28, dq29, dq30, dq31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq32, dq33, dq34, dq35}, {a4, a5, a6, a7}, {b2, b3}, {dq32, dq33, dq34, dq35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq16, dq17, dq18, dq19}, {a0, a1, a2, a3}, {b0, b1}, {dq16, dq17, dq18, dq19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq36, dq37, dq38, dq39}, {a4, a5, a6, a7}, {b0, b1}, {dq36, dq37, dq38, dq39};
        }
        """, keys);

    public static void Store(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, dq0, %1; mul.f32 high, dq1, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dq4, %1; mul.f32 high, dq5, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dq8, %1; mul.f32 high, dq9, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, dq12, %1; mul.f32 high, dq13, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, dq16, %1; mul.f32 high, dq17, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dq2, %1; mul.f32 high, dq3, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+768], pair;
        mul.f32 low, dq6, %1; mul.f32 high, dq7, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+768], pair;
        mul.f32 low, dq10, %1; mul.f32 high, dq11, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+800], pair;
        mul.f32 low, dq14, %1; mul.f32 high, dq15, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+800], pair;
        mul.f32 low, dq18, %1; mul.f32 high, dq19, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+832], pair;
        mul.f32 low, dq20, %1; mul.f32 high, dq21, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1536], pair;
        mul.f32 low, dq24, %1; mul.f32 high, dq25, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1536], pair;
        mul.f32 low, dq28, %1; mul.f32 high, dq29, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1568], pair;
        mul.f32 low, dq32, %1; mul.f32 high, dq33, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1568], pair;
        mul.f32 low, dq36, %1; mul.f32 high, dq37, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1600], pair;
        mul.f32 low, dq22, %1; mul.f32 high, dq23, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2304], pair;
        mul.f32 low, dq26, %1; mul.f32 high, dq27, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2304], pair;
        mul.f32 low, dq30, %1; mul.f32 high, dq31, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2336], pair;
        mul.f32 low, dq34, %1; mul.f32 high, dq35, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2336], pair;
        mul.f32 low, dq38, %1; mul.f32 high, dq39, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2368], pair;
        }
        """, at, factor);
}

/// <summary>dq of heads up to 80, bf16: 128 queries against blocks of 64 keys, 2 stages.</summary>
//          16 of a block's 64 keys             80 columns of dq
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dq0..39, 10 parts of 16x8        | queries 0..15
//      | s8..15, 2 parts of 16x8          | dq40..79, 10 parts of 16x8       | queries 16..31
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 32..63
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 64..95
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 96..127
//      +----------------------------------+----------------------------------+
internal readonly struct QueryGradient80BF16 : ITensorCoreQueryGradientTile
{
    public static int Chunks => 10;

    public static int OwnRows => 128;

    public static int OtherRows => 64;

    public static int Step => 16;

    public static int Stages => 2;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<3>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<16>;
        .reg .b32 second<40>; .reg .f32 g<16>;
        .reg .f32 lse<4>, delta<4>;
        .reg .f32 dq<80>;
        mov.f32 dq0, 0f00000000; mov.f32 dq1, 0f00000000; mov.f32 dq2, 0f00000000; mov.f32 dq3, 0f00000000;
        mov.f32 dq4, 0f00000000; mov.f32 dq5, 0f00000000; mov.f32 dq6, 0f00000000; mov.f32 dq7, 0f00000000;
        mov.f32 dq8, 0f00000000; mov.f32 dq9, 0f00000000; mov.f32 dq10, 0f00000000; mov.f32 dq11, 0f00000000;
        mov.f32 dq12, 0f00000000; mov.f32 dq13, 0f00000000; mov.f32 dq14, 0f00000000; mov.f32 dq15, 0f00000000;
        mov.f32 dq16, 0f00000000; mov.f32 dq17, 0f00000000; mov.f32 dq18, 0f00000000; mov.f32 dq19, 0f00000000;
        mov.f32 dq20, 0f00000000; mov.f32 dq21, 0f00000000; mov.f32 dq22, 0f00000000; mov.f32 dq23, 0f00000000;
        mov.f32 dq24, 0f00000000; mov.f32 dq25, 0f00000000; mov.f32 dq26, 0f00000000; mov.f32 dq27, 0f00000000;
        mov.f32 dq28, 0f00000000; mov.f32 dq29, 0f00000000; mov.f32 dq30, 0f00000000; mov.f32 dq31, 0f00000000;
        mov.f32 dq32, 0f00000000; mov.f32 dq33, 0f00000000; mov.f32 dq34, 0f00000000; mov.f32 dq35, 0f00000000;
        mov.f32 dq36, 0f00000000; mov.f32 dq37, 0f00000000; mov.f32 dq38, 0f00000000; mov.f32 dq39, 0f00000000;
        mov.f32 dq40, 0f00000000; mov.f32 dq41, 0f00000000; mov.f32 dq42, 0f00000000; mov.f32 dq43, 0f00000000;
        mov.f32 dq44, 0f00000000; mov.f32 dq45, 0f00000000; mov.f32 dq46, 0f00000000; mov.f32 dq47, 0f00000000;
        mov.f32 dq48, 0f00000000; mov.f32 dq49, 0f00000000; mov.f32 dq50, 0f00000000; mov.f32 dq51, 0f00000000;
        mov.f32 dq52, 0f00000000; mov.f32 dq53, 0f00000000; mov.f32 dq54, 0f00000000; mov.f32 dq55, 0f00000000;
        mov.f32 dq56, 0f00000000; mov.f32 dq57, 0f00000000; mov.f32 dq58, 0f00000000; mov.f32 dq59, 0f00000000;
        mov.f32 dq60, 0f00000000; mov.f32 dq61, 0f00000000; mov.f32 dq62, 0f00000000; mov.f32 dq63, 0f00000000;
        mov.f32 dq64, 0f00000000; mov.f32 dq65, 0f00000000; mov.f32 dq66, 0f00000000; mov.f32 dq67, 0f00000000;
        mov.f32 dq68, 0f00000000; mov.f32 dq69, 0f00000000; mov.f32 dq70, 0f00000000; mov.f32 dq71, 0f00000000;
        mov.f32 dq72, 0f00000000; mov.f32 dq73, 0f00000000; mov.f32 dq74, 0f00000000; mov.f32 dq75, 0f00000000;
        mov.f32 dq76, 0f00000000; mov.f32 dq77, 0f00000000; mov.f32 dq78, 0f00000000; mov.f32 dq79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; @copies cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, %3, 32; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+5120], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+5184], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; @copies cp.async.cg.shared.global.L2::128B [to+5248], [from+128], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at0+2560];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+2592];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at0+2624];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+2656];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at0+2688];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at0+2560];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second24, second25, second26, second27}, [at0+2592];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second28, second29, second30, second31}, [at0+2624];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second32, second33, second34, second35}, [at0+2656];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second36, second37, second38, second39}, [at0+2688];
        }
        """, at);

    public static void LoadStatistics(long from, int rows) => CudaAsm.Emit("""
        { .reg .pred has;
        mov.f32 lse0, zero; mov.f32 delta0, zero; setp.gt.s32 has, %1, 0; @has ld.global.v2.f32 {lse0, delta0}, [%0+0]; neg.f32 lse0, lse0;
        mov.f32 lse1, zero; mov.f32 delta1, zero; setp.gt.s32 has, %1, 8; @has ld.global.v2.f32 {lse1, delta1}, [%0+64]; neg.f32 lse1, lse1;
        mov.f32 lse2, zero; mov.f32 delta2, zero; setp.gt.s32 has, %1, 16; @has ld.global.v2.f32 {lse2, delta2}, [%0+128]; neg.f32 lse2, lse2;
        mov.f32 lse3, zero; mov.f32 delta3, zero; setp.gt.s32 has, %1, 24; @has ld.global.v2.f32 {lse3, delta3}, [%0+192]; neg.f32 lse3, lse3;
        }
        """, from, rows);

    public static void Products(int keys, int values) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first24, first25, first26, first27}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first24, first25, first26, first27}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first28, first29, first30, first31}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first28, first29, first30, first31}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first32, first33, first34, first35}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first32, first33, first34, first35}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first36, first37, first38, first39}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first36, first37, first38, first39}, {b2, b3}, {s12, s13, s14, s15};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second20, second21, second22, second23}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second20, second21, second22, second23}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second24, second25, second26, second27}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second24, second25, second26, second27}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second28, second29, second30, second31}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second28, second29, second30, second31}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second12, second13, second14, second15}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second12, second13, second14, second15}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second32, second33, second34, second35}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second32, second33, second34, second35}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second16, second17, second18, second19}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second16, second17, second18, second19}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second36, second37, second38, second39}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second36, second37, second38, second39}, {b2, b3}, {g12, g13, g14, g15};
        }
        """, keys, values);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        add.s32 end, %1, 16; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s13, 0fFF800000;
        add.s32 end, %1, 24; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s15, 0fFF800000;
        }
        """, keys, ahead);

    public static void Gradients(float scale) => CudaAsm.Emit("""
        fma.rn.f32 s0, s0, %0, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %0, lse0; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta0; mul.f32 g1, g1, s1;
        fma.rn.f32 s4, s4, %0, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %0, lse0; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta0; mul.f32 g5, g5, s5;
        fma.rn.f32 s2, s2, %0, lse1; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta1; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %0, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        fma.rn.f32 s6, s6, %0, lse1; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta1; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %0, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        fma.rn.f32 s8, s8, %0, lse2; ex2.approx.ftz.f32 s8, s8; sub.f32 g8, g8, delta2; mul.f32 g8, g8, s8;
        fma.rn.f32 s9, s9, %0, lse2; ex2.approx.ftz.f32 s9, s9; sub.f32 g9, g9, delta2; mul.f32 g9, g9, s9;
        fma.rn.f32 s12, s12, %0, lse2; ex2.approx.ftz.f32 s12, s12; sub.f32 g12, g12, delta2; mul.f32 g12, g12, s12;
        fma.rn.f32 s13, s13, %0, lse2; ex2.approx.ftz.f32 s13, s13; sub.f32 g13, g13, delta2; mul.f32 g13, g13, s13;
        fma.rn.f32 s10, s10, %0, lse3; ex2.approx.ftz.f32 s10, s10; sub.f32 g10, g10, delta3; mul.f32 g10, g10, s10;
        fma.rn.f32 s11, s11, %0, lse3; ex2.approx.ftz.f32 s11, s11; sub.f32 g11, g11, delta3; mul.f32 g11, g11, s11;
        fma.rn.f32 s14, s14, %0, lse3; ex2.approx.ftz.f32 s14, s14; sub.f32 g14, g14, delta3; mul.f32 g14, g14, s14;
        fma.rn.f32 s15, s15, %0, lse3; ex2.approx.ftz.f32 s15, s15; sub.f32 g15, g15, delta3; mul.f32 g15, g15, s15;
        """, scale);

    public static void Accumulate(int keys) => CudaAsm.Emit("""
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.bf16x2.f32 a0, g1, g0;
        cvt.rn.bf16x2.f32 a1, g3, g2;
        cvt.rn.bf16x2.f32 a2, g5, g4;
        cvt.rn.bf16x2.f32 a3, g7, g6;
        cvt.rn.bf16x2.f32 a4, g9, g8;
        cvt.rn.bf16x2.f32 a5, g11, g10;
        cvt.rn.bf16x2.f32 a6, g13, g12;
        cvt.rn.bf16x2.f32 a7, g15, g14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq0, dq1, dq2, dq3}, {a0, a1, a2, a3}, {b0, b1}, {dq0, dq1, dq2, dq3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq4, dq5, dq6, dq7}, {a0, a1, a2, a3}, {b2, b3}, {dq4, dq5, dq6, dq7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq40, dq41, dq42, dq43}, {a4, a5, a6, a7}, {b0, b1}, {dq40, dq41, dq42, dq43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq44, dq45, dq46, dq47}, {a4, a5, a6, a7}, {b2, b3}, {dq44, dq45, dq46, dq47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq8, dq9, dq10, dq11}, {a0, a1, a2, a3}, {b0, b1}, {dq8, dq9, dq10, dq11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq12, dq13, dq14, dq15}, {a0, a1, a2, a3}, {b2, b3}, {dq12, dq13, dq14, dq15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq48, dq49, dq50, dq51}, {a4, a5, a6, a7}, {b0, b1}, {dq48, dq49, dq50, dq51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq52, dq53, dq54, dq55}, {a4, a5, a6, a7}, {b2, b3}, {dq52, dq53, dq54, dq55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq16, dq17, dq18, dq19}, {a0, a1, a2, a3}, {b0, b1}, {dq16, dq17, dq18, dq19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq20, dq21, dq22, dq23}, {a0, a1, a2, a3}, {b2, b3}, {dq20, dq21, dq22, dq23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq56, dq57, dq58, dq59}, {a4, a5, a6, a7}, {b0, b1}, {dq56, dq57, dq58, dq59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq60, dq61, dq62, dq63}, {a4, a5, a6, a7}, {b2, b3}, {dq60, dq61, dq62, dq63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq24, dq25, dq26, dq27}, {a0, a1, a2, a3}, {b0, b1}, {dq24, dq25, dq26, dq27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq28, dq29, dq30, dq31}, {a0, a1, a2, a3}, {b2, b3}, {dq28, dq29, dq30, dq31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq64, dq65, dq66, dq67}, {a4, a5, a6, a7}, {b0, b1}, {dq64, dq65, dq66, dq67};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq68, dq69, dq70, dq71}, {a4, a5, a6, a7}, {b2, b3}, {dq68, dq69, dq70, dq71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq32, dq33, dq34, dq35}, {a0, a1, a2, a3}, {b0, b1}, {dq32, dq33, dq34, dq35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq36, dq37, dq38, dq39}, {a0, a1, a2, a3}, {b2, b3}, {dq36, dq37, dq38, dq39};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq72, dq73, dq74, dq75}, {a4, a5, a6, a7}, {b0, b1}, {dq72, dq73, dq74, dq75};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq76, dq77, dq78, dq79}, {a4, a5, a6, a7}, {b2, b3}, {dq76, dq77, dq78, dq79};
        }
        """, keys);

    public static void Store(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, dq0, %1; mul.f32 high, dq1, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dq4, %1; mul.f32 high, dq5, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dq8, %1; mul.f32 high, dq9, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, dq12, %1; mul.f32 high, dq13, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, dq16, %1; mul.f32 high, dq17, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dq20, %1; mul.f32 high, dq21, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, dq24, %1; mul.f32 high, dq25, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+96], pair;
        mul.f32 low, dq28, %1; mul.f32 high, dq29, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+96], pair;
        mul.f32 low, dq32, %1; mul.f32 high, dq33, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, dq36, %1; mul.f32 high, dq37, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, dq2, %1; mul.f32 high, dq3, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1280], pair;
        mul.f32 low, dq6, %1; mul.f32 high, dq7, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1280], pair;
        mul.f32 low, dq10, %1; mul.f32 high, dq11, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1312], pair;
        mul.f32 low, dq14, %1; mul.f32 high, dq15, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1312], pair;
        mul.f32 low, dq18, %1; mul.f32 high, dq19, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1344], pair;
        mul.f32 low, dq22, %1; mul.f32 high, dq23, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1344], pair;
        mul.f32 low, dq26, %1; mul.f32 high, dq27, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1376], pair;
        mul.f32 low, dq30, %1; mul.f32 high, dq31, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1376], pair;
        mul.f32 low, dq34, %1; mul.f32 high, dq35, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1408], pair;
        mul.f32 low, dq38, %1; mul.f32 high, dq39, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1408], pair;
        mul.f32 low, dq40, %1; mul.f32 high, dq41, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2560], pair;
        mul.f32 low, dq44, %1; mul.f32 high, dq45, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2560], pair;
        mul.f32 low, dq48, %1; mul.f32 high, dq49, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2592], pair;
        mul.f32 low, dq52, %1; mul.f32 high, dq53, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2592], pair;
        mul.f32 low, dq56, %1; mul.f32 high, dq57, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2624], pair;
        mul.f32 low, dq60, %1; mul.f32 high, dq61, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2624], pair;
        mul.f32 low, dq64, %1; mul.f32 high, dq65, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2656], pair;
        mul.f32 low, dq68, %1; mul.f32 high, dq69, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2656], pair;
        mul.f32 low, dq72, %1; mul.f32 high, dq73, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2688], pair;
        mul.f32 low, dq76, %1; mul.f32 high, dq77, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2688], pair;
        mul.f32 low, dq42, %1; mul.f32 high, dq43, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+3840], pair;
        mul.f32 low, dq46, %1; mul.f32 high, dq47, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+3840], pair;
        mul.f32 low, dq50, %1; mul.f32 high, dq51, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+3872], pair;
        mul.f32 low, dq54, %1; mul.f32 high, dq55, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+3872], pair;
        mul.f32 low, dq58, %1; mul.f32 high, dq59, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+3904], pair;
        mul.f32 low, dq62, %1; mul.f32 high, dq63, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+3904], pair;
        mul.f32 low, dq66, %1; mul.f32 high, dq67, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+3936], pair;
        mul.f32 low, dq70, %1; mul.f32 high, dq71, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+3936], pair;
        mul.f32 low, dq74, %1; mul.f32 high, dq75, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+3968], pair;
        mul.f32 low, dq78, %1; mul.f32 high, dq79, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+3968], pair;
        }
        """, at, factor);
}

/// <summary>dq of heads up to 80, f16: 128 queries against blocks of 64 keys, 2 stages.</summary>
//          16 of a block's 64 keys             80 columns of dq
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dq0..39, 10 parts of 16x8        | queries 0..15
//      | s8..15, 2 parts of 16x8          | dq40..79, 10 parts of 16x8       | queries 16..31
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 32..63
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 64..95
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 96..127
//      +----------------------------------+----------------------------------+
internal readonly struct QueryGradient80F16 : ITensorCoreQueryGradientTile
{
    public static int Chunks => 10;

    public static int OwnRows => 128;

    public static int OtherRows => 64;

    public static int Step => 16;

    public static int Stages => 2;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<3>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<16>;
        .reg .b32 second<40>; .reg .f32 g<16>;
        .reg .f32 lse<4>, delta<4>;
        .reg .f32 dq<80>;
        mov.f32 dq0, 0f00000000; mov.f32 dq1, 0f00000000; mov.f32 dq2, 0f00000000; mov.f32 dq3, 0f00000000;
        mov.f32 dq4, 0f00000000; mov.f32 dq5, 0f00000000; mov.f32 dq6, 0f00000000; mov.f32 dq7, 0f00000000;
        mov.f32 dq8, 0f00000000; mov.f32 dq9, 0f00000000; mov.f32 dq10, 0f00000000; mov.f32 dq11, 0f00000000;
        mov.f32 dq12, 0f00000000; mov.f32 dq13, 0f00000000; mov.f32 dq14, 0f00000000; mov.f32 dq15, 0f00000000;
        mov.f32 dq16, 0f00000000; mov.f32 dq17, 0f00000000; mov.f32 dq18, 0f00000000; mov.f32 dq19, 0f00000000;
        mov.f32 dq20, 0f00000000; mov.f32 dq21, 0f00000000; mov.f32 dq22, 0f00000000; mov.f32 dq23, 0f00000000;
        mov.f32 dq24, 0f00000000; mov.f32 dq25, 0f00000000; mov.f32 dq26, 0f00000000; mov.f32 dq27, 0f00000000;
        mov.f32 dq28, 0f00000000; mov.f32 dq29, 0f00000000; mov.f32 dq30, 0f00000000; mov.f32 dq31, 0f00000000;
        mov.f32 dq32, 0f00000000; mov.f32 dq33, 0f00000000; mov.f32 dq34, 0f00000000; mov.f32 dq35, 0f00000000;
        mov.f32 dq36, 0f00000000; mov.f32 dq37, 0f00000000; mov.f32 dq38, 0f00000000; mov.f32 dq39, 0f00000000;
        mov.f32 dq40, 0f00000000; mov.f32 dq41, 0f00000000; mov.f32 dq42, 0f00000000; mov.f32 dq43, 0f00000000;
        mov.f32 dq44, 0f00000000; mov.f32 dq45, 0f00000000; mov.f32 dq46, 0f00000000; mov.f32 dq47, 0f00000000;
        mov.f32 dq48, 0f00000000; mov.f32 dq49, 0f00000000; mov.f32 dq50, 0f00000000; mov.f32 dq51, 0f00000000;
        mov.f32 dq52, 0f00000000; mov.f32 dq53, 0f00000000; mov.f32 dq54, 0f00000000; mov.f32 dq55, 0f00000000;
        mov.f32 dq56, 0f00000000; mov.f32 dq57, 0f00000000; mov.f32 dq58, 0f00000000; mov.f32 dq59, 0f00000000;
        mov.f32 dq60, 0f00000000; mov.f32 dq61, 0f00000000; mov.f32 dq62, 0f00000000; mov.f32 dq63, 0f00000000;
        mov.f32 dq64, 0f00000000; mov.f32 dq65, 0f00000000; mov.f32 dq66, 0f00000000; mov.f32 dq67, 0f00000000;
        mov.f32 dq68, 0f00000000; mov.f32 dq69, 0f00000000; mov.f32 dq70, 0f00000000; mov.f32 dq71, 0f00000000;
        mov.f32 dq72, 0f00000000; mov.f32 dq73, 0f00000000; mov.f32 dq74, 0f00000000; mov.f32 dq75, 0f00000000;
        mov.f32 dq76, 0f00000000; mov.f32 dq77, 0f00000000; mov.f32 dq78, 0f00000000; mov.f32 dq79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; @copies cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, %3, 32; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+5120], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+5184], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; @copies cp.async.cg.shared.global.L2::128B [to+5248], [from+128], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at0+2560];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+2592];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at0+2624];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+2656];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at0+2688];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at0+2560];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second24, second25, second26, second27}, [at0+2592];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second28, second29, second30, second31}, [at0+2624];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second32, second33, second34, second35}, [at0+2656];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second36, second37, second38, second39}, [at0+2688];
        }
        """, at);

    public static void LoadStatistics(long from, int rows) => CudaAsm.Emit("""
        { .reg .pred has;
        mov.f32 lse0, zero; mov.f32 delta0, zero; setp.gt.s32 has, %1, 0; @has ld.global.v2.f32 {lse0, delta0}, [%0+0]; neg.f32 lse0, lse0;
        mov.f32 lse1, zero; mov.f32 delta1, zero; setp.gt.s32 has, %1, 8; @has ld.global.v2.f32 {lse1, delta1}, [%0+64]; neg.f32 lse1, lse1;
        mov.f32 lse2, zero; mov.f32 delta2, zero; setp.gt.s32 has, %1, 16; @has ld.global.v2.f32 {lse2, delta2}, [%0+128]; neg.f32 lse2, lse2;
        mov.f32 lse3, zero; mov.f32 delta3, zero; setp.gt.s32 has, %1, 24; @has ld.global.v2.f32 {lse3, delta3}, [%0+192]; neg.f32 lse3, lse3;
        }
        """, from, rows);

    public static void Products(int keys, int values) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first24, first25, first26, first27}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first24, first25, first26, first27}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first28, first29, first30, first31}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first28, first29, first30, first31}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first32, first33, first34, first35}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first32, first33, first34, first35}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first36, first37, first38, first39}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first36, first37, first38, first39}, {b2, b3}, {s12, s13, s14, s15};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second20, second21, second22, second23}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second20, second21, second22, second23}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second24, second25, second26, second27}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second24, second25, second26, second27}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second28, second29, second30, second31}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second28, second29, second30, second31}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second12, second13, second14, second15}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second12, second13, second14, second15}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second32, second33, second34, second35}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second32, second33, second34, second35}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second16, second17, second18, second19}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second16, second17, second18, second19}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second36, second37, second38, second39}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second36, second37, second38, second39}, {b2, b3}, {g12, g13, g14, g15};
        }
        """, keys, values);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        add.s32 end, %1, 16; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s8, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s9, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s12, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s13, 0fFF800000;
        add.s32 end, %1, 24; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s10, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s11, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s14, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s15, 0fFF800000;
        }
        """, keys, ahead);

    public static void Gradients(float scale) => CudaAsm.Emit("""
        fma.rn.f32 s0, s0, %0, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %0, lse0; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta0; mul.f32 g1, g1, s1;
        fma.rn.f32 s4, s4, %0, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %0, lse0; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta0; mul.f32 g5, g5, s5;
        fma.rn.f32 s2, s2, %0, lse1; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta1; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %0, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        fma.rn.f32 s6, s6, %0, lse1; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta1; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %0, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        fma.rn.f32 s8, s8, %0, lse2; ex2.approx.ftz.f32 s8, s8; sub.f32 g8, g8, delta2; mul.f32 g8, g8, s8;
        fma.rn.f32 s9, s9, %0, lse2; ex2.approx.ftz.f32 s9, s9; sub.f32 g9, g9, delta2; mul.f32 g9, g9, s9;
        fma.rn.f32 s12, s12, %0, lse2; ex2.approx.ftz.f32 s12, s12; sub.f32 g12, g12, delta2; mul.f32 g12, g12, s12;
        fma.rn.f32 s13, s13, %0, lse2; ex2.approx.ftz.f32 s13, s13; sub.f32 g13, g13, delta2; mul.f32 g13, g13, s13;
        fma.rn.f32 s10, s10, %0, lse3; ex2.approx.ftz.f32 s10, s10; sub.f32 g10, g10, delta3; mul.f32 g10, g10, s10;
        fma.rn.f32 s11, s11, %0, lse3; ex2.approx.ftz.f32 s11, s11; sub.f32 g11, g11, delta3; mul.f32 g11, g11, s11;
        fma.rn.f32 s14, s14, %0, lse3; ex2.approx.ftz.f32 s14, s14; sub.f32 g14, g14, delta3; mul.f32 g14, g14, s14;
        fma.rn.f32 s15, s15, %0, lse3; ex2.approx.ftz.f32 s15, s15; sub.f32 g15, g15, delta3; mul.f32 g15, g15, s15;
        """, scale);

    public static void Accumulate(int keys) => CudaAsm.Emit("""
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.f16x2.f32 a0, g1, g0;
        cvt.rn.f16x2.f32 a1, g3, g2;
        cvt.rn.f16x2.f32 a2, g5, g4;
        cvt.rn.f16x2.f32 a3, g7, g6;
        cvt.rn.f16x2.f32 a4, g9, g8;
        cvt.rn.f16x2.f32 a5, g11, g10;
        cvt.rn.f16x2.f32 a6, g13, g12;
        cvt.rn.f16x2.f32 a7, g15, g14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq0, dq1, dq2, dq3}, {a0, a1, a2, a3}, {b0, b1}, {dq0, dq1, dq2, dq3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq4, dq5, dq6, dq7}, {a0, a1, a2, a3}, {b2, b3}, {dq4, dq5, dq6, dq7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq40, dq41, dq42, dq43}, {a4, a5, a6, a7}, {b0, b1}, {dq40, dq41, dq42, dq43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq44, dq45, dq46, dq47}, {a4, a5, a6, a7}, {b2, b3}, {dq44, dq45, dq46, dq47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq8, dq9, dq10, dq11}, {a0, a1, a2, a3}, {b0, b1}, {dq8, dq9, dq10, dq11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq12, dq13, dq14, dq15}, {a0, a1, a2, a3}, {b2, b3}, {dq12, dq13, dq14, dq15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq48, dq49, dq50, dq51}, {a4, a5, a6, a7}, {b0, b1}, {dq48, dq49, dq50, dq51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq52, dq53, dq54, dq55}, {a4, a5, a6, a7}, {b2, b3}, {dq52, dq53, dq54, dq55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq16, dq17, dq18, dq19}, {a0, a1, a2, a3}, {b0, b1}, {dq16, dq17, dq18, dq19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq20, dq21, dq22, dq23}, {a0, a1, a2, a3}, {b2, b3}, {dq20, dq21, dq22, dq23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq56, dq57, dq58, dq59}, {a4, a5, a6, a7}, {b0, b1}, {dq56, dq57, dq58, dq59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq60, dq61, dq62, dq63}, {a4, a5, a6, a7}, {b2, b3}, {dq60, dq61, dq62, dq63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq24, dq25, dq26, dq27}, {a0, a1, a2, a3}, {b0, b1}, {dq24, dq25, dq26, dq27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq28, dq29, dq30, dq31}, {a0, a1, a2, a3}, {b2, b3}, {dq28, dq29, dq30, dq31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq64, dq65, dq66, dq67}, {a4, a5, a6, a7}, {b0, b1}, {dq64, dq65, dq66, dq67};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq68, dq69, dq70, dq71}, {a4, a5, a6, a7}, {b2, b3}, {dq68, dq69, dq70, dq71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq32, dq33, dq34, dq35}, {a0, a1, a2, a3}, {b0, b1}, {dq32, dq33, dq34, dq35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq36, dq37, dq38, dq39}, {a0, a1, a2, a3}, {b2, b3}, {dq36, dq37, dq38, dq39};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq72, dq73, dq74, dq75}, {a4, a5, a6, a7}, {b0, b1}, {dq72, dq73, dq74, dq75};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq76, dq77, dq78, dq79}, {a4, a5, a6, a7}, {b2, b3}, {dq76, dq77, dq78, dq79};
        }
        """, keys);

    public static void Store(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, dq0, %1; mul.f32 high, dq1, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dq4, %1; mul.f32 high, dq5, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dq8, %1; mul.f32 high, dq9, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, dq12, %1; mul.f32 high, dq13, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, dq16, %1; mul.f32 high, dq17, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dq20, %1; mul.f32 high, dq21, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, dq24, %1; mul.f32 high, dq25, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+96], pair;
        mul.f32 low, dq28, %1; mul.f32 high, dq29, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+96], pair;
        mul.f32 low, dq32, %1; mul.f32 high, dq33, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, dq36, %1; mul.f32 high, dq37, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, dq2, %1; mul.f32 high, dq3, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1280], pair;
        mul.f32 low, dq6, %1; mul.f32 high, dq7, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1280], pair;
        mul.f32 low, dq10, %1; mul.f32 high, dq11, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1312], pair;
        mul.f32 low, dq14, %1; mul.f32 high, dq15, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1312], pair;
        mul.f32 low, dq18, %1; mul.f32 high, dq19, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1344], pair;
        mul.f32 low, dq22, %1; mul.f32 high, dq23, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1344], pair;
        mul.f32 low, dq26, %1; mul.f32 high, dq27, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1376], pair;
        mul.f32 low, dq30, %1; mul.f32 high, dq31, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1376], pair;
        mul.f32 low, dq34, %1; mul.f32 high, dq35, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1408], pair;
        mul.f32 low, dq38, %1; mul.f32 high, dq39, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1408], pair;
        mul.f32 low, dq40, %1; mul.f32 high, dq41, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2560], pair;
        mul.f32 low, dq44, %1; mul.f32 high, dq45, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2560], pair;
        mul.f32 low, dq48, %1; mul.f32 high, dq49, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2592], pair;
        mul.f32 low, dq52, %1; mul.f32 high, dq53, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2592], pair;
        mul.f32 low, dq56, %1; mul.f32 high, dq57, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2624], pair;
        mul.f32 low, dq60, %1; mul.f32 high, dq61, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2624], pair;
        mul.f32 low, dq64, %1; mul.f32 high, dq65, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2656], pair;
        mul.f32 low, dq68, %1; mul.f32 high, dq69, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2656], pair;
        mul.f32 low, dq72, %1; mul.f32 high, dq73, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2688], pair;
        mul.f32 low, dq76, %1; mul.f32 high, dq77, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2688], pair;
        mul.f32 low, dq42, %1; mul.f32 high, dq43, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+3840], pair;
        mul.f32 low, dq46, %1; mul.f32 high, dq47, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+3840], pair;
        mul.f32 low, dq50, %1; mul.f32 high, dq51, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+3872], pair;
        mul.f32 low, dq54, %1; mul.f32 high, dq55, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+3872], pair;
        mul.f32 low, dq58, %1; mul.f32 high, dq59, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+3904], pair;
        mul.f32 low, dq62, %1; mul.f32 high, dq63, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+3904], pair;
        mul.f32 low, dq66, %1; mul.f32 high, dq67, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+3936], pair;
        mul.f32 low, dq70, %1; mul.f32 high, dq71, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+3936], pair;
        mul.f32 low, dq74, %1; mul.f32 high, dq75, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+3968], pair;
        mul.f32 low, dq78, %1; mul.f32 high, dq79, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+3968], pair;
        }
        """, at, factor);
}

/// <summary>dq of heads up to 160, bf16: 64 queries against blocks of 32 keys, 2 stages.</summary>
//          16 of a block's 32 keys             160 columns of dq
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dq0..79, 20 parts of 16x8        | queries 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct QueryGradient160BF16 : ITensorCoreQueryGradientTile
{
    public static int Chunks => 20;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 16;

    public static int Stages => 2;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<5>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<8>;
        .reg .b32 second<40>; .reg .f32 g<8>;
        .reg .f32 lse<2>, delta<2>;
        .reg .f32 dq<80>;
        mov.f32 dq0, 0f00000000; mov.f32 dq1, 0f00000000; mov.f32 dq2, 0f00000000; mov.f32 dq3, 0f00000000;
        mov.f32 dq4, 0f00000000; mov.f32 dq5, 0f00000000; mov.f32 dq6, 0f00000000; mov.f32 dq7, 0f00000000;
        mov.f32 dq8, 0f00000000; mov.f32 dq9, 0f00000000; mov.f32 dq10, 0f00000000; mov.f32 dq11, 0f00000000;
        mov.f32 dq12, 0f00000000; mov.f32 dq13, 0f00000000; mov.f32 dq14, 0f00000000; mov.f32 dq15, 0f00000000;
        mov.f32 dq16, 0f00000000; mov.f32 dq17, 0f00000000; mov.f32 dq18, 0f00000000; mov.f32 dq19, 0f00000000;
        mov.f32 dq20, 0f00000000; mov.f32 dq21, 0f00000000; mov.f32 dq22, 0f00000000; mov.f32 dq23, 0f00000000;
        mov.f32 dq24, 0f00000000; mov.f32 dq25, 0f00000000; mov.f32 dq26, 0f00000000; mov.f32 dq27, 0f00000000;
        mov.f32 dq28, 0f00000000; mov.f32 dq29, 0f00000000; mov.f32 dq30, 0f00000000; mov.f32 dq31, 0f00000000;
        mov.f32 dq32, 0f00000000; mov.f32 dq33, 0f00000000; mov.f32 dq34, 0f00000000; mov.f32 dq35, 0f00000000;
        mov.f32 dq36, 0f00000000; mov.f32 dq37, 0f00000000; mov.f32 dq38, 0f00000000; mov.f32 dq39, 0f00000000;
        mov.f32 dq40, 0f00000000; mov.f32 dq41, 0f00000000; mov.f32 dq42, 0f00000000; mov.f32 dq43, 0f00000000;
        mov.f32 dq44, 0f00000000; mov.f32 dq45, 0f00000000; mov.f32 dq46, 0f00000000; mov.f32 dq47, 0f00000000;
        mov.f32 dq48, 0f00000000; mov.f32 dq49, 0f00000000; mov.f32 dq50, 0f00000000; mov.f32 dq51, 0f00000000;
        mov.f32 dq52, 0f00000000; mov.f32 dq53, 0f00000000; mov.f32 dq54, 0f00000000; mov.f32 dq55, 0f00000000;
        mov.f32 dq56, 0f00000000; mov.f32 dq57, 0f00000000; mov.f32 dq58, 0f00000000; mov.f32 dq59, 0f00000000;
        mov.f32 dq60, 0f00000000; mov.f32 dq61, 0f00000000; mov.f32 dq62, 0f00000000; mov.f32 dq63, 0f00000000;
        mov.f32 dq64, 0f00000000; mov.f32 dq65, 0f00000000; mov.f32 dq66, 0f00000000; mov.f32 dq67, 0f00000000;
        mov.f32 dq68, 0f00000000; mov.f32 dq69, 0f00000000; mov.f32 dq70, 0f00000000; mov.f32 dq71, 0f00000000;
        mov.f32 dq72, 0f00000000; mov.f32 dq73, 0f00000000; mov.f32 dq74, 0f00000000; mov.f32 dq75, 0f00000000;
        mov.f32 dq76, 0f00000000; mov.f32 dq77, 0f00000000; mov.f32 dq78, 0f00000000; mov.f32 dq79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        setp.gt.s32 exists3, %3, 12;
        setp.gt.s32 exists4, %3, 16;
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        selp.b32 count, all, 0, exists3; cp.async.cg.shared.global.L2::128B [to+192], [from+192], 16, count;
        selp.b32 count, all, 0, exists4; cp.async.cg.shared.global.L2::128B [to+256], [from+256], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at2+256];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second24, second25, second26, second27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second28, second29, second30, second31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second32, second33, second34, second35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second36, second37, second38, second39}, [at2+256];
        }
        """, at);

    public static void LoadStatistics(long from, int rows) => CudaAsm.Emit("""
        { .reg .pred has;
        mov.f32 lse0, zero; mov.f32 delta0, zero; setp.gt.s32 has, %1, 0; @has ld.global.v2.f32 {lse0, delta0}, [%0+0]; neg.f32 lse0, lse0;
        mov.f32 lse1, zero; mov.f32 delta1, zero; setp.gt.s32 has, %1, 8; @has ld.global.v2.f32 {lse1, delta1}, [%0+64]; neg.f32 lse1, lse1;
        }
        """, from, rows);

    public static void Products(int keys, int values) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first20, first21, first22, first23}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first20, first21, first22, first23}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first24, first25, first26, first27}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first24, first25, first26, first27}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first28, first29, first30, first31}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first28, first29, first30, first31}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first32, first33, first34, first35}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first32, first33, first34, first35}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first36, first37, first38, first39}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first36, first37, first38, first39}, {b2, b3}, {s4, s5, s6, s7};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second12, second13, second14, second15}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second12, second13, second14, second15}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second16, second17, second18, second19}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second16, second17, second18, second19}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second20, second21, second22, second23}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second20, second21, second22, second23}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second24, second25, second26, second27}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second24, second25, second26, second27}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second28, second29, second30, second31}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second28, second29, second30, second31}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second32, second33, second34, second35}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second32, second33, second34, second35}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second36, second37, second38, second39}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second36, second37, second38, second39}, {b2, b3}, {g4, g5, g6, g7};
        }
        """, keys, values);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        }
        """, keys, ahead);

    public static void Gradients(float scale) => CudaAsm.Emit("""
        fma.rn.f32 s0, s0, %0, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %0, lse0; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta0; mul.f32 g1, g1, s1;
        fma.rn.f32 s4, s4, %0, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %0, lse0; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta0; mul.f32 g5, g5, s5;
        fma.rn.f32 s2, s2, %0, lse1; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta1; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %0, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        fma.rn.f32 s6, s6, %0, lse1; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta1; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %0, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        """, scale);

    public static void Accumulate(int keys) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atRowsFirst, 32; add.u32 at2, at2, to;
        cvt.rn.bf16x2.f32 a0, g1, g0;
        cvt.rn.bf16x2.f32 a1, g3, g2;
        cvt.rn.bf16x2.f32 a2, g5, g4;
        cvt.rn.bf16x2.f32 a3, g7, g6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq0, dq1, dq2, dq3}, {a0, a1, a2, a3}, {b0, b1}, {dq0, dq1, dq2, dq3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq4, dq5, dq6, dq7}, {a0, a1, a2, a3}, {b2, b3}, {dq4, dq5, dq6, dq7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq8, dq9, dq10, dq11}, {a0, a1, a2, a3}, {b0, b1}, {dq8, dq9, dq10, dq11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq12, dq13, dq14, dq15}, {a0, a1, a2, a3}, {b2, b3}, {dq12, dq13, dq14, dq15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq16, dq17, dq18, dq19}, {a0, a1, a2, a3}, {b0, b1}, {dq16, dq17, dq18, dq19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq20, dq21, dq22, dq23}, {a0, a1, a2, a3}, {b2, b3}, {dq20, dq21, dq22, dq23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq24, dq25, dq26, dq27}, {a0, a1, a2, a3}, {b0, b1}, {dq24, dq25, dq26, dq27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq28, dq29, dq30, dq31}, {a0, a1, a2, a3}, {b2, b3}, {dq28, dq29, dq30, dq31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq32, dq33, dq34, dq35}, {a0, a1, a2, a3}, {b0, b1}, {dq32, dq33, dq34, dq35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq36, dq37, dq38, dq39}, {a0, a1, a2, a3}, {b2, b3}, {dq36, dq37, dq38, dq39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq40, dq41, dq42, dq43}, {a0, a1, a2, a3}, {b0, b1}, {dq40, dq41, dq42, dq43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq44, dq45, dq46, dq47}, {a0, a1, a2, a3}, {b2, b3}, {dq44, dq45, dq46, dq47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq48, dq49, dq50, dq51}, {a0, a1, a2, a3}, {b0, b1}, {dq48, dq49, dq50, dq51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq52, dq53, dq54, dq55}, {a0, a1, a2, a3}, {b2, b3}, {dq52, dq53, dq54, dq55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq56, dq57, dq58, dq59}, {a0, a1, a2, a3}, {b0, b1}, {dq56, dq57, dq58, dq59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq60, dq61, dq62, dq63}, {a0, a1, a2, a3}, {b2, b3}, {dq60, dq61, dq62, dq63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq64, dq65, dq66, dq67}, {a0, a1, a2, a3}, {b0, b1}, {dq64, dq65, dq66, dq67};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq68, dq69, dq70, dq71}, {a0, a1, a2, a3}, {b2, b3}, {dq68, dq69, dq70, dq71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq72, dq73, dq74, dq75}, {a0, a1, a2, a3}, {b0, b1}, {dq72, dq73, dq74, dq75};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dq76, dq77, dq78, dq79}, {a0, a1, a2, a3}, {b2, b3}, {dq76, dq77, dq78, dq79};
        }
        """, keys);

    public static void Store(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, at2, at3, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        xor.b32 at3, %0, 48; add.u32 at3, at3, to;
        mul.f32 low, dq0, %1; mul.f32 high, dq1, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dq4, %1; mul.f32 high, dq5, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dq8, %1; mul.f32 high, dq9, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+0], pair;
        mul.f32 low, dq12, %1; mul.f32 high, dq13, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+0], pair;
        mul.f32 low, dq16, %1; mul.f32 high, dq17, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dq20, %1; mul.f32 high, dq21, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, dq24, %1; mul.f32 high, dq25, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+64], pair;
        mul.f32 low, dq28, %1; mul.f32 high, dq29, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+64], pair;
        mul.f32 low, dq32, %1; mul.f32 high, dq33, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, dq36, %1; mul.f32 high, dq37, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, dq40, %1; mul.f32 high, dq41, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+128], pair;
        mul.f32 low, dq44, %1; mul.f32 high, dq45, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+128], pair;
        mul.f32 low, dq48, %1; mul.f32 high, dq49, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+192], pair;
        mul.f32 low, dq52, %1; mul.f32 high, dq53, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+192], pair;
        mul.f32 low, dq56, %1; mul.f32 high, dq57, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+192], pair;
        mul.f32 low, dq60, %1; mul.f32 high, dq61, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+192], pair;
        mul.f32 low, dq64, %1; mul.f32 high, dq65, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+256], pair;
        mul.f32 low, dq68, %1; mul.f32 high, dq69, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+256], pair;
        mul.f32 low, dq72, %1; mul.f32 high, dq73, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+256], pair;
        mul.f32 low, dq76, %1; mul.f32 high, dq77, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+256], pair;
        mul.f32 low, dq2, %1; mul.f32 high, dq3, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2560], pair;
        mul.f32 low, dq6, %1; mul.f32 high, dq7, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2560], pair;
        mul.f32 low, dq10, %1; mul.f32 high, dq11, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2560], pair;
        mul.f32 low, dq14, %1; mul.f32 high, dq15, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2560], pair;
        mul.f32 low, dq18, %1; mul.f32 high, dq19, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2624], pair;
        mul.f32 low, dq22, %1; mul.f32 high, dq23, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2624], pair;
        mul.f32 low, dq26, %1; mul.f32 high, dq27, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2624], pair;
        mul.f32 low, dq30, %1; mul.f32 high, dq31, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2624], pair;
        mul.f32 low, dq34, %1; mul.f32 high, dq35, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2688], pair;
        mul.f32 low, dq38, %1; mul.f32 high, dq39, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2688], pair;
        mul.f32 low, dq42, %1; mul.f32 high, dq43, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2688], pair;
        mul.f32 low, dq46, %1; mul.f32 high, dq47, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2688], pair;
        mul.f32 low, dq50, %1; mul.f32 high, dq51, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2752], pair;
        mul.f32 low, dq54, %1; mul.f32 high, dq55, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2752], pair;
        mul.f32 low, dq58, %1; mul.f32 high, dq59, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2752], pair;
        mul.f32 low, dq62, %1; mul.f32 high, dq63, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2752], pair;
        mul.f32 low, dq66, %1; mul.f32 high, dq67, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2816], pair;
        mul.f32 low, dq70, %1; mul.f32 high, dq71, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2816], pair;
        mul.f32 low, dq74, %1; mul.f32 high, dq75, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2816], pair;
        mul.f32 low, dq78, %1; mul.f32 high, dq79, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2816], pair;
        }
        """, at, factor);
}

/// <summary>dq of heads up to 160, f16: 64 queries against blocks of 32 keys, 2 stages.</summary>
//          16 of a block's 32 keys             160 columns of dq
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dq0..79, 20 parts of 16x8        | queries 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | queries 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | queries 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | queries 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct QueryGradient160F16 : ITensorCoreQueryGradientTile
{
    public static int Chunks => 20;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 16;

    public static int Stages => 2;

    public static int StatisticBytes => 0;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<5>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<8>;
        .reg .b32 second<40>; .reg .f32 g<8>;
        .reg .f32 lse<2>, delta<2>;
        .reg .f32 dq<80>;
        mov.f32 dq0, 0f00000000; mov.f32 dq1, 0f00000000; mov.f32 dq2, 0f00000000; mov.f32 dq3, 0f00000000;
        mov.f32 dq4, 0f00000000; mov.f32 dq5, 0f00000000; mov.f32 dq6, 0f00000000; mov.f32 dq7, 0f00000000;
        mov.f32 dq8, 0f00000000; mov.f32 dq9, 0f00000000; mov.f32 dq10, 0f00000000; mov.f32 dq11, 0f00000000;
        mov.f32 dq12, 0f00000000; mov.f32 dq13, 0f00000000; mov.f32 dq14, 0f00000000; mov.f32 dq15, 0f00000000;
        mov.f32 dq16, 0f00000000; mov.f32 dq17, 0f00000000; mov.f32 dq18, 0f00000000; mov.f32 dq19, 0f00000000;
        mov.f32 dq20, 0f00000000; mov.f32 dq21, 0f00000000; mov.f32 dq22, 0f00000000; mov.f32 dq23, 0f00000000;
        mov.f32 dq24, 0f00000000; mov.f32 dq25, 0f00000000; mov.f32 dq26, 0f00000000; mov.f32 dq27, 0f00000000;
        mov.f32 dq28, 0f00000000; mov.f32 dq29, 0f00000000; mov.f32 dq30, 0f00000000; mov.f32 dq31, 0f00000000;
        mov.f32 dq32, 0f00000000; mov.f32 dq33, 0f00000000; mov.f32 dq34, 0f00000000; mov.f32 dq35, 0f00000000;
        mov.f32 dq36, 0f00000000; mov.f32 dq37, 0f00000000; mov.f32 dq38, 0f00000000; mov.f32 dq39, 0f00000000;
        mov.f32 dq40, 0f00000000; mov.f32 dq41, 0f00000000; mov.f32 dq42, 0f00000000; mov.f32 dq43, 0f00000000;
        mov.f32 dq44, 0f00000000; mov.f32 dq45, 0f00000000; mov.f32 dq46, 0f00000000; mov.f32 dq47, 0f00000000;
        mov.f32 dq48, 0f00000000; mov.f32 dq49, 0f00000000; mov.f32 dq50, 0f00000000; mov.f32 dq51, 0f00000000;
        mov.f32 dq52, 0f00000000; mov.f32 dq53, 0f00000000; mov.f32 dq54, 0f00000000; mov.f32 dq55, 0f00000000;
        mov.f32 dq56, 0f00000000; mov.f32 dq57, 0f00000000; mov.f32 dq58, 0f00000000; mov.f32 dq59, 0f00000000;
        mov.f32 dq60, 0f00000000; mov.f32 dq61, 0f00000000; mov.f32 dq62, 0f00000000; mov.f32 dq63, 0f00000000;
        mov.f32 dq64, 0f00000000; mov.f32 dq65, 0f00000000; mov.f32 dq66, 0f00000000; mov.f32 dq67, 0f00000000;
        mov.f32 dq68, 0f00000000; mov.f32 dq69, 0f00000000; mov.f32 dq70, 0f00000000; mov.f32 dq71, 0f00000000;
        mov.f32 dq72, 0f00000000; mov.f32 dq73, 0f00000000; mov.f32 dq74, 0f00000000; mov.f32 dq75, 0f00000000;
        mov.f32 dq76, 0f00000000; mov.f32 dq77, 0f00000000; mov.f32 dq78, 0f00000000; mov.f32 dq79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        setp.gt.s32 exists3, %3, 12;
        setp.gt.s32 exists4, %3, 16;
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        selp.b32 count, all, 0, exists3; cp.async.cg.shared.global.L2::128B [to+192], [from+192], 16, count;
        selp.b32 count, all, 0, exists4; cp.async.cg.shared.global.L2::128B [to+256], [from+256], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows)
    {
    }

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at2+256];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second24, second25, second26, second27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second28, second29, second30, second31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second32, second33, second34, second35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second36, second37, second38, second39}, [at2+256];
        }
        """, at);

    public static void LoadStatistics(long from, int rows) => CudaAsm.Emit("""
        { .reg .pred has;
        mov.f32 lse0, zero; mov.f32 delta0, zero; setp.gt.s32 has, %1, 0; @has ld.global.v2.f32 {lse0, delta0}, [%0+0]; neg.f32 lse0, lse0;
        mov.f32 lse1, zero; mov.f32 delta1, zero; setp.gt.s32 has, %1, 8; @has ld.global.v2.f32 {lse1, delta1}, [%0+64]; neg.f32 lse1, lse1;
        }
        """, from, rows);

    public static void Products(int keys, int values) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first20, first21, first22, first23}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first20, first21, first22, first23}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first24, first25, first26, first27}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first24, first25, first26, first27}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first28, first29, first30, first31}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first28, first29, first30, first31}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first32, first33, first34, first35}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first32, first33, first34, first35}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first36, first37, first38, first39}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first36, first37, first38, first39}, {b2, b3}, {s4, s5, s6, s7};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second12, second13, second14, second15}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second12, second13, second14, second15}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second16, second17, second18, second19}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second16, second17, second18, second19}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second20, second21, second22, second23}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second20, second21, second22, second23}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second24, second25, second26, second27}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second24, second25, second26, second27}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second28, second29, second30, second31}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second28, second29, second30, second31}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second32, second33, second34, second35}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second32, second33, second34, second35}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second36, second37, second38, second39}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second36, second37, second38, second39}, {b2, b3}, {g4, g5, g6, g7};
        }
        """, keys, values);

    public static void Hide(int keys, int ahead) => CudaAsm.Emit("""
        { .reg .b32 end; .reg .pred seen;
        add.s32 end, %1, 0; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 end, %1, 8; min.s32 end, end, %0; setp.gt.s32 seen, end, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.gt.s32 seen, end, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.gt.s32 seen, end, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.gt.s32 seen, end, 9; @!seen mov.f32 s7, 0fFF800000;
        }
        """, keys, ahead);

    public static void Gradients(float scale) => CudaAsm.Emit("""
        fma.rn.f32 s0, s0, %0, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %0, lse0; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta0; mul.f32 g1, g1, s1;
        fma.rn.f32 s4, s4, %0, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %0, lse0; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta0; mul.f32 g5, g5, s5;
        fma.rn.f32 s2, s2, %0, lse1; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta1; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %0, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        fma.rn.f32 s6, s6, %0, lse1; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta1; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %0, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        """, scale);

    public static void Accumulate(int keys) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atRowsFirst, 32; add.u32 at2, at2, to;
        cvt.rn.f16x2.f32 a0, g1, g0;
        cvt.rn.f16x2.f32 a1, g3, g2;
        cvt.rn.f16x2.f32 a2, g5, g4;
        cvt.rn.f16x2.f32 a3, g7, g6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq0, dq1, dq2, dq3}, {a0, a1, a2, a3}, {b0, b1}, {dq0, dq1, dq2, dq3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq4, dq5, dq6, dq7}, {a0, a1, a2, a3}, {b2, b3}, {dq4, dq5, dq6, dq7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq8, dq9, dq10, dq11}, {a0, a1, a2, a3}, {b0, b1}, {dq8, dq9, dq10, dq11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq12, dq13, dq14, dq15}, {a0, a1, a2, a3}, {b2, b3}, {dq12, dq13, dq14, dq15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq16, dq17, dq18, dq19}, {a0, a1, a2, a3}, {b0, b1}, {dq16, dq17, dq18, dq19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq20, dq21, dq22, dq23}, {a0, a1, a2, a3}, {b2, b3}, {dq20, dq21, dq22, dq23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq24, dq25, dq26, dq27}, {a0, a1, a2, a3}, {b0, b1}, {dq24, dq25, dq26, dq27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq28, dq29, dq30, dq31}, {a0, a1, a2, a3}, {b2, b3}, {dq28, dq29, dq30, dq31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq32, dq33, dq34, dq35}, {a0, a1, a2, a3}, {b0, b1}, {dq32, dq33, dq34, dq35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq36, dq37, dq38, dq39}, {a0, a1, a2, a3}, {b2, b3}, {dq36, dq37, dq38, dq39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq40, dq41, dq42, dq43}, {a0, a1, a2, a3}, {b0, b1}, {dq40, dq41, dq42, dq43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq44, dq45, dq46, dq47}, {a0, a1, a2, a3}, {b2, b3}, {dq44, dq45, dq46, dq47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq48, dq49, dq50, dq51}, {a0, a1, a2, a3}, {b0, b1}, {dq48, dq49, dq50, dq51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq52, dq53, dq54, dq55}, {a0, a1, a2, a3}, {b2, b3}, {dq52, dq53, dq54, dq55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq56, dq57, dq58, dq59}, {a0, a1, a2, a3}, {b0, b1}, {dq56, dq57, dq58, dq59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq60, dq61, dq62, dq63}, {a0, a1, a2, a3}, {b2, b3}, {dq60, dq61, dq62, dq63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq64, dq65, dq66, dq67}, {a0, a1, a2, a3}, {b0, b1}, {dq64, dq65, dq66, dq67};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq68, dq69, dq70, dq71}, {a0, a1, a2, a3}, {b2, b3}, {dq68, dq69, dq70, dq71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq72, dq73, dq74, dq75}, {a0, a1, a2, a3}, {b0, b1}, {dq72, dq73, dq74, dq75};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dq76, dq77, dq78, dq79}, {a0, a1, a2, a3}, {b2, b3}, {dq76, dq77, dq78, dq79};
        }
        """, keys);

    public static void Store(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, at2, at3, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        xor.b32 at3, %0, 48; add.u32 at3, at3, to;
        mul.f32 low, dq0, %1; mul.f32 high, dq1, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dq4, %1; mul.f32 high, dq5, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dq8, %1; mul.f32 high, dq9, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+0], pair;
        mul.f32 low, dq12, %1; mul.f32 high, dq13, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+0], pair;
        mul.f32 low, dq16, %1; mul.f32 high, dq17, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dq20, %1; mul.f32 high, dq21, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, dq24, %1; mul.f32 high, dq25, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+64], pair;
        mul.f32 low, dq28, %1; mul.f32 high, dq29, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+64], pair;
        mul.f32 low, dq32, %1; mul.f32 high, dq33, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, dq36, %1; mul.f32 high, dq37, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, dq40, %1; mul.f32 high, dq41, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+128], pair;
        mul.f32 low, dq44, %1; mul.f32 high, dq45, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+128], pair;
        mul.f32 low, dq48, %1; mul.f32 high, dq49, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+192], pair;
        mul.f32 low, dq52, %1; mul.f32 high, dq53, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+192], pair;
        mul.f32 low, dq56, %1; mul.f32 high, dq57, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+192], pair;
        mul.f32 low, dq60, %1; mul.f32 high, dq61, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+192], pair;
        mul.f32 low, dq64, %1; mul.f32 high, dq65, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+256], pair;
        mul.f32 low, dq68, %1; mul.f32 high, dq69, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+256], pair;
        mul.f32 low, dq72, %1; mul.f32 high, dq73, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+256], pair;
        mul.f32 low, dq76, %1; mul.f32 high, dq77, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+256], pair;
        mul.f32 low, dq2, %1; mul.f32 high, dq3, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2560], pair;
        mul.f32 low, dq6, %1; mul.f32 high, dq7, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2560], pair;
        mul.f32 low, dq10, %1; mul.f32 high, dq11, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2560], pair;
        mul.f32 low, dq14, %1; mul.f32 high, dq15, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2560], pair;
        mul.f32 low, dq18, %1; mul.f32 high, dq19, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2624], pair;
        mul.f32 low, dq22, %1; mul.f32 high, dq23, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2624], pair;
        mul.f32 low, dq26, %1; mul.f32 high, dq27, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2624], pair;
        mul.f32 low, dq30, %1; mul.f32 high, dq31, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2624], pair;
        mul.f32 low, dq34, %1; mul.f32 high, dq35, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2688], pair;
        mul.f32 low, dq38, %1; mul.f32 high, dq39, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2688], pair;
        mul.f32 low, dq42, %1; mul.f32 high, dq43, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2688], pair;
        mul.f32 low, dq46, %1; mul.f32 high, dq47, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2688], pair;
        mul.f32 low, dq50, %1; mul.f32 high, dq51, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2752], pair;
        mul.f32 low, dq54, %1; mul.f32 high, dq55, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2752], pair;
        mul.f32 low, dq58, %1; mul.f32 high, dq59, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2752], pair;
        mul.f32 low, dq62, %1; mul.f32 high, dq63, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2752], pair;
        mul.f32 low, dq66, %1; mul.f32 high, dq67, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2816], pair;
        mul.f32 low, dq70, %1; mul.f32 high, dq71, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2816], pair;
        mul.f32 low, dq74, %1; mul.f32 high, dq75, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2816], pair;
        mul.f32 low, dq78, %1; mul.f32 high, dq79, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2816], pair;
        }
        """, at, factor);
}

/// <summary>dk and dv of heads up to 40, bf16: 128 keys against blocks of 64 queries, 3 stages.</summary>
//          16 of a block's 64 queries          40 columns of dk and dv
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dk0..19, 5 parts of 16x8         | keys 0..15
//      | s8..15, 2 parts of 16x8          | dk20..39, 5 parts of 16x8        | keys 16..31
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | keys 32..63
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | keys 64..95
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | keys 96..127
//      +----------------------------------+----------------------------------+
internal readonly struct KeyGradient40BF16 : ITensorCoreKeyGradientTile
{
    public static int Chunks => 6;

    public static int OwnRows => 128;

    public static int OtherRows => 64;

    public static int Step => 16;

    public static int Stages => 3;

    public static int StatisticBytes => 512;

    public static bool GivesKeys => true;

    public static bool GivesValues => true;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<2>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<24>;
        .reg .f32 s<16>;
        .reg .b32 second<24>; .reg .f32 g<16>;
        .reg .f32 dk<40>;
        mov.f32 dk0, 0f00000000; mov.f32 dk1, 0f00000000; mov.f32 dk2, 0f00000000; mov.f32 dk3, 0f00000000;
        mov.f32 dk4, 0f00000000; mov.f32 dk5, 0f00000000; mov.f32 dk6, 0f00000000; mov.f32 dk7, 0f00000000;
        mov.f32 dk8, 0f00000000; mov.f32 dk9, 0f00000000; mov.f32 dk10, 0f00000000; mov.f32 dk11, 0f00000000;
        mov.f32 dk12, 0f00000000; mov.f32 dk13, 0f00000000; mov.f32 dk14, 0f00000000; mov.f32 dk15, 0f00000000;
        mov.f32 dk16, 0f00000000; mov.f32 dk17, 0f00000000; mov.f32 dk18, 0f00000000; mov.f32 dk19, 0f00000000;
        mov.f32 dk20, 0f00000000; mov.f32 dk21, 0f00000000; mov.f32 dk22, 0f00000000; mov.f32 dk23, 0f00000000;
        mov.f32 dk24, 0f00000000; mov.f32 dk25, 0f00000000; mov.f32 dk26, 0f00000000; mov.f32 dk27, 0f00000000;
        mov.f32 dk28, 0f00000000; mov.f32 dk29, 0f00000000; mov.f32 dk30, 0f00000000; mov.f32 dk31, 0f00000000;
        mov.f32 dk32, 0f00000000; mov.f32 dk33, 0f00000000; mov.f32 dk34, 0f00000000; mov.f32 dk35, 0f00000000;
        mov.f32 dk36, 0f00000000; mov.f32 dk37, 0f00000000; mov.f32 dk38, 0f00000000; mov.f32 dk39, 0f00000000;
        .reg .f32 dv<40>;
        mov.f32 dv0, 0f00000000; mov.f32 dv1, 0f00000000; mov.f32 dv2, 0f00000000; mov.f32 dv3, 0f00000000;
        mov.f32 dv4, 0f00000000; mov.f32 dv5, 0f00000000; mov.f32 dv6, 0f00000000; mov.f32 dv7, 0f00000000;
        mov.f32 dv8, 0f00000000; mov.f32 dv9, 0f00000000; mov.f32 dv10, 0f00000000; mov.f32 dv11, 0f00000000;
        mov.f32 dv12, 0f00000000; mov.f32 dv13, 0f00000000; mov.f32 dv14, 0f00000000; mov.f32 dv15, 0f00000000;
        mov.f32 dv16, 0f00000000; mov.f32 dv17, 0f00000000; mov.f32 dv18, 0f00000000; mov.f32 dv19, 0f00000000;
        mov.f32 dv20, 0f00000000; mov.f32 dv21, 0f00000000; mov.f32 dv22, 0f00000000; mov.f32 dv23, 0f00000000;
        mov.f32 dv24, 0f00000000; mov.f32 dv25, 0f00000000; mov.f32 dv26, 0f00000000; mov.f32 dv27, 0f00000000;
        mov.f32 dv28, 0f00000000; mov.f32 dv29, 0f00000000; mov.f32 dv30, 0f00000000; mov.f32 dv31, 0f00000000;
        mov.f32 dv32, 0f00000000; mov.f32 dv33, 0f00000000; mov.f32 dv34, 0f00000000; mov.f32 dv35, 0f00000000;
        mov.f32 dv36, 0f00000000; mov.f32 dv37, 0f00000000; mov.f32 dv38, 0f00000000; mov.f32 dv39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, %3, 32; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+3072], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+3136], [from+64], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, count, thread; .reg .pred has, one;
        mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, 64;
        add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;
        @one cp.async.ca.shared.global [to], [%1], 8, count;
        }
        """, to, from, rows);

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at0+1600];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at0+1600];
        }
        """, at);

    public static void Products(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {s12, s13, s14, s15};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second12, second13, second14, second15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second12, second13, second14, second15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second16, second17, second18, second19}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second16, second17, second18, second19}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second20, second21, second22, second23}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second20, second21, second22, second23}, {b2, b3}, {g12, g13, g14, g15};
        }
        """, queries, gradients);

    public static void Hide(int first) => CudaAsm.Emit("""
        { .reg .b32 first; .reg .pred seen;
        add.s32 first, %0, 0; setp.le.s32 seen, first, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 first, %0, 8; setp.le.s32 seen, first, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s7, 0fFF800000;
        add.s32 first, %0, 16; setp.le.s32 seen, first, 0; @!seen mov.f32 s8, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s9, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s12, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s13, 0fFF800000;
        add.s32 first, %0, 24; setp.le.s32 seen, first, 0; @!seen mov.f32 s10, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s11, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s14, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s15, 0fFF800000;
        }
        """, first);

    public static void Gradients(int statistics, float scale) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .f32 lse<2>, delta<2>;
        add.u32 at, atBase, %0;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+0]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s0, s0, %1, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %1, lse1; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta1; mul.f32 g1, g1, s1;
        fma.rn.f32 s2, s2, %1, lse0; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta0; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %1, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        fma.rn.f32 s8, s8, %1, lse0; ex2.approx.ftz.f32 s8, s8; sub.f32 g8, g8, delta0; mul.f32 g8, g8, s8;
        fma.rn.f32 s9, s9, %1, lse1; ex2.approx.ftz.f32 s9, s9; sub.f32 g9, g9, delta1; mul.f32 g9, g9, s9;
        fma.rn.f32 s10, s10, %1, lse0; ex2.approx.ftz.f32 s10, s10; sub.f32 g10, g10, delta0; mul.f32 g10, g10, s10;
        fma.rn.f32 s11, s11, %1, lse1; ex2.approx.ftz.f32 s11, s11; sub.f32 g11, g11, delta1; mul.f32 g11, g11, s11;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+64]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s4, s4, %1, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %1, lse1; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta1; mul.f32 g5, g5, s5;
        fma.rn.f32 s6, s6, %1, lse0; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta0; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %1, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        fma.rn.f32 s12, s12, %1, lse0; ex2.approx.ftz.f32 s12, s12; sub.f32 g12, g12, delta0; mul.f32 g12, g12, s12;
        fma.rn.f32 s13, s13, %1, lse1; ex2.approx.ftz.f32 s13, s13; sub.f32 g13, g13, delta1; mul.f32 g13, g13, s13;
        fma.rn.f32 s14, s14, %1, lse0; ex2.approx.ftz.f32 s14, s14; sub.f32 g14, g14, delta0; mul.f32 g14, g14, s14;
        fma.rn.f32 s15, s15, %1, lse1; ex2.approx.ftz.f32 s15, s15; sub.f32 g15, g15, delta1; mul.f32 g15, g15, s15;
        }
        """, statistics, scale);

    public static void Accumulate(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.bf16x2.f32 a0, s1, s0;
        cvt.rn.bf16x2.f32 a1, s3, s2;
        cvt.rn.bf16x2.f32 a2, s5, s4;
        cvt.rn.bf16x2.f32 a3, s7, s6;
        cvt.rn.bf16x2.f32 a4, s9, s8;
        cvt.rn.bf16x2.f32 a5, s11, s10;
        cvt.rn.bf16x2.f32 a6, s13, s12;
        cvt.rn.bf16x2.f32 a7, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv20, dv21, dv22, dv23}, {a4, a5, a6, a7}, {b0, b1}, {dv20, dv21, dv22, dv23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv24, dv25, dv26, dv27}, {a4, a5, a6, a7}, {b2, b3}, {dv24, dv25, dv26, dv27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv28, dv29, dv30, dv31}, {a4, a5, a6, a7}, {b0, b1}, {dv28, dv29, dv30, dv31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv32, dv33, dv34, dv35}, {a4, a5, a6, a7}, {b2, b3}, {dv32, dv33, dv34, dv35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv36, dv37, dv38, dv39}, {a4, a5, a6, a7}, {b0, b1}, {dv36, dv37, dv38, dv39};
        }
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.bf16x2.f32 a0, g1, g0;
        cvt.rn.bf16x2.f32 a1, g3, g2;
        cvt.rn.bf16x2.f32 a2, g5, g4;
        cvt.rn.bf16x2.f32 a3, g7, g6;
        cvt.rn.bf16x2.f32 a4, g9, g8;
        cvt.rn.bf16x2.f32 a5, g11, g10;
        cvt.rn.bf16x2.f32 a6, g13, g12;
        cvt.rn.bf16x2.f32 a7, g15, g14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk0, dk1, dk2, dk3}, {a0, a1, a2, a3}, {b0, b1}, {dk0, dk1, dk2, dk3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk4, dk5, dk6, dk7}, {a0, a1, a2, a3}, {b2, b3}, {dk4, dk5, dk6, dk7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk20, dk21, dk22, dk23}, {a4, a5, a6, a7}, {b0, b1}, {dk20, dk21, dk22, dk23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk24, dk25, dk26, dk27}, {a4, a5, a6, a7}, {b2, b3}, {dk24, dk25, dk26, dk27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk8, dk9, dk10, dk11}, {a0, a1, a2, a3}, {b0, b1}, {dk8, dk9, dk10, dk11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk12, dk13, dk14, dk15}, {a0, a1, a2, a3}, {b2, b3}, {dk12, dk13, dk14, dk15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk28, dk29, dk30, dk31}, {a4, a5, a6, a7}, {b0, b1}, {dk28, dk29, dk30, dk31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk32, dk33, dk34, dk35}, {a4, a5, a6, a7}, {b2, b3}, {dk32, dk33, dk34, dk35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk16, dk17, dk18, dk19}, {a0, a1, a2, a3}, {b0, b1}, {dk16, dk17, dk18, dk19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk36, dk37, dk38, dk39}, {a4, a5, a6, a7}, {b0, b1}, {dk36, dk37, dk38, dk39};
        }
        """, queries, gradients);

    public static void StoreKeys(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, dk0, %1; mul.f32 high, dk1, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dk4, %1; mul.f32 high, dk5, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dk8, %1; mul.f32 high, dk9, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, dk12, %1; mul.f32 high, dk13, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, dk16, %1; mul.f32 high, dk17, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dk2, %1; mul.f32 high, dk3, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+768], pair;
        mul.f32 low, dk6, %1; mul.f32 high, dk7, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+768], pair;
        mul.f32 low, dk10, %1; mul.f32 high, dk11, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+800], pair;
        mul.f32 low, dk14, %1; mul.f32 high, dk15, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+800], pair;
        mul.f32 low, dk18, %1; mul.f32 high, dk19, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+832], pair;
        mul.f32 low, dk20, %1; mul.f32 high, dk21, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1536], pair;
        mul.f32 low, dk24, %1; mul.f32 high, dk25, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1536], pair;
        mul.f32 low, dk28, %1; mul.f32 high, dk29, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1568], pair;
        mul.f32 low, dk32, %1; mul.f32 high, dk33, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1568], pair;
        mul.f32 low, dk36, %1; mul.f32 high, dk37, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1600], pair;
        mul.f32 low, dk22, %1; mul.f32 high, dk23, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2304], pair;
        mul.f32 low, dk26, %1; mul.f32 high, dk27, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2304], pair;
        mul.f32 low, dk30, %1; mul.f32 high, dk31, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2336], pair;
        mul.f32 low, dk34, %1; mul.f32 high, dk35, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2336], pair;
        mul.f32 low, dk38, %1; mul.f32 high, dk39, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2368], pair;
        }
        """, at, factor);

    public static void StoreValues(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        cvt.rn.bf16x2.f32 pair, dv1, dv0; st.shared.b32 [at0+0], pair;
        cvt.rn.bf16x2.f32 pair, dv5, dv4; st.shared.b32 [at1+0], pair;
        cvt.rn.bf16x2.f32 pair, dv9, dv8; st.shared.b32 [at0+32], pair;
        cvt.rn.bf16x2.f32 pair, dv13, dv12; st.shared.b32 [at1+32], pair;
        cvt.rn.bf16x2.f32 pair, dv17, dv16; st.shared.b32 [at0+64], pair;
        cvt.rn.bf16x2.f32 pair, dv3, dv2; st.shared.b32 [at0+768], pair;
        cvt.rn.bf16x2.f32 pair, dv7, dv6; st.shared.b32 [at1+768], pair;
        cvt.rn.bf16x2.f32 pair, dv11, dv10; st.shared.b32 [at0+800], pair;
        cvt.rn.bf16x2.f32 pair, dv15, dv14; st.shared.b32 [at1+800], pair;
        cvt.rn.bf16x2.f32 pair, dv19, dv18; st.shared.b32 [at0+832], pair;
        cvt.rn.bf16x2.f32 pair, dv21, dv20; st.shared.b32 [at0+1536], pair;
        cvt.rn.bf16x2.f32 pair, dv25, dv24; st.shared.b32 [at1+1536], pair;
        cvt.rn.bf16x2.f32 pair, dv29, dv28; st.shared.b32 [at0+1568], pair;
        cvt.rn.bf16x2.f32 pair, dv33, dv32; st.shared.b32 [at1+1568], pair;
        cvt.rn.bf16x2.f32 pair, dv37, dv36; st.shared.b32 [at0+1600], pair;
        cvt.rn.bf16x2.f32 pair, dv23, dv22; st.shared.b32 [at0+2304], pair;
        cvt.rn.bf16x2.f32 pair, dv27, dv26; st.shared.b32 [at1+2304], pair;
        cvt.rn.bf16x2.f32 pair, dv31, dv30; st.shared.b32 [at0+2336], pair;
        cvt.rn.bf16x2.f32 pair, dv35, dv34; st.shared.b32 [at1+2336], pair;
        cvt.rn.bf16x2.f32 pair, dv39, dv38; st.shared.b32 [at0+2368], pair;
        }
        """, at);
}

/// <summary>dk and dv of heads up to 40, f16: 128 keys against blocks of 64 queries, 3 stages.</summary>
//          16 of a block's 64 queries          40 columns of dk and dv
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dk0..19, 5 parts of 16x8         | keys 0..15
//      | s8..15, 2 parts of 16x8          | dk20..39, 5 parts of 16x8        | keys 16..31
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | keys 32..63
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | keys 64..95
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | keys 96..127
//      +----------------------------------+----------------------------------+
internal readonly struct KeyGradient40F16 : ITensorCoreKeyGradientTile
{
    public static int Chunks => 6;

    public static int OwnRows => 128;

    public static int OtherRows => 64;

    public static int Step => 16;

    public static int Stages => 3;

    public static int StatisticBytes => 512;

    public static bool GivesKeys => true;

    public static bool GivesValues => true;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<2>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<24>;
        .reg .f32 s<16>;
        .reg .b32 second<24>; .reg .f32 g<16>;
        .reg .f32 dk<40>;
        mov.f32 dk0, 0f00000000; mov.f32 dk1, 0f00000000; mov.f32 dk2, 0f00000000; mov.f32 dk3, 0f00000000;
        mov.f32 dk4, 0f00000000; mov.f32 dk5, 0f00000000; mov.f32 dk6, 0f00000000; mov.f32 dk7, 0f00000000;
        mov.f32 dk8, 0f00000000; mov.f32 dk9, 0f00000000; mov.f32 dk10, 0f00000000; mov.f32 dk11, 0f00000000;
        mov.f32 dk12, 0f00000000; mov.f32 dk13, 0f00000000; mov.f32 dk14, 0f00000000; mov.f32 dk15, 0f00000000;
        mov.f32 dk16, 0f00000000; mov.f32 dk17, 0f00000000; mov.f32 dk18, 0f00000000; mov.f32 dk19, 0f00000000;
        mov.f32 dk20, 0f00000000; mov.f32 dk21, 0f00000000; mov.f32 dk22, 0f00000000; mov.f32 dk23, 0f00000000;
        mov.f32 dk24, 0f00000000; mov.f32 dk25, 0f00000000; mov.f32 dk26, 0f00000000; mov.f32 dk27, 0f00000000;
        mov.f32 dk28, 0f00000000; mov.f32 dk29, 0f00000000; mov.f32 dk30, 0f00000000; mov.f32 dk31, 0f00000000;
        mov.f32 dk32, 0f00000000; mov.f32 dk33, 0f00000000; mov.f32 dk34, 0f00000000; mov.f32 dk35, 0f00000000;
        mov.f32 dk36, 0f00000000; mov.f32 dk37, 0f00000000; mov.f32 dk38, 0f00000000; mov.f32 dk39, 0f00000000;
        .reg .f32 dv<40>;
        mov.f32 dv0, 0f00000000; mov.f32 dv1, 0f00000000; mov.f32 dv2, 0f00000000; mov.f32 dv3, 0f00000000;
        mov.f32 dv4, 0f00000000; mov.f32 dv5, 0f00000000; mov.f32 dv6, 0f00000000; mov.f32 dv7, 0f00000000;
        mov.f32 dv8, 0f00000000; mov.f32 dv9, 0f00000000; mov.f32 dv10, 0f00000000; mov.f32 dv11, 0f00000000;
        mov.f32 dv12, 0f00000000; mov.f32 dv13, 0f00000000; mov.f32 dv14, 0f00000000; mov.f32 dv15, 0f00000000;
        mov.f32 dv16, 0f00000000; mov.f32 dv17, 0f00000000; mov.f32 dv18, 0f00000000; mov.f32 dv19, 0f00000000;
        mov.f32 dv20, 0f00000000; mov.f32 dv21, 0f00000000; mov.f32 dv22, 0f00000000; mov.f32 dv23, 0f00000000;
        mov.f32 dv24, 0f00000000; mov.f32 dv25, 0f00000000; mov.f32 dv26, 0f00000000; mov.f32 dv27, 0f00000000;
        mov.f32 dv28, 0f00000000; mov.f32 dv29, 0f00000000; mov.f32 dv30, 0f00000000; mov.f32 dv31, 0f00000000;
        mov.f32 dv32, 0f00000000; mov.f32 dv33, 0f00000000; mov.f32 dv34, 0f00000000; mov.f32 dv35, 0f00000000;
        mov.f32 dv36, 0f00000000; mov.f32 dv37, 0f00000000; mov.f32 dv38, 0f00000000; mov.f32 dv39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, %3, 32; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+3072], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; @copies cp.async.cg.shared.global.L2::128B [to+3136], [from+64], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, count, thread; .reg .pred has, one;
        mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, 64;
        add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;
        @one cp.async.ca.shared.global [to], [%1], 8, count;
        }
        """, to, from, rows);

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at0+1600];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at0+1536];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+1568];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at0+1600];
        }
        """, at);

    public static void Products(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {s12, s13, s14, s15};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second12, second13, second14, second15}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second12, second13, second14, second15}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second16, second17, second18, second19}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second16, second17, second18, second19}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second20, second21, second22, second23}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second20, second21, second22, second23}, {b2, b3}, {g12, g13, g14, g15};
        }
        """, queries, gradients);

    public static void Hide(int first) => CudaAsm.Emit("""
        { .reg .b32 first; .reg .pred seen;
        add.s32 first, %0, 0; setp.le.s32 seen, first, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 first, %0, 8; setp.le.s32 seen, first, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s7, 0fFF800000;
        add.s32 first, %0, 16; setp.le.s32 seen, first, 0; @!seen mov.f32 s8, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s9, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s12, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s13, 0fFF800000;
        add.s32 first, %0, 24; setp.le.s32 seen, first, 0; @!seen mov.f32 s10, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s11, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s14, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s15, 0fFF800000;
        }
        """, first);

    public static void Gradients(int statistics, float scale) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .f32 lse<2>, delta<2>;
        add.u32 at, atBase, %0;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+0]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s0, s0, %1, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %1, lse1; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta1; mul.f32 g1, g1, s1;
        fma.rn.f32 s2, s2, %1, lse0; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta0; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %1, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        fma.rn.f32 s8, s8, %1, lse0; ex2.approx.ftz.f32 s8, s8; sub.f32 g8, g8, delta0; mul.f32 g8, g8, s8;
        fma.rn.f32 s9, s9, %1, lse1; ex2.approx.ftz.f32 s9, s9; sub.f32 g9, g9, delta1; mul.f32 g9, g9, s9;
        fma.rn.f32 s10, s10, %1, lse0; ex2.approx.ftz.f32 s10, s10; sub.f32 g10, g10, delta0; mul.f32 g10, g10, s10;
        fma.rn.f32 s11, s11, %1, lse1; ex2.approx.ftz.f32 s11, s11; sub.f32 g11, g11, delta1; mul.f32 g11, g11, s11;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+64]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s4, s4, %1, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %1, lse1; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta1; mul.f32 g5, g5, s5;
        fma.rn.f32 s6, s6, %1, lse0; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta0; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %1, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        fma.rn.f32 s12, s12, %1, lse0; ex2.approx.ftz.f32 s12, s12; sub.f32 g12, g12, delta0; mul.f32 g12, g12, s12;
        fma.rn.f32 s13, s13, %1, lse1; ex2.approx.ftz.f32 s13, s13; sub.f32 g13, g13, delta1; mul.f32 g13, g13, s13;
        fma.rn.f32 s14, s14, %1, lse0; ex2.approx.ftz.f32 s14, s14; sub.f32 g14, g14, delta0; mul.f32 g14, g14, s14;
        fma.rn.f32 s15, s15, %1, lse1; ex2.approx.ftz.f32 s15, s15; sub.f32 g15, g15, delta1; mul.f32 g15, g15, s15;
        }
        """, statistics, scale);

    public static void Accumulate(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.f16x2.f32 a0, s1, s0;
        cvt.rn.f16x2.f32 a1, s3, s2;
        cvt.rn.f16x2.f32 a2, s5, s4;
        cvt.rn.f16x2.f32 a3, s7, s6;
        cvt.rn.f16x2.f32 a4, s9, s8;
        cvt.rn.f16x2.f32 a5, s11, s10;
        cvt.rn.f16x2.f32 a6, s13, s12;
        cvt.rn.f16x2.f32 a7, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv20, dv21, dv22, dv23}, {a4, a5, a6, a7}, {b0, b1}, {dv20, dv21, dv22, dv23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv24, dv25, dv26, dv27}, {a4, a5, a6, a7}, {b2, b3}, {dv24, dv25, dv26, dv27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv28, dv29, dv30, dv31}, {a4, a5, a6, a7}, {b0, b1}, {dv28, dv29, dv30, dv31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv32, dv33, dv34, dv35}, {a4, a5, a6, a7}, {b2, b3}, {dv32, dv33, dv34, dv35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv36, dv37, dv38, dv39}, {a4, a5, a6, a7}, {b0, b1}, {dv36, dv37, dv38, dv39};
        }
        { .reg .b32 a<8>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.f16x2.f32 a0, g1, g0;
        cvt.rn.f16x2.f32 a1, g3, g2;
        cvt.rn.f16x2.f32 a2, g5, g4;
        cvt.rn.f16x2.f32 a3, g7, g6;
        cvt.rn.f16x2.f32 a4, g9, g8;
        cvt.rn.f16x2.f32 a5, g11, g10;
        cvt.rn.f16x2.f32 a6, g13, g12;
        cvt.rn.f16x2.f32 a7, g15, g14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk0, dk1, dk2, dk3}, {a0, a1, a2, a3}, {b0, b1}, {dk0, dk1, dk2, dk3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk4, dk5, dk6, dk7}, {a0, a1, a2, a3}, {b2, b3}, {dk4, dk5, dk6, dk7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk20, dk21, dk22, dk23}, {a4, a5, a6, a7}, {b0, b1}, {dk20, dk21, dk22, dk23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk24, dk25, dk26, dk27}, {a4, a5, a6, a7}, {b2, b3}, {dk24, dk25, dk26, dk27};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk8, dk9, dk10, dk11}, {a0, a1, a2, a3}, {b0, b1}, {dk8, dk9, dk10, dk11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk12, dk13, dk14, dk15}, {a0, a1, a2, a3}, {b2, b3}, {dk12, dk13, dk14, dk15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk28, dk29, dk30, dk31}, {a4, a5, a6, a7}, {b0, b1}, {dk28, dk29, dk30, dk31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk32, dk33, dk34, dk35}, {a4, a5, a6, a7}, {b2, b3}, {dk32, dk33, dk34, dk35};
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {b0, b1}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk16, dk17, dk18, dk19}, {a0, a1, a2, a3}, {b0, b1}, {dk16, dk17, dk18, dk19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk36, dk37, dk38, dk39}, {a4, a5, a6, a7}, {b0, b1}, {dk36, dk37, dk38, dk39};
        }
        """, queries, gradients);

    public static void StoreKeys(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, dk0, %1; mul.f32 high, dk1, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dk4, %1; mul.f32 high, dk5, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dk8, %1; mul.f32 high, dk9, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, dk12, %1; mul.f32 high, dk13, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, dk16, %1; mul.f32 high, dk17, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dk2, %1; mul.f32 high, dk3, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+768], pair;
        mul.f32 low, dk6, %1; mul.f32 high, dk7, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+768], pair;
        mul.f32 low, dk10, %1; mul.f32 high, dk11, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+800], pair;
        mul.f32 low, dk14, %1; mul.f32 high, dk15, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+800], pair;
        mul.f32 low, dk18, %1; mul.f32 high, dk19, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+832], pair;
        mul.f32 low, dk20, %1; mul.f32 high, dk21, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1536], pair;
        mul.f32 low, dk24, %1; mul.f32 high, dk25, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1536], pair;
        mul.f32 low, dk28, %1; mul.f32 high, dk29, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1568], pair;
        mul.f32 low, dk32, %1; mul.f32 high, dk33, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1568], pair;
        mul.f32 low, dk36, %1; mul.f32 high, dk37, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1600], pair;
        mul.f32 low, dk22, %1; mul.f32 high, dk23, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2304], pair;
        mul.f32 low, dk26, %1; mul.f32 high, dk27, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2304], pair;
        mul.f32 low, dk30, %1; mul.f32 high, dk31, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2336], pair;
        mul.f32 low, dk34, %1; mul.f32 high, dk35, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2336], pair;
        mul.f32 low, dk38, %1; mul.f32 high, dk39, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2368], pair;
        }
        """, at, factor);

    public static void StoreValues(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        cvt.rn.f16x2.f32 pair, dv1, dv0; st.shared.b32 [at0+0], pair;
        cvt.rn.f16x2.f32 pair, dv5, dv4; st.shared.b32 [at1+0], pair;
        cvt.rn.f16x2.f32 pair, dv9, dv8; st.shared.b32 [at0+32], pair;
        cvt.rn.f16x2.f32 pair, dv13, dv12; st.shared.b32 [at1+32], pair;
        cvt.rn.f16x2.f32 pair, dv17, dv16; st.shared.b32 [at0+64], pair;
        cvt.rn.f16x2.f32 pair, dv3, dv2; st.shared.b32 [at0+768], pair;
        cvt.rn.f16x2.f32 pair, dv7, dv6; st.shared.b32 [at1+768], pair;
        cvt.rn.f16x2.f32 pair, dv11, dv10; st.shared.b32 [at0+800], pair;
        cvt.rn.f16x2.f32 pair, dv15, dv14; st.shared.b32 [at1+800], pair;
        cvt.rn.f16x2.f32 pair, dv19, dv18; st.shared.b32 [at0+832], pair;
        cvt.rn.f16x2.f32 pair, dv21, dv20; st.shared.b32 [at0+1536], pair;
        cvt.rn.f16x2.f32 pair, dv25, dv24; st.shared.b32 [at1+1536], pair;
        cvt.rn.f16x2.f32 pair, dv29, dv28; st.shared.b32 [at0+1568], pair;
        cvt.rn.f16x2.f32 pair, dv33, dv32; st.shared.b32 [at1+1568], pair;
        cvt.rn.f16x2.f32 pair, dv37, dv36; st.shared.b32 [at0+1600], pair;
        cvt.rn.f16x2.f32 pair, dv23, dv22; st.shared.b32 [at0+2304], pair;
        cvt.rn.f16x2.f32 pair, dv27, dv26; st.shared.b32 [at1+2304], pair;
        cvt.rn.f16x2.f32 pair, dv31, dv30; st.shared.b32 [at0+2336], pair;
        cvt.rn.f16x2.f32 pair, dv35, dv34; st.shared.b32 [at1+2336], pair;
        cvt.rn.f16x2.f32 pair, dv39, dv38; st.shared.b32 [at0+2368], pair;
        }
        """, at);
}

/// <summary>dk and dv of heads up to 80, bf16: 64 keys against blocks of 32 queries, 4 stages.</summary>
//          32 of a block's 32 queries          80 columns of dk and dv
//      +----------------------------------+----------------------------------+
// w0   | s0..15, 4 parts of 16x8          | dk0..39, 10 parts of 16x8        | keys 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | keys 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | keys 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | keys 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct KeyGradient80BF16 : ITensorCoreKeyGradientTile
{
    public static int Chunks => 10;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 32;

    public static int Stages => 4;

    public static int StatisticBytes => 256;

    public static bool GivesKeys => true;

    public static bool GivesValues => true;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<3>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<20>;
        .reg .f32 s<16>;
        .reg .b32 second<20>; .reg .f32 g<16>;
        .reg .f32 dk<40>;
        mov.f32 dk0, 0f00000000; mov.f32 dk1, 0f00000000; mov.f32 dk2, 0f00000000; mov.f32 dk3, 0f00000000;
        mov.f32 dk4, 0f00000000; mov.f32 dk5, 0f00000000; mov.f32 dk6, 0f00000000; mov.f32 dk7, 0f00000000;
        mov.f32 dk8, 0f00000000; mov.f32 dk9, 0f00000000; mov.f32 dk10, 0f00000000; mov.f32 dk11, 0f00000000;
        mov.f32 dk12, 0f00000000; mov.f32 dk13, 0f00000000; mov.f32 dk14, 0f00000000; mov.f32 dk15, 0f00000000;
        mov.f32 dk16, 0f00000000; mov.f32 dk17, 0f00000000; mov.f32 dk18, 0f00000000; mov.f32 dk19, 0f00000000;
        mov.f32 dk20, 0f00000000; mov.f32 dk21, 0f00000000; mov.f32 dk22, 0f00000000; mov.f32 dk23, 0f00000000;
        mov.f32 dk24, 0f00000000; mov.f32 dk25, 0f00000000; mov.f32 dk26, 0f00000000; mov.f32 dk27, 0f00000000;
        mov.f32 dk28, 0f00000000; mov.f32 dk29, 0f00000000; mov.f32 dk30, 0f00000000; mov.f32 dk31, 0f00000000;
        mov.f32 dk32, 0f00000000; mov.f32 dk33, 0f00000000; mov.f32 dk34, 0f00000000; mov.f32 dk35, 0f00000000;
        mov.f32 dk36, 0f00000000; mov.f32 dk37, 0f00000000; mov.f32 dk38, 0f00000000; mov.f32 dk39, 0f00000000;
        .reg .f32 dv<40>;
        mov.f32 dv0, 0f00000000; mov.f32 dv1, 0f00000000; mov.f32 dv2, 0f00000000; mov.f32 dv3, 0f00000000;
        mov.f32 dv4, 0f00000000; mov.f32 dv5, 0f00000000; mov.f32 dv6, 0f00000000; mov.f32 dv7, 0f00000000;
        mov.f32 dv8, 0f00000000; mov.f32 dv9, 0f00000000; mov.f32 dv10, 0f00000000; mov.f32 dv11, 0f00000000;
        mov.f32 dv12, 0f00000000; mov.f32 dv13, 0f00000000; mov.f32 dv14, 0f00000000; mov.f32 dv15, 0f00000000;
        mov.f32 dv16, 0f00000000; mov.f32 dv17, 0f00000000; mov.f32 dv18, 0f00000000; mov.f32 dv19, 0f00000000;
        mov.f32 dv20, 0f00000000; mov.f32 dv21, 0f00000000; mov.f32 dv22, 0f00000000; mov.f32 dv23, 0f00000000;
        mov.f32 dv24, 0f00000000; mov.f32 dv25, 0f00000000; mov.f32 dv26, 0f00000000; mov.f32 dv27, 0f00000000;
        mov.f32 dv28, 0f00000000; mov.f32 dv29, 0f00000000; mov.f32 dv30, 0f00000000; mov.f32 dv31, 0f00000000;
        mov.f32 dv32, 0f00000000; mov.f32 dv33, 0f00000000; mov.f32 dv34, 0f00000000; mov.f32 dv35, 0f00000000;
        mov.f32 dv36, 0f00000000; mov.f32 dv37, 0f00000000; mov.f32 dv38, 0f00000000; mov.f32 dv39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; @copies cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, count, thread; .reg .pred has, one;
        mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, 32;
        add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;
        @one cp.async.ca.shared.global [to], [%1], 8, count;
        }
        """, to, from, rows);

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+128];
        }
        """, at);

    public static void Products(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second4, second5, second6, second7}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second4, second5, second6, second7}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second8, second9, second10, second11}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second8, second9, second10, second11}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second12, second13, second14, second15}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second12, second13, second14, second15}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second12, second13, second14, second15}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second12, second13, second14, second15}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second16, second17, second18, second19}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second16, second17, second18, second19}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g8, g9, g10, g11}, {second16, second17, second18, second19}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g12, g13, g14, g15}, {second16, second17, second18, second19}, {b2, b3}, {g12, g13, g14, g15};
        }
        """, queries, gradients);

    public static void Hide(int first) => CudaAsm.Emit("""
        { .reg .b32 first; .reg .pred seen;
        add.s32 first, %0, 0; setp.le.s32 seen, first, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.le.s32 seen, first, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.le.s32 seen, first, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.le.s32 seen, first, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.le.s32 seen, first, 25; @!seen mov.f32 s13, 0fFF800000;
        add.s32 first, %0, 8; setp.le.s32 seen, first, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.le.s32 seen, first, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.le.s32 seen, first, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.le.s32 seen, first, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.le.s32 seen, first, 25; @!seen mov.f32 s15, 0fFF800000;
        }
        """, first);

    public static void Gradients(int statistics, float scale) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .f32 lse<2>, delta<2>;
        add.u32 at, atBase, %0;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+0]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s0, s0, %1, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %1, lse1; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta1; mul.f32 g1, g1, s1;
        fma.rn.f32 s2, s2, %1, lse0; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta0; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %1, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+64]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s4, s4, %1, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %1, lse1; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta1; mul.f32 g5, g5, s5;
        fma.rn.f32 s6, s6, %1, lse0; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta0; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %1, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+128]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s8, s8, %1, lse0; ex2.approx.ftz.f32 s8, s8; sub.f32 g8, g8, delta0; mul.f32 g8, g8, s8;
        fma.rn.f32 s9, s9, %1, lse1; ex2.approx.ftz.f32 s9, s9; sub.f32 g9, g9, delta1; mul.f32 g9, g9, s9;
        fma.rn.f32 s10, s10, %1, lse0; ex2.approx.ftz.f32 s10, s10; sub.f32 g10, g10, delta0; mul.f32 g10, g10, s10;
        fma.rn.f32 s11, s11, %1, lse1; ex2.approx.ftz.f32 s11, s11; sub.f32 g11, g11, delta1; mul.f32 g11, g11, s11;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+192]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s12, s12, %1, lse0; ex2.approx.ftz.f32 s12, s12; sub.f32 g12, g12, delta0; mul.f32 g12, g12, s12;
        fma.rn.f32 s13, s13, %1, lse1; ex2.approx.ftz.f32 s13, s13; sub.f32 g13, g13, delta1; mul.f32 g13, g13, s13;
        fma.rn.f32 s14, s14, %1, lse0; ex2.approx.ftz.f32 s14, s14; sub.f32 g14, g14, delta0; mul.f32 g14, g14, s14;
        fma.rn.f32 s15, s15, %1, lse1; ex2.approx.ftz.f32 s15, s15; sub.f32 g15, g15, delta1; mul.f32 g15, g15, s15;
        }
        """, statistics, scale);

    public static void Accumulate(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.bf16x2.f32 a0, s1, s0;
        cvt.rn.bf16x2.f32 a1, s3, s2;
        cvt.rn.bf16x2.f32 a2, s5, s4;
        cvt.rn.bf16x2.f32 a3, s7, s6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv20, dv21, dv22, dv23}, {a0, a1, a2, a3}, {b2, b3}, {dv20, dv21, dv22, dv23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv24, dv25, dv26, dv27}, {a0, a1, a2, a3}, {b0, b1}, {dv24, dv25, dv26, dv27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv28, dv29, dv30, dv31}, {a0, a1, a2, a3}, {b2, b3}, {dv28, dv29, dv30, dv31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv32, dv33, dv34, dv35}, {a0, a1, a2, a3}, {b0, b1}, {dv32, dv33, dv34, dv35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv36, dv37, dv38, dv39}, {a0, a1, a2, a3}, {b2, b3}, {dv36, dv37, dv38, dv39};
        cvt.rn.bf16x2.f32 a0, s9, s8;
        cvt.rn.bf16x2.f32 a1, s11, s10;
        cvt.rn.bf16x2.f32 a2, s13, s12;
        cvt.rn.bf16x2.f32 a3, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv20, dv21, dv22, dv23}, {a0, a1, a2, a3}, {b2, b3}, {dv20, dv21, dv22, dv23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv24, dv25, dv26, dv27}, {a0, a1, a2, a3}, {b0, b1}, {dv24, dv25, dv26, dv27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv28, dv29, dv30, dv31}, {a0, a1, a2, a3}, {b2, b3}, {dv28, dv29, dv30, dv31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv32, dv33, dv34, dv35}, {a0, a1, a2, a3}, {b0, b1}, {dv32, dv33, dv34, dv35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv36, dv37, dv38, dv39}, {a0, a1, a2, a3}, {b2, b3}, {dv36, dv37, dv38, dv39};
        }
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.bf16x2.f32 a0, g1, g0;
        cvt.rn.bf16x2.f32 a1, g3, g2;
        cvt.rn.bf16x2.f32 a2, g5, g4;
        cvt.rn.bf16x2.f32 a3, g7, g6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk0, dk1, dk2, dk3}, {a0, a1, a2, a3}, {b0, b1}, {dk0, dk1, dk2, dk3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk4, dk5, dk6, dk7}, {a0, a1, a2, a3}, {b2, b3}, {dk4, dk5, dk6, dk7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk8, dk9, dk10, dk11}, {a0, a1, a2, a3}, {b0, b1}, {dk8, dk9, dk10, dk11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk12, dk13, dk14, dk15}, {a0, a1, a2, a3}, {b2, b3}, {dk12, dk13, dk14, dk15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk16, dk17, dk18, dk19}, {a0, a1, a2, a3}, {b0, b1}, {dk16, dk17, dk18, dk19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk20, dk21, dk22, dk23}, {a0, a1, a2, a3}, {b2, b3}, {dk20, dk21, dk22, dk23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk24, dk25, dk26, dk27}, {a0, a1, a2, a3}, {b0, b1}, {dk24, dk25, dk26, dk27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk28, dk29, dk30, dk31}, {a0, a1, a2, a3}, {b2, b3}, {dk28, dk29, dk30, dk31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk32, dk33, dk34, dk35}, {a0, a1, a2, a3}, {b0, b1}, {dk32, dk33, dk34, dk35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk36, dk37, dk38, dk39}, {a0, a1, a2, a3}, {b2, b3}, {dk36, dk37, dk38, dk39};
        cvt.rn.bf16x2.f32 a0, g9, g8;
        cvt.rn.bf16x2.f32 a1, g11, g10;
        cvt.rn.bf16x2.f32 a2, g13, g12;
        cvt.rn.bf16x2.f32 a3, g15, g14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk0, dk1, dk2, dk3}, {a0, a1, a2, a3}, {b0, b1}, {dk0, dk1, dk2, dk3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk4, dk5, dk6, dk7}, {a0, a1, a2, a3}, {b2, b3}, {dk4, dk5, dk6, dk7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk8, dk9, dk10, dk11}, {a0, a1, a2, a3}, {b0, b1}, {dk8, dk9, dk10, dk11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk12, dk13, dk14, dk15}, {a0, a1, a2, a3}, {b2, b3}, {dk12, dk13, dk14, dk15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk16, dk17, dk18, dk19}, {a0, a1, a2, a3}, {b0, b1}, {dk16, dk17, dk18, dk19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk20, dk21, dk22, dk23}, {a0, a1, a2, a3}, {b2, b3}, {dk20, dk21, dk22, dk23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk24, dk25, dk26, dk27}, {a0, a1, a2, a3}, {b0, b1}, {dk24, dk25, dk26, dk27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk28, dk29, dk30, dk31}, {a0, a1, a2, a3}, {b2, b3}, {dk28, dk29, dk30, dk31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk32, dk33, dk34, dk35}, {a0, a1, a2, a3}, {b0, b1}, {dk32, dk33, dk34, dk35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk36, dk37, dk38, dk39}, {a0, a1, a2, a3}, {b2, b3}, {dk36, dk37, dk38, dk39};
        }
        """, queries, gradients);

    public static void StoreKeys(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, dk0, %1; mul.f32 high, dk1, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dk4, %1; mul.f32 high, dk5, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dk8, %1; mul.f32 high, dk9, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, dk12, %1; mul.f32 high, dk13, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, dk16, %1; mul.f32 high, dk17, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dk20, %1; mul.f32 high, dk21, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, dk24, %1; mul.f32 high, dk25, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+96], pair;
        mul.f32 low, dk28, %1; mul.f32 high, dk29, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+96], pair;
        mul.f32 low, dk32, %1; mul.f32 high, dk33, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, dk36, %1; mul.f32 high, dk37, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, dk2, %1; mul.f32 high, dk3, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1280], pair;
        mul.f32 low, dk6, %1; mul.f32 high, dk7, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1280], pair;
        mul.f32 low, dk10, %1; mul.f32 high, dk11, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1312], pair;
        mul.f32 low, dk14, %1; mul.f32 high, dk15, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1312], pair;
        mul.f32 low, dk18, %1; mul.f32 high, dk19, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1344], pair;
        mul.f32 low, dk22, %1; mul.f32 high, dk23, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1344], pair;
        mul.f32 low, dk26, %1; mul.f32 high, dk27, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1376], pair;
        mul.f32 low, dk30, %1; mul.f32 high, dk31, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1376], pair;
        mul.f32 low, dk34, %1; mul.f32 high, dk35, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+1408], pair;
        mul.f32 low, dk38, %1; mul.f32 high, dk39, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+1408], pair;
        }
        """, at, factor);

    public static void StoreValues(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        cvt.rn.bf16x2.f32 pair, dv1, dv0; st.shared.b32 [at0+0], pair;
        cvt.rn.bf16x2.f32 pair, dv5, dv4; st.shared.b32 [at1+0], pair;
        cvt.rn.bf16x2.f32 pair, dv9, dv8; st.shared.b32 [at0+32], pair;
        cvt.rn.bf16x2.f32 pair, dv13, dv12; st.shared.b32 [at1+32], pair;
        cvt.rn.bf16x2.f32 pair, dv17, dv16; st.shared.b32 [at0+64], pair;
        cvt.rn.bf16x2.f32 pair, dv21, dv20; st.shared.b32 [at1+64], pair;
        cvt.rn.bf16x2.f32 pair, dv25, dv24; st.shared.b32 [at0+96], pair;
        cvt.rn.bf16x2.f32 pair, dv29, dv28; st.shared.b32 [at1+96], pair;
        cvt.rn.bf16x2.f32 pair, dv33, dv32; st.shared.b32 [at0+128], pair;
        cvt.rn.bf16x2.f32 pair, dv37, dv36; st.shared.b32 [at1+128], pair;
        cvt.rn.bf16x2.f32 pair, dv3, dv2; st.shared.b32 [at0+1280], pair;
        cvt.rn.bf16x2.f32 pair, dv7, dv6; st.shared.b32 [at1+1280], pair;
        cvt.rn.bf16x2.f32 pair, dv11, dv10; st.shared.b32 [at0+1312], pair;
        cvt.rn.bf16x2.f32 pair, dv15, dv14; st.shared.b32 [at1+1312], pair;
        cvt.rn.bf16x2.f32 pair, dv19, dv18; st.shared.b32 [at0+1344], pair;
        cvt.rn.bf16x2.f32 pair, dv23, dv22; st.shared.b32 [at1+1344], pair;
        cvt.rn.bf16x2.f32 pair, dv27, dv26; st.shared.b32 [at0+1376], pair;
        cvt.rn.bf16x2.f32 pair, dv31, dv30; st.shared.b32 [at1+1376], pair;
        cvt.rn.bf16x2.f32 pair, dv35, dv34; st.shared.b32 [at0+1408], pair;
        cvt.rn.bf16x2.f32 pair, dv39, dv38; st.shared.b32 [at1+1408], pair;
        }
        """, at);
}

/// <summary>dk and dv of heads up to 80, f16: 64 keys against blocks of 32 queries, 4 stages.</summary>
//          32 of a block's 32 queries          80 columns of dk and dv
//      +----------------------------------+----------------------------------+
// w0   | s0..15, 4 parts of 16x8          | dk0..39, 10 parts of 16x8        | keys 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | keys 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | keys 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | keys 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct KeyGradient80F16 : ITensorCoreKeyGradientTile
{
    public static int Chunks => 10;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 32;

    public static int Stages => 4;

    public static int StatisticBytes => 256;

    public static bool GivesKeys => true;

    public static bool GivesValues => true;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<3>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<20>;
        .reg .f32 s<16>;
        .reg .b32 second<20>; .reg .f32 g<16>;
        .reg .f32 dk<40>;
        mov.f32 dk0, 0f00000000; mov.f32 dk1, 0f00000000; mov.f32 dk2, 0f00000000; mov.f32 dk3, 0f00000000;
        mov.f32 dk4, 0f00000000; mov.f32 dk5, 0f00000000; mov.f32 dk6, 0f00000000; mov.f32 dk7, 0f00000000;
        mov.f32 dk8, 0f00000000; mov.f32 dk9, 0f00000000; mov.f32 dk10, 0f00000000; mov.f32 dk11, 0f00000000;
        mov.f32 dk12, 0f00000000; mov.f32 dk13, 0f00000000; mov.f32 dk14, 0f00000000; mov.f32 dk15, 0f00000000;
        mov.f32 dk16, 0f00000000; mov.f32 dk17, 0f00000000; mov.f32 dk18, 0f00000000; mov.f32 dk19, 0f00000000;
        mov.f32 dk20, 0f00000000; mov.f32 dk21, 0f00000000; mov.f32 dk22, 0f00000000; mov.f32 dk23, 0f00000000;
        mov.f32 dk24, 0f00000000; mov.f32 dk25, 0f00000000; mov.f32 dk26, 0f00000000; mov.f32 dk27, 0f00000000;
        mov.f32 dk28, 0f00000000; mov.f32 dk29, 0f00000000; mov.f32 dk30, 0f00000000; mov.f32 dk31, 0f00000000;
        mov.f32 dk32, 0f00000000; mov.f32 dk33, 0f00000000; mov.f32 dk34, 0f00000000; mov.f32 dk35, 0f00000000;
        mov.f32 dk36, 0f00000000; mov.f32 dk37, 0f00000000; mov.f32 dk38, 0f00000000; mov.f32 dk39, 0f00000000;
        .reg .f32 dv<40>;
        mov.f32 dv0, 0f00000000; mov.f32 dv1, 0f00000000; mov.f32 dv2, 0f00000000; mov.f32 dv3, 0f00000000;
        mov.f32 dv4, 0f00000000; mov.f32 dv5, 0f00000000; mov.f32 dv6, 0f00000000; mov.f32 dv7, 0f00000000;
        mov.f32 dv8, 0f00000000; mov.f32 dv9, 0f00000000; mov.f32 dv10, 0f00000000; mov.f32 dv11, 0f00000000;
        mov.f32 dv12, 0f00000000; mov.f32 dv13, 0f00000000; mov.f32 dv14, 0f00000000; mov.f32 dv15, 0f00000000;
        mov.f32 dv16, 0f00000000; mov.f32 dv17, 0f00000000; mov.f32 dv18, 0f00000000; mov.f32 dv19, 0f00000000;
        mov.f32 dv20, 0f00000000; mov.f32 dv21, 0f00000000; mov.f32 dv22, 0f00000000; mov.f32 dv23, 0f00000000;
        mov.f32 dv24, 0f00000000; mov.f32 dv25, 0f00000000; mov.f32 dv26, 0f00000000; mov.f32 dv27, 0f00000000;
        mov.f32 dv28, 0f00000000; mov.f32 dv29, 0f00000000; mov.f32 dv30, 0f00000000; mov.f32 dv31, 0f00000000;
        mov.f32 dv32, 0f00000000; mov.f32 dv33, 0f00000000; mov.f32 dv34, 0f00000000; mov.f32 dv35, 0f00000000;
        mov.f32 dv36, 0f00000000; mov.f32 dv37, 0f00000000; mov.f32 dv38, 0f00000000; mov.f32 dv39, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; and.b32 thread, thread, 3; setp.lt.u32 copies, thread, 2; }
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; @copies cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, count, thread; .reg .pred has, one;
        mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, 32;
        add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;
        @one cp.async.ca.shared.global [to], [%1], 8, count;
        }
        """, to, from, rows);

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at0+32];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at0+96];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+128];
        }
        """, at);

    public static void Products(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second4, second5, second6, second7}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second4, second5, second6, second7}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second8, second9, second10, second11}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second8, second9, second10, second11}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second12, second13, second14, second15}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second12, second13, second14, second15}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second12, second13, second14, second15}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second12, second13, second14, second15}, {b2, b3}, {g12, g13, g14, g15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second16, second17, second18, second19}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second16, second17, second18, second19}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g8, g9, g10, g11}, {second16, second17, second18, second19}, {b0, b1}, {g8, g9, g10, g11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g12, g13, g14, g15}, {second16, second17, second18, second19}, {b2, b3}, {g12, g13, g14, g15};
        }
        """, queries, gradients);

    public static void Hide(int first) => CudaAsm.Emit("""
        { .reg .b32 first; .reg .pred seen;
        add.s32 first, %0, 0; setp.le.s32 seen, first, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.le.s32 seen, first, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.le.s32 seen, first, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.le.s32 seen, first, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.le.s32 seen, first, 25; @!seen mov.f32 s13, 0fFF800000;
        add.s32 first, %0, 8; setp.le.s32 seen, first, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.le.s32 seen, first, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.le.s32 seen, first, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.le.s32 seen, first, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.le.s32 seen, first, 25; @!seen mov.f32 s15, 0fFF800000;
        }
        """, first);

    public static void Gradients(int statistics, float scale) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .f32 lse<2>, delta<2>;
        add.u32 at, atBase, %0;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+0]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s0, s0, %1, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %1, lse1; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta1; mul.f32 g1, g1, s1;
        fma.rn.f32 s2, s2, %1, lse0; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta0; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %1, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+64]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s4, s4, %1, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %1, lse1; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta1; mul.f32 g5, g5, s5;
        fma.rn.f32 s6, s6, %1, lse0; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta0; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %1, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+128]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s8, s8, %1, lse0; ex2.approx.ftz.f32 s8, s8; sub.f32 g8, g8, delta0; mul.f32 g8, g8, s8;
        fma.rn.f32 s9, s9, %1, lse1; ex2.approx.ftz.f32 s9, s9; sub.f32 g9, g9, delta1; mul.f32 g9, g9, s9;
        fma.rn.f32 s10, s10, %1, lse0; ex2.approx.ftz.f32 s10, s10; sub.f32 g10, g10, delta0; mul.f32 g10, g10, s10;
        fma.rn.f32 s11, s11, %1, lse1; ex2.approx.ftz.f32 s11, s11; sub.f32 g11, g11, delta1; mul.f32 g11, g11, s11;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+192]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s12, s12, %1, lse0; ex2.approx.ftz.f32 s12, s12; sub.f32 g12, g12, delta0; mul.f32 g12, g12, s12;
        fma.rn.f32 s13, s13, %1, lse1; ex2.approx.ftz.f32 s13, s13; sub.f32 g13, g13, delta1; mul.f32 g13, g13, s13;
        fma.rn.f32 s14, s14, %1, lse0; ex2.approx.ftz.f32 s14, s14; sub.f32 g14, g14, delta0; mul.f32 g14, g14, s14;
        fma.rn.f32 s15, s15, %1, lse1; ex2.approx.ftz.f32 s15, s15; sub.f32 g15, g15, delta1; mul.f32 g15, g15, s15;
        }
        """, statistics, scale);

    public static void Accumulate(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %1;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.f16x2.f32 a0, s1, s0;
        cvt.rn.f16x2.f32 a1, s3, s2;
        cvt.rn.f16x2.f32 a2, s5, s4;
        cvt.rn.f16x2.f32 a3, s7, s6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv20, dv21, dv22, dv23}, {a0, a1, a2, a3}, {b2, b3}, {dv20, dv21, dv22, dv23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv24, dv25, dv26, dv27}, {a0, a1, a2, a3}, {b0, b1}, {dv24, dv25, dv26, dv27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv28, dv29, dv30, dv31}, {a0, a1, a2, a3}, {b2, b3}, {dv28, dv29, dv30, dv31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv32, dv33, dv34, dv35}, {a0, a1, a2, a3}, {b0, b1}, {dv32, dv33, dv34, dv35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv36, dv37, dv38, dv39}, {a0, a1, a2, a3}, {b2, b3}, {dv36, dv37, dv38, dv39};
        cvt.rn.f16x2.f32 a0, s9, s8;
        cvt.rn.f16x2.f32 a1, s11, s10;
        cvt.rn.f16x2.f32 a2, s13, s12;
        cvt.rn.f16x2.f32 a3, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv20, dv21, dv22, dv23}, {a0, a1, a2, a3}, {b2, b3}, {dv20, dv21, dv22, dv23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv24, dv25, dv26, dv27}, {a0, a1, a2, a3}, {b0, b1}, {dv24, dv25, dv26, dv27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv28, dv29, dv30, dv31}, {a0, a1, a2, a3}, {b2, b3}, {dv28, dv29, dv30, dv31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv32, dv33, dv34, dv35}, {a0, a1, a2, a3}, {b0, b1}, {dv32, dv33, dv34, dv35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv36, dv37, dv38, dv39}, {a0, a1, a2, a3}, {b2, b3}, {dv36, dv37, dv38, dv39};
        }
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        cvt.rn.f16x2.f32 a0, g1, g0;
        cvt.rn.f16x2.f32 a1, g3, g2;
        cvt.rn.f16x2.f32 a2, g5, g4;
        cvt.rn.f16x2.f32 a3, g7, g6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk0, dk1, dk2, dk3}, {a0, a1, a2, a3}, {b0, b1}, {dk0, dk1, dk2, dk3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk4, dk5, dk6, dk7}, {a0, a1, a2, a3}, {b2, b3}, {dk4, dk5, dk6, dk7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+32];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk8, dk9, dk10, dk11}, {a0, a1, a2, a3}, {b0, b1}, {dk8, dk9, dk10, dk11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk12, dk13, dk14, dk15}, {a0, a1, a2, a3}, {b2, b3}, {dk12, dk13, dk14, dk15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk16, dk17, dk18, dk19}, {a0, a1, a2, a3}, {b0, b1}, {dk16, dk17, dk18, dk19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk20, dk21, dk22, dk23}, {a0, a1, a2, a3}, {b2, b3}, {dk20, dk21, dk22, dk23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+96];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk24, dk25, dk26, dk27}, {a0, a1, a2, a3}, {b0, b1}, {dk24, dk25, dk26, dk27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk28, dk29, dk30, dk31}, {a0, a1, a2, a3}, {b2, b3}, {dk28, dk29, dk30, dk31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk32, dk33, dk34, dk35}, {a0, a1, a2, a3}, {b0, b1}, {dk32, dk33, dk34, dk35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk36, dk37, dk38, dk39}, {a0, a1, a2, a3}, {b2, b3}, {dk36, dk37, dk38, dk39};
        cvt.rn.f16x2.f32 a0, g9, g8;
        cvt.rn.f16x2.f32 a1, g11, g10;
        cvt.rn.f16x2.f32 a2, g13, g12;
        cvt.rn.f16x2.f32 a3, g15, g14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2560];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk0, dk1, dk2, dk3}, {a0, a1, a2, a3}, {b0, b1}, {dk0, dk1, dk2, dk3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk4, dk5, dk6, dk7}, {a0, a1, a2, a3}, {b2, b3}, {dk4, dk5, dk6, dk7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2592];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk8, dk9, dk10, dk11}, {a0, a1, a2, a3}, {b0, b1}, {dk8, dk9, dk10, dk11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk12, dk13, dk14, dk15}, {a0, a1, a2, a3}, {b2, b3}, {dk12, dk13, dk14, dk15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2624];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk16, dk17, dk18, dk19}, {a0, a1, a2, a3}, {b0, b1}, {dk16, dk17, dk18, dk19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk20, dk21, dk22, dk23}, {a0, a1, a2, a3}, {b2, b3}, {dk20, dk21, dk22, dk23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2656];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk24, dk25, dk26, dk27}, {a0, a1, a2, a3}, {b0, b1}, {dk24, dk25, dk26, dk27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk28, dk29, dk30, dk31}, {a0, a1, a2, a3}, {b2, b3}, {dk28, dk29, dk30, dk31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+2688];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk32, dk33, dk34, dk35}, {a0, a1, a2, a3}, {b0, b1}, {dk32, dk33, dk34, dk35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk36, dk37, dk38, dk39}, {a0, a1, a2, a3}, {b2, b3}, {dk36, dk37, dk38, dk39};
        }
        """, queries, gradients);

    public static void StoreKeys(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        mul.f32 low, dk0, %1; mul.f32 high, dk1, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dk4, %1; mul.f32 high, dk5, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dk8, %1; mul.f32 high, dk9, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+32], pair;
        mul.f32 low, dk12, %1; mul.f32 high, dk13, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+32], pair;
        mul.f32 low, dk16, %1; mul.f32 high, dk17, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dk20, %1; mul.f32 high, dk21, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, dk24, %1; mul.f32 high, dk25, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+96], pair;
        mul.f32 low, dk28, %1; mul.f32 high, dk29, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+96], pair;
        mul.f32 low, dk32, %1; mul.f32 high, dk33, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, dk36, %1; mul.f32 high, dk37, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, dk2, %1; mul.f32 high, dk3, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1280], pair;
        mul.f32 low, dk6, %1; mul.f32 high, dk7, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1280], pair;
        mul.f32 low, dk10, %1; mul.f32 high, dk11, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1312], pair;
        mul.f32 low, dk14, %1; mul.f32 high, dk15, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1312], pair;
        mul.f32 low, dk18, %1; mul.f32 high, dk19, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1344], pair;
        mul.f32 low, dk22, %1; mul.f32 high, dk23, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1344], pair;
        mul.f32 low, dk26, %1; mul.f32 high, dk27, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1376], pair;
        mul.f32 low, dk30, %1; mul.f32 high, dk31, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1376], pair;
        mul.f32 low, dk34, %1; mul.f32 high, dk35, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+1408], pair;
        mul.f32 low, dk38, %1; mul.f32 high, dk39, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+1408], pair;
        }
        """, at, factor);

    public static void StoreValues(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        cvt.rn.f16x2.f32 pair, dv1, dv0; st.shared.b32 [at0+0], pair;
        cvt.rn.f16x2.f32 pair, dv5, dv4; st.shared.b32 [at1+0], pair;
        cvt.rn.f16x2.f32 pair, dv9, dv8; st.shared.b32 [at0+32], pair;
        cvt.rn.f16x2.f32 pair, dv13, dv12; st.shared.b32 [at1+32], pair;
        cvt.rn.f16x2.f32 pair, dv17, dv16; st.shared.b32 [at0+64], pair;
        cvt.rn.f16x2.f32 pair, dv21, dv20; st.shared.b32 [at1+64], pair;
        cvt.rn.f16x2.f32 pair, dv25, dv24; st.shared.b32 [at0+96], pair;
        cvt.rn.f16x2.f32 pair, dv29, dv28; st.shared.b32 [at1+96], pair;
        cvt.rn.f16x2.f32 pair, dv33, dv32; st.shared.b32 [at0+128], pair;
        cvt.rn.f16x2.f32 pair, dv37, dv36; st.shared.b32 [at1+128], pair;
        cvt.rn.f16x2.f32 pair, dv3, dv2; st.shared.b32 [at0+1280], pair;
        cvt.rn.f16x2.f32 pair, dv7, dv6; st.shared.b32 [at1+1280], pair;
        cvt.rn.f16x2.f32 pair, dv11, dv10; st.shared.b32 [at0+1312], pair;
        cvt.rn.f16x2.f32 pair, dv15, dv14; st.shared.b32 [at1+1312], pair;
        cvt.rn.f16x2.f32 pair, dv19, dv18; st.shared.b32 [at0+1344], pair;
        cvt.rn.f16x2.f32 pair, dv23, dv22; st.shared.b32 [at1+1344], pair;
        cvt.rn.f16x2.f32 pair, dv27, dv26; st.shared.b32 [at0+1376], pair;
        cvt.rn.f16x2.f32 pair, dv31, dv30; st.shared.b32 [at1+1376], pair;
        cvt.rn.f16x2.f32 pair, dv35, dv34; st.shared.b32 [at0+1408], pair;
        cvt.rn.f16x2.f32 pair, dv39, dv38; st.shared.b32 [at1+1408], pair;
        }
        """, at);
}

/// <summary>dk of heads up to 160, bf16: 64 keys against blocks of 32 queries, 2 stages.</summary>
//          16 of a block's 32 queries          160 columns of dk
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dk0..79, 20 parts of 16x8        | keys 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | keys 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | keys 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | keys 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct KeyGradient160BF16 : ITensorCoreKeyGradientTile
{
    public static int Chunks => 20;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 16;

    public static int Stages => 2;

    public static int StatisticBytes => 256;

    public static bool GivesKeys => true;

    public static bool GivesValues => false;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<5>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<8>;
        .reg .b32 second<40>; .reg .f32 g<8>;
        .reg .f32 dk<80>;
        mov.f32 dk0, 0f00000000; mov.f32 dk1, 0f00000000; mov.f32 dk2, 0f00000000; mov.f32 dk3, 0f00000000;
        mov.f32 dk4, 0f00000000; mov.f32 dk5, 0f00000000; mov.f32 dk6, 0f00000000; mov.f32 dk7, 0f00000000;
        mov.f32 dk8, 0f00000000; mov.f32 dk9, 0f00000000; mov.f32 dk10, 0f00000000; mov.f32 dk11, 0f00000000;
        mov.f32 dk12, 0f00000000; mov.f32 dk13, 0f00000000; mov.f32 dk14, 0f00000000; mov.f32 dk15, 0f00000000;
        mov.f32 dk16, 0f00000000; mov.f32 dk17, 0f00000000; mov.f32 dk18, 0f00000000; mov.f32 dk19, 0f00000000;
        mov.f32 dk20, 0f00000000; mov.f32 dk21, 0f00000000; mov.f32 dk22, 0f00000000; mov.f32 dk23, 0f00000000;
        mov.f32 dk24, 0f00000000; mov.f32 dk25, 0f00000000; mov.f32 dk26, 0f00000000; mov.f32 dk27, 0f00000000;
        mov.f32 dk28, 0f00000000; mov.f32 dk29, 0f00000000; mov.f32 dk30, 0f00000000; mov.f32 dk31, 0f00000000;
        mov.f32 dk32, 0f00000000; mov.f32 dk33, 0f00000000; mov.f32 dk34, 0f00000000; mov.f32 dk35, 0f00000000;
        mov.f32 dk36, 0f00000000; mov.f32 dk37, 0f00000000; mov.f32 dk38, 0f00000000; mov.f32 dk39, 0f00000000;
        mov.f32 dk40, 0f00000000; mov.f32 dk41, 0f00000000; mov.f32 dk42, 0f00000000; mov.f32 dk43, 0f00000000;
        mov.f32 dk44, 0f00000000; mov.f32 dk45, 0f00000000; mov.f32 dk46, 0f00000000; mov.f32 dk47, 0f00000000;
        mov.f32 dk48, 0f00000000; mov.f32 dk49, 0f00000000; mov.f32 dk50, 0f00000000; mov.f32 dk51, 0f00000000;
        mov.f32 dk52, 0f00000000; mov.f32 dk53, 0f00000000; mov.f32 dk54, 0f00000000; mov.f32 dk55, 0f00000000;
        mov.f32 dk56, 0f00000000; mov.f32 dk57, 0f00000000; mov.f32 dk58, 0f00000000; mov.f32 dk59, 0f00000000;
        mov.f32 dk60, 0f00000000; mov.f32 dk61, 0f00000000; mov.f32 dk62, 0f00000000; mov.f32 dk63, 0f00000000;
        mov.f32 dk64, 0f00000000; mov.f32 dk65, 0f00000000; mov.f32 dk66, 0f00000000; mov.f32 dk67, 0f00000000;
        mov.f32 dk68, 0f00000000; mov.f32 dk69, 0f00000000; mov.f32 dk70, 0f00000000; mov.f32 dk71, 0f00000000;
        mov.f32 dk72, 0f00000000; mov.f32 dk73, 0f00000000; mov.f32 dk74, 0f00000000; mov.f32 dk75, 0f00000000;
        mov.f32 dk76, 0f00000000; mov.f32 dk77, 0f00000000; mov.f32 dk78, 0f00000000; mov.f32 dk79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        setp.gt.s32 exists3, %3, 12;
        setp.gt.s32 exists4, %3, 16;
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        selp.b32 count, all, 0, exists3; cp.async.cg.shared.global.L2::128B [to+192], [from+192], 16, count;
        selp.b32 count, all, 0, exists4; cp.async.cg.shared.global.L2::128B [to+256], [from+256], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, count, thread; .reg .pred has, one;
        mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, 32;
        add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;
        @one cp.async.ca.shared.global [to], [%1], 8, count;
        }
        """, to, from, rows);

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at2+256];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second24, second25, second26, second27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second28, second29, second30, second31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second32, second33, second34, second35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second36, second37, second38, second39}, [at2+256];
        }
        """, at);

    public static void Products(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first20, first21, first22, first23}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first20, first21, first22, first23}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first24, first25, first26, first27}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first24, first25, first26, first27}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first28, first29, first30, first31}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first28, first29, first30, first31}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first32, first33, first34, first35}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first32, first33, first34, first35}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first36, first37, first38, first39}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first36, first37, first38, first39}, {b2, b3}, {s4, s5, s6, s7};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second12, second13, second14, second15}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second12, second13, second14, second15}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second16, second17, second18, second19}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second16, second17, second18, second19}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second20, second21, second22, second23}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second20, second21, second22, second23}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second24, second25, second26, second27}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second24, second25, second26, second27}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second28, second29, second30, second31}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second28, second29, second30, second31}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second32, second33, second34, second35}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second32, second33, second34, second35}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g0, g1, g2, g3}, {second36, second37, second38, second39}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {g4, g5, g6, g7}, {second36, second37, second38, second39}, {b2, b3}, {g4, g5, g6, g7};
        }
        """, queries, gradients);

    public static void Hide(int first) => CudaAsm.Emit("""
        { .reg .b32 first; .reg .pred seen;
        add.s32 first, %0, 0; setp.le.s32 seen, first, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 first, %0, 8; setp.le.s32 seen, first, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s7, 0fFF800000;
        }
        """, first);

    public static void Gradients(int statistics, float scale) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .f32 lse<2>, delta<2>;
        add.u32 at, atBase, %0;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+0]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s0, s0, %1, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %1, lse1; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta1; mul.f32 g1, g1, s1;
        fma.rn.f32 s2, s2, %1, lse0; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta0; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %1, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+64]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s4, s4, %1, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %1, lse1; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta1; mul.f32 g5, g5, s5;
        fma.rn.f32 s6, s6, %1, lse0; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta0; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %1, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        }
        """, statistics, scale);

    public static void Accumulate(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atRowsFirst, 32; add.u32 at2, at2, to;
        cvt.rn.bf16x2.f32 a0, g1, g0;
        cvt.rn.bf16x2.f32 a1, g3, g2;
        cvt.rn.bf16x2.f32 a2, g5, g4;
        cvt.rn.bf16x2.f32 a3, g7, g6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk0, dk1, dk2, dk3}, {a0, a1, a2, a3}, {b0, b1}, {dk0, dk1, dk2, dk3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk4, dk5, dk6, dk7}, {a0, a1, a2, a3}, {b2, b3}, {dk4, dk5, dk6, dk7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk8, dk9, dk10, dk11}, {a0, a1, a2, a3}, {b0, b1}, {dk8, dk9, dk10, dk11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk12, dk13, dk14, dk15}, {a0, a1, a2, a3}, {b2, b3}, {dk12, dk13, dk14, dk15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk16, dk17, dk18, dk19}, {a0, a1, a2, a3}, {b0, b1}, {dk16, dk17, dk18, dk19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk20, dk21, dk22, dk23}, {a0, a1, a2, a3}, {b2, b3}, {dk20, dk21, dk22, dk23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk24, dk25, dk26, dk27}, {a0, a1, a2, a3}, {b0, b1}, {dk24, dk25, dk26, dk27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk28, dk29, dk30, dk31}, {a0, a1, a2, a3}, {b2, b3}, {dk28, dk29, dk30, dk31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk32, dk33, dk34, dk35}, {a0, a1, a2, a3}, {b0, b1}, {dk32, dk33, dk34, dk35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk36, dk37, dk38, dk39}, {a0, a1, a2, a3}, {b2, b3}, {dk36, dk37, dk38, dk39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk40, dk41, dk42, dk43}, {a0, a1, a2, a3}, {b0, b1}, {dk40, dk41, dk42, dk43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk44, dk45, dk46, dk47}, {a0, a1, a2, a3}, {b2, b3}, {dk44, dk45, dk46, dk47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk48, dk49, dk50, dk51}, {a0, a1, a2, a3}, {b0, b1}, {dk48, dk49, dk50, dk51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk52, dk53, dk54, dk55}, {a0, a1, a2, a3}, {b2, b3}, {dk52, dk53, dk54, dk55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk56, dk57, dk58, dk59}, {a0, a1, a2, a3}, {b0, b1}, {dk56, dk57, dk58, dk59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk60, dk61, dk62, dk63}, {a0, a1, a2, a3}, {b2, b3}, {dk60, dk61, dk62, dk63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk64, dk65, dk66, dk67}, {a0, a1, a2, a3}, {b0, b1}, {dk64, dk65, dk66, dk67};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk68, dk69, dk70, dk71}, {a0, a1, a2, a3}, {b2, b3}, {dk68, dk69, dk70, dk71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk72, dk73, dk74, dk75}, {a0, a1, a2, a3}, {b0, b1}, {dk72, dk73, dk74, dk75};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dk76, dk77, dk78, dk79}, {a0, a1, a2, a3}, {b2, b3}, {dk76, dk77, dk78, dk79};
        }
        """, queries, gradients);

    public static void StoreKeys(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, at2, at3, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        xor.b32 at3, %0, 48; add.u32 at3, at3, to;
        mul.f32 low, dk0, %1; mul.f32 high, dk1, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dk4, %1; mul.f32 high, dk5, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dk8, %1; mul.f32 high, dk9, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+0], pair;
        mul.f32 low, dk12, %1; mul.f32 high, dk13, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+0], pair;
        mul.f32 low, dk16, %1; mul.f32 high, dk17, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dk20, %1; mul.f32 high, dk21, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, dk24, %1; mul.f32 high, dk25, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+64], pair;
        mul.f32 low, dk28, %1; mul.f32 high, dk29, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+64], pair;
        mul.f32 low, dk32, %1; mul.f32 high, dk33, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, dk36, %1; mul.f32 high, dk37, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, dk40, %1; mul.f32 high, dk41, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+128], pair;
        mul.f32 low, dk44, %1; mul.f32 high, dk45, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+128], pair;
        mul.f32 low, dk48, %1; mul.f32 high, dk49, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+192], pair;
        mul.f32 low, dk52, %1; mul.f32 high, dk53, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+192], pair;
        mul.f32 low, dk56, %1; mul.f32 high, dk57, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+192], pair;
        mul.f32 low, dk60, %1; mul.f32 high, dk61, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+192], pair;
        mul.f32 low, dk64, %1; mul.f32 high, dk65, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+256], pair;
        mul.f32 low, dk68, %1; mul.f32 high, dk69, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+256], pair;
        mul.f32 low, dk72, %1; mul.f32 high, dk73, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+256], pair;
        mul.f32 low, dk76, %1; mul.f32 high, dk77, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+256], pair;
        mul.f32 low, dk2, %1; mul.f32 high, dk3, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2560], pair;
        mul.f32 low, dk6, %1; mul.f32 high, dk7, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2560], pair;
        mul.f32 low, dk10, %1; mul.f32 high, dk11, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2560], pair;
        mul.f32 low, dk14, %1; mul.f32 high, dk15, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2560], pair;
        mul.f32 low, dk18, %1; mul.f32 high, dk19, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2624], pair;
        mul.f32 low, dk22, %1; mul.f32 high, dk23, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2624], pair;
        mul.f32 low, dk26, %1; mul.f32 high, dk27, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2624], pair;
        mul.f32 low, dk30, %1; mul.f32 high, dk31, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2624], pair;
        mul.f32 low, dk34, %1; mul.f32 high, dk35, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2688], pair;
        mul.f32 low, dk38, %1; mul.f32 high, dk39, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2688], pair;
        mul.f32 low, dk42, %1; mul.f32 high, dk43, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2688], pair;
        mul.f32 low, dk46, %1; mul.f32 high, dk47, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2688], pair;
        mul.f32 low, dk50, %1; mul.f32 high, dk51, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2752], pair;
        mul.f32 low, dk54, %1; mul.f32 high, dk55, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2752], pair;
        mul.f32 low, dk58, %1; mul.f32 high, dk59, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2752], pair;
        mul.f32 low, dk62, %1; mul.f32 high, dk63, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2752], pair;
        mul.f32 low, dk66, %1; mul.f32 high, dk67, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at0+2816], pair;
        mul.f32 low, dk70, %1; mul.f32 high, dk71, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at1+2816], pair;
        mul.f32 low, dk74, %1; mul.f32 high, dk75, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at2+2816], pair;
        mul.f32 low, dk78, %1; mul.f32 high, dk79, %1; cvt.rn.bf16x2.f32 pair, high, low; st.shared.b32 [at3+2816], pair;
        }
        """, at, factor);

    public static void StoreValues(int at)
    {
    }
}

/// <summary>dk of heads up to 160, f16: 64 keys against blocks of 32 queries, 2 stages.</summary>
//          16 of a block's 32 queries          160 columns of dk
//      +----------------------------------+----------------------------------+
// w0   | s0..7, 2 parts of 16x8           | dk0..79, 20 parts of 16x8        | keys 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | keys 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | keys 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | keys 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct KeyGradient160F16 : ITensorCoreKeyGradientTile
{
    public static int Chunks => 20;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 16;

    public static int Stages => 2;

    public static int StatisticBytes => 256;

    public static bool GivesKeys => true;

    public static bool GivesValues => false;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<5>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<8>;
        .reg .b32 second<40>; .reg .f32 g<8>;
        .reg .f32 dk<80>;
        mov.f32 dk0, 0f00000000; mov.f32 dk1, 0f00000000; mov.f32 dk2, 0f00000000; mov.f32 dk3, 0f00000000;
        mov.f32 dk4, 0f00000000; mov.f32 dk5, 0f00000000; mov.f32 dk6, 0f00000000; mov.f32 dk7, 0f00000000;
        mov.f32 dk8, 0f00000000; mov.f32 dk9, 0f00000000; mov.f32 dk10, 0f00000000; mov.f32 dk11, 0f00000000;
        mov.f32 dk12, 0f00000000; mov.f32 dk13, 0f00000000; mov.f32 dk14, 0f00000000; mov.f32 dk15, 0f00000000;
        mov.f32 dk16, 0f00000000; mov.f32 dk17, 0f00000000; mov.f32 dk18, 0f00000000; mov.f32 dk19, 0f00000000;
        mov.f32 dk20, 0f00000000; mov.f32 dk21, 0f00000000; mov.f32 dk22, 0f00000000; mov.f32 dk23, 0f00000000;
        mov.f32 dk24, 0f00000000; mov.f32 dk25, 0f00000000; mov.f32 dk26, 0f00000000; mov.f32 dk27, 0f00000000;
        mov.f32 dk28, 0f00000000; mov.f32 dk29, 0f00000000; mov.f32 dk30, 0f00000000; mov.f32 dk31, 0f00000000;
        mov.f32 dk32, 0f00000000; mov.f32 dk33, 0f00000000; mov.f32 dk34, 0f00000000; mov.f32 dk35, 0f00000000;
        mov.f32 dk36, 0f00000000; mov.f32 dk37, 0f00000000; mov.f32 dk38, 0f00000000; mov.f32 dk39, 0f00000000;
        mov.f32 dk40, 0f00000000; mov.f32 dk41, 0f00000000; mov.f32 dk42, 0f00000000; mov.f32 dk43, 0f00000000;
        mov.f32 dk44, 0f00000000; mov.f32 dk45, 0f00000000; mov.f32 dk46, 0f00000000; mov.f32 dk47, 0f00000000;
        mov.f32 dk48, 0f00000000; mov.f32 dk49, 0f00000000; mov.f32 dk50, 0f00000000; mov.f32 dk51, 0f00000000;
        mov.f32 dk52, 0f00000000; mov.f32 dk53, 0f00000000; mov.f32 dk54, 0f00000000; mov.f32 dk55, 0f00000000;
        mov.f32 dk56, 0f00000000; mov.f32 dk57, 0f00000000; mov.f32 dk58, 0f00000000; mov.f32 dk59, 0f00000000;
        mov.f32 dk60, 0f00000000; mov.f32 dk61, 0f00000000; mov.f32 dk62, 0f00000000; mov.f32 dk63, 0f00000000;
        mov.f32 dk64, 0f00000000; mov.f32 dk65, 0f00000000; mov.f32 dk66, 0f00000000; mov.f32 dk67, 0f00000000;
        mov.f32 dk68, 0f00000000; mov.f32 dk69, 0f00000000; mov.f32 dk70, 0f00000000; mov.f32 dk71, 0f00000000;
        mov.f32 dk72, 0f00000000; mov.f32 dk73, 0f00000000; mov.f32 dk74, 0f00000000; mov.f32 dk75, 0f00000000;
        mov.f32 dk76, 0f00000000; mov.f32 dk77, 0f00000000; mov.f32 dk78, 0f00000000; mov.f32 dk79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        setp.gt.s32 exists3, %3, 12;
        setp.gt.s32 exists4, %3, 16;
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        selp.b32 count, all, 0, exists3; cp.async.cg.shared.global.L2::128B [to+192], [from+192], 16, count;
        selp.b32 count, all, 0, exists4; cp.async.cg.shared.global.L2::128B [to+256], [from+256], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, count, thread; .reg .pred has, one;
        mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, 32;
        add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;
        @one cp.async.ca.shared.global [to], [%1], 8, count;
        }
        """, to, from, rows);

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at2+256];
        }
        """, at);

    public static void LoadSecond(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second0, second1, second2, second3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second4, second5, second6, second7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second8, second9, second10, second11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second12, second13, second14, second15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second16, second17, second18, second19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second20, second21, second22, second23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second24, second25, second26, second27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second28, second29, second30, second31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second32, second33, second34, second35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {second36, second37, second38, second39}, [at2+256];
        }
        """, at);

    public static void Products(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first20, first21, first22, first23}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first20, first21, first22, first23}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first24, first25, first26, first27}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first24, first25, first26, first27}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first28, first29, first30, first31}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first28, first29, first30, first31}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first32, first33, first34, first35}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first32, first33, first34, first35}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first36, first37, first38, first39}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first36, first37, first38, first39}, {b2, b3}, {s4, s5, s6, s7};
        }
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %1;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second0, second1, second2, second3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second0, second1, second2, second3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second4, second5, second6, second7}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second4, second5, second6, second7}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second8, second9, second10, second11}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second8, second9, second10, second11}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second12, second13, second14, second15}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second12, second13, second14, second15}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second16, second17, second18, second19}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second16, second17, second18, second19}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second20, second21, second22, second23}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second20, second21, second22, second23}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second24, second25, second26, second27}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second24, second25, second26, second27}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second28, second29, second30, second31}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second28, second29, second30, second31}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second32, second33, second34, second35}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second32, second33, second34, second35}, {b2, b3}, {g4, g5, g6, g7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g0, g1, g2, g3}, {second36, second37, second38, second39}, {b0, b1}, {g0, g1, g2, g3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {g4, g5, g6, g7}, {second36, second37, second38, second39}, {b2, b3}, {g4, g5, g6, g7};
        }
        """, queries, gradients);

    public static void Hide(int first) => CudaAsm.Emit("""
        { .reg .b32 first; .reg .pred seen;
        add.s32 first, %0, 0; setp.le.s32 seen, first, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s5, 0fFF800000;
        add.s32 first, %0, 8; setp.le.s32 seen, first, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s7, 0fFF800000;
        }
        """, first);

    public static void Gradients(int statistics, float scale) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .f32 lse<2>, delta<2>;
        add.u32 at, atBase, %0;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+0]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s0, s0, %1, lse0; ex2.approx.ftz.f32 s0, s0; sub.f32 g0, g0, delta0; mul.f32 g0, g0, s0;
        fma.rn.f32 s1, s1, %1, lse1; ex2.approx.ftz.f32 s1, s1; sub.f32 g1, g1, delta1; mul.f32 g1, g1, s1;
        fma.rn.f32 s2, s2, %1, lse0; ex2.approx.ftz.f32 s2, s2; sub.f32 g2, g2, delta0; mul.f32 g2, g2, s2;
        fma.rn.f32 s3, s3, %1, lse1; ex2.approx.ftz.f32 s3, s3; sub.f32 g3, g3, delta1; mul.f32 g3, g3, s3;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+64]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s4, s4, %1, lse0; ex2.approx.ftz.f32 s4, s4; sub.f32 g4, g4, delta0; mul.f32 g4, g4, s4;
        fma.rn.f32 s5, s5, %1, lse1; ex2.approx.ftz.f32 s5, s5; sub.f32 g5, g5, delta1; mul.f32 g5, g5, s5;
        fma.rn.f32 s6, s6, %1, lse0; ex2.approx.ftz.f32 s6, s6; sub.f32 g6, g6, delta0; mul.f32 g6, g6, s6;
        fma.rn.f32 s7, s7, %1, lse1; ex2.approx.ftz.f32 s7, s7; sub.f32 g7, g7, delta1; mul.f32 g7, g7, s7;
        }
        """, statistics, scale);

    public static void Accumulate(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atRowsFirst, 32; add.u32 at2, at2, to;
        cvt.rn.f16x2.f32 a0, g1, g0;
        cvt.rn.f16x2.f32 a1, g3, g2;
        cvt.rn.f16x2.f32 a2, g5, g4;
        cvt.rn.f16x2.f32 a3, g7, g6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk0, dk1, dk2, dk3}, {a0, a1, a2, a3}, {b0, b1}, {dk0, dk1, dk2, dk3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk4, dk5, dk6, dk7}, {a0, a1, a2, a3}, {b2, b3}, {dk4, dk5, dk6, dk7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk8, dk9, dk10, dk11}, {a0, a1, a2, a3}, {b0, b1}, {dk8, dk9, dk10, dk11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk12, dk13, dk14, dk15}, {a0, a1, a2, a3}, {b2, b3}, {dk12, dk13, dk14, dk15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk16, dk17, dk18, dk19}, {a0, a1, a2, a3}, {b0, b1}, {dk16, dk17, dk18, dk19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk20, dk21, dk22, dk23}, {a0, a1, a2, a3}, {b2, b3}, {dk20, dk21, dk22, dk23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk24, dk25, dk26, dk27}, {a0, a1, a2, a3}, {b0, b1}, {dk24, dk25, dk26, dk27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk28, dk29, dk30, dk31}, {a0, a1, a2, a3}, {b2, b3}, {dk28, dk29, dk30, dk31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk32, dk33, dk34, dk35}, {a0, a1, a2, a3}, {b0, b1}, {dk32, dk33, dk34, dk35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk36, dk37, dk38, dk39}, {a0, a1, a2, a3}, {b2, b3}, {dk36, dk37, dk38, dk39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk40, dk41, dk42, dk43}, {a0, a1, a2, a3}, {b0, b1}, {dk40, dk41, dk42, dk43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk44, dk45, dk46, dk47}, {a0, a1, a2, a3}, {b2, b3}, {dk44, dk45, dk46, dk47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk48, dk49, dk50, dk51}, {a0, a1, a2, a3}, {b0, b1}, {dk48, dk49, dk50, dk51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk52, dk53, dk54, dk55}, {a0, a1, a2, a3}, {b2, b3}, {dk52, dk53, dk54, dk55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk56, dk57, dk58, dk59}, {a0, a1, a2, a3}, {b0, b1}, {dk56, dk57, dk58, dk59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk60, dk61, dk62, dk63}, {a0, a1, a2, a3}, {b2, b3}, {dk60, dk61, dk62, dk63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk64, dk65, dk66, dk67}, {a0, a1, a2, a3}, {b0, b1}, {dk64, dk65, dk66, dk67};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk68, dk69, dk70, dk71}, {a0, a1, a2, a3}, {b2, b3}, {dk68, dk69, dk70, dk71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk72, dk73, dk74, dk75}, {a0, a1, a2, a3}, {b0, b1}, {dk72, dk73, dk74, dk75};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dk76, dk77, dk78, dk79}, {a0, a1, a2, a3}, {b2, b3}, {dk76, dk77, dk78, dk79};
        }
        """, queries, gradients);

    public static void StoreKeys(int at, float factor) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, at2, at3, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        xor.b32 at3, %0, 48; add.u32 at3, at3, to;
        mul.f32 low, dk0, %1; mul.f32 high, dk1, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+0], pair;
        mul.f32 low, dk4, %1; mul.f32 high, dk5, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+0], pair;
        mul.f32 low, dk8, %1; mul.f32 high, dk9, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+0], pair;
        mul.f32 low, dk12, %1; mul.f32 high, dk13, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+0], pair;
        mul.f32 low, dk16, %1; mul.f32 high, dk17, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+64], pair;
        mul.f32 low, dk20, %1; mul.f32 high, dk21, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+64], pair;
        mul.f32 low, dk24, %1; mul.f32 high, dk25, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+64], pair;
        mul.f32 low, dk28, %1; mul.f32 high, dk29, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+64], pair;
        mul.f32 low, dk32, %1; mul.f32 high, dk33, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+128], pair;
        mul.f32 low, dk36, %1; mul.f32 high, dk37, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+128], pair;
        mul.f32 low, dk40, %1; mul.f32 high, dk41, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+128], pair;
        mul.f32 low, dk44, %1; mul.f32 high, dk45, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+128], pair;
        mul.f32 low, dk48, %1; mul.f32 high, dk49, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+192], pair;
        mul.f32 low, dk52, %1; mul.f32 high, dk53, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+192], pair;
        mul.f32 low, dk56, %1; mul.f32 high, dk57, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+192], pair;
        mul.f32 low, dk60, %1; mul.f32 high, dk61, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+192], pair;
        mul.f32 low, dk64, %1; mul.f32 high, dk65, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+256], pair;
        mul.f32 low, dk68, %1; mul.f32 high, dk69, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+256], pair;
        mul.f32 low, dk72, %1; mul.f32 high, dk73, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+256], pair;
        mul.f32 low, dk76, %1; mul.f32 high, dk77, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+256], pair;
        mul.f32 low, dk2, %1; mul.f32 high, dk3, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2560], pair;
        mul.f32 low, dk6, %1; mul.f32 high, dk7, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2560], pair;
        mul.f32 low, dk10, %1; mul.f32 high, dk11, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2560], pair;
        mul.f32 low, dk14, %1; mul.f32 high, dk15, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2560], pair;
        mul.f32 low, dk18, %1; mul.f32 high, dk19, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2624], pair;
        mul.f32 low, dk22, %1; mul.f32 high, dk23, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2624], pair;
        mul.f32 low, dk26, %1; mul.f32 high, dk27, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2624], pair;
        mul.f32 low, dk30, %1; mul.f32 high, dk31, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2624], pair;
        mul.f32 low, dk34, %1; mul.f32 high, dk35, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2688], pair;
        mul.f32 low, dk38, %1; mul.f32 high, dk39, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2688], pair;
        mul.f32 low, dk42, %1; mul.f32 high, dk43, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2688], pair;
        mul.f32 low, dk46, %1; mul.f32 high, dk47, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2688], pair;
        mul.f32 low, dk50, %1; mul.f32 high, dk51, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2752], pair;
        mul.f32 low, dk54, %1; mul.f32 high, dk55, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2752], pair;
        mul.f32 low, dk58, %1; mul.f32 high, dk59, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2752], pair;
        mul.f32 low, dk62, %1; mul.f32 high, dk63, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2752], pair;
        mul.f32 low, dk66, %1; mul.f32 high, dk67, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at0+2816], pair;
        mul.f32 low, dk70, %1; mul.f32 high, dk71, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at1+2816], pair;
        mul.f32 low, dk74, %1; mul.f32 high, dk75, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at2+2816], pair;
        mul.f32 low, dk78, %1; mul.f32 high, dk79, %1; cvt.rn.f16x2.f32 pair, high, low; st.shared.b32 [at3+2816], pair;
        }
        """, at, factor);

    public static void StoreValues(int at)
    {
    }
}

/// <summary>dv of heads up to 160, bf16: 64 keys against blocks of 32 queries, 2 stages.</summary>
//          32 of a block's 32 queries          160 columns of dv
//      +----------------------------------+----------------------------------+
// w0   | s0..15, 4 parts of 16x8          | dv0..79, 20 parts of 16x8        | keys 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | keys 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | keys 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | keys 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct ValueGradient160BF16 : ITensorCoreKeyGradientTile
{
    public static int Chunks => 20;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 32;

    public static int Stages => 2;

    public static int StatisticBytes => 256;

    public static bool GivesKeys => false;

    public static bool GivesValues => true;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<5>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<16>;
        .reg .f32 dv<80>;
        mov.f32 dv0, 0f00000000; mov.f32 dv1, 0f00000000; mov.f32 dv2, 0f00000000; mov.f32 dv3, 0f00000000;
        mov.f32 dv4, 0f00000000; mov.f32 dv5, 0f00000000; mov.f32 dv6, 0f00000000; mov.f32 dv7, 0f00000000;
        mov.f32 dv8, 0f00000000; mov.f32 dv9, 0f00000000; mov.f32 dv10, 0f00000000; mov.f32 dv11, 0f00000000;
        mov.f32 dv12, 0f00000000; mov.f32 dv13, 0f00000000; mov.f32 dv14, 0f00000000; mov.f32 dv15, 0f00000000;
        mov.f32 dv16, 0f00000000; mov.f32 dv17, 0f00000000; mov.f32 dv18, 0f00000000; mov.f32 dv19, 0f00000000;
        mov.f32 dv20, 0f00000000; mov.f32 dv21, 0f00000000; mov.f32 dv22, 0f00000000; mov.f32 dv23, 0f00000000;
        mov.f32 dv24, 0f00000000; mov.f32 dv25, 0f00000000; mov.f32 dv26, 0f00000000; mov.f32 dv27, 0f00000000;
        mov.f32 dv28, 0f00000000; mov.f32 dv29, 0f00000000; mov.f32 dv30, 0f00000000; mov.f32 dv31, 0f00000000;
        mov.f32 dv32, 0f00000000; mov.f32 dv33, 0f00000000; mov.f32 dv34, 0f00000000; mov.f32 dv35, 0f00000000;
        mov.f32 dv36, 0f00000000; mov.f32 dv37, 0f00000000; mov.f32 dv38, 0f00000000; mov.f32 dv39, 0f00000000;
        mov.f32 dv40, 0f00000000; mov.f32 dv41, 0f00000000; mov.f32 dv42, 0f00000000; mov.f32 dv43, 0f00000000;
        mov.f32 dv44, 0f00000000; mov.f32 dv45, 0f00000000; mov.f32 dv46, 0f00000000; mov.f32 dv47, 0f00000000;
        mov.f32 dv48, 0f00000000; mov.f32 dv49, 0f00000000; mov.f32 dv50, 0f00000000; mov.f32 dv51, 0f00000000;
        mov.f32 dv52, 0f00000000; mov.f32 dv53, 0f00000000; mov.f32 dv54, 0f00000000; mov.f32 dv55, 0f00000000;
        mov.f32 dv56, 0f00000000; mov.f32 dv57, 0f00000000; mov.f32 dv58, 0f00000000; mov.f32 dv59, 0f00000000;
        mov.f32 dv60, 0f00000000; mov.f32 dv61, 0f00000000; mov.f32 dv62, 0f00000000; mov.f32 dv63, 0f00000000;
        mov.f32 dv64, 0f00000000; mov.f32 dv65, 0f00000000; mov.f32 dv66, 0f00000000; mov.f32 dv67, 0f00000000;
        mov.f32 dv68, 0f00000000; mov.f32 dv69, 0f00000000; mov.f32 dv70, 0f00000000; mov.f32 dv71, 0f00000000;
        mov.f32 dv72, 0f00000000; mov.f32 dv73, 0f00000000; mov.f32 dv74, 0f00000000; mov.f32 dv75, 0f00000000;
        mov.f32 dv76, 0f00000000; mov.f32 dv77, 0f00000000; mov.f32 dv78, 0f00000000; mov.f32 dv79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        setp.gt.s32 exists3, %3, 12;
        setp.gt.s32 exists4, %3, 16;
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        selp.b32 count, all, 0, exists3; cp.async.cg.shared.global.L2::128B [to+192], [from+192], 16, count;
        selp.b32 count, all, 0, exists4; cp.async.cg.shared.global.L2::128B [to+256], [from+256], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, count, thread; .reg .pred has, one;
        mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, 32;
        add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;
        @one cp.async.ca.shared.global [to], [%1], 8, count;
        }
        """, to, from, rows);

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at2+256];
        }
        """, at);

    public static void LoadSecond(int at)
    {
    }

    public static void Products(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first20, first21, first22, first23}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first20, first21, first22, first23}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first24, first25, first26, first27}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first24, first25, first26, first27}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first24, first25, first26, first27}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first24, first25, first26, first27}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first28, first29, first30, first31}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first28, first29, first30, first31}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first28, first29, first30, first31}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first28, first29, first30, first31}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first32, first33, first34, first35}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first32, first33, first34, first35}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first32, first33, first34, first35}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first32, first33, first34, first35}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s0, s1, s2, s3}, {first36, first37, first38, first39}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s4, s5, s6, s7}, {first36, first37, first38, first39}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s8, s9, s10, s11}, {first36, first37, first38, first39}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {s12, s13, s14, s15}, {first36, first37, first38, first39}, {b2, b3}, {s12, s13, s14, s15};
        }
        """, queries, gradients);

    public static void Hide(int first) => CudaAsm.Emit("""
        { .reg .b32 first; .reg .pred seen;
        add.s32 first, %0, 0; setp.le.s32 seen, first, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.le.s32 seen, first, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.le.s32 seen, first, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.le.s32 seen, first, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.le.s32 seen, first, 25; @!seen mov.f32 s13, 0fFF800000;
        add.s32 first, %0, 8; setp.le.s32 seen, first, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.le.s32 seen, first, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.le.s32 seen, first, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.le.s32 seen, first, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.le.s32 seen, first, 25; @!seen mov.f32 s15, 0fFF800000;
        }
        """, first);

    public static void Gradients(int statistics, float scale) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .f32 lse<2>, delta<2>;
        add.u32 at, atBase, %0;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+0]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s0, s0, %1, lse0; ex2.approx.ftz.f32 s0, s0;
        fma.rn.f32 s1, s1, %1, lse1; ex2.approx.ftz.f32 s1, s1;
        fma.rn.f32 s2, s2, %1, lse0; ex2.approx.ftz.f32 s2, s2;
        fma.rn.f32 s3, s3, %1, lse1; ex2.approx.ftz.f32 s3, s3;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+64]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s4, s4, %1, lse0; ex2.approx.ftz.f32 s4, s4;
        fma.rn.f32 s5, s5, %1, lse1; ex2.approx.ftz.f32 s5, s5;
        fma.rn.f32 s6, s6, %1, lse0; ex2.approx.ftz.f32 s6, s6;
        fma.rn.f32 s7, s7, %1, lse1; ex2.approx.ftz.f32 s7, s7;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+128]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s8, s8, %1, lse0; ex2.approx.ftz.f32 s8, s8;
        fma.rn.f32 s9, s9, %1, lse1; ex2.approx.ftz.f32 s9, s9;
        fma.rn.f32 s10, s10, %1, lse0; ex2.approx.ftz.f32 s10, s10;
        fma.rn.f32 s11, s11, %1, lse1; ex2.approx.ftz.f32 s11, s11;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+192]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s12, s12, %1, lse0; ex2.approx.ftz.f32 s12, s12;
        fma.rn.f32 s13, s13, %1, lse1; ex2.approx.ftz.f32 s13, s13;
        fma.rn.f32 s14, s14, %1, lse0; ex2.approx.ftz.f32 s14, s14;
        fma.rn.f32 s15, s15, %1, lse1; ex2.approx.ftz.f32 s15, s15;
        }
        """, statistics, scale);

    public static void Accumulate(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %1;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atRowsFirst, 32; add.u32 at2, at2, to;
        cvt.rn.bf16x2.f32 a0, s1, s0;
        cvt.rn.bf16x2.f32 a1, s3, s2;
        cvt.rn.bf16x2.f32 a2, s5, s4;
        cvt.rn.bf16x2.f32 a3, s7, s6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv20, dv21, dv22, dv23}, {a0, a1, a2, a3}, {b2, b3}, {dv20, dv21, dv22, dv23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv24, dv25, dv26, dv27}, {a0, a1, a2, a3}, {b0, b1}, {dv24, dv25, dv26, dv27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv28, dv29, dv30, dv31}, {a0, a1, a2, a3}, {b2, b3}, {dv28, dv29, dv30, dv31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv32, dv33, dv34, dv35}, {a0, a1, a2, a3}, {b0, b1}, {dv32, dv33, dv34, dv35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv36, dv37, dv38, dv39}, {a0, a1, a2, a3}, {b2, b3}, {dv36, dv37, dv38, dv39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv40, dv41, dv42, dv43}, {a0, a1, a2, a3}, {b0, b1}, {dv40, dv41, dv42, dv43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv44, dv45, dv46, dv47}, {a0, a1, a2, a3}, {b2, b3}, {dv44, dv45, dv46, dv47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv48, dv49, dv50, dv51}, {a0, a1, a2, a3}, {b0, b1}, {dv48, dv49, dv50, dv51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv52, dv53, dv54, dv55}, {a0, a1, a2, a3}, {b2, b3}, {dv52, dv53, dv54, dv55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv56, dv57, dv58, dv59}, {a0, a1, a2, a3}, {b0, b1}, {dv56, dv57, dv58, dv59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv60, dv61, dv62, dv63}, {a0, a1, a2, a3}, {b2, b3}, {dv60, dv61, dv62, dv63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv64, dv65, dv66, dv67}, {a0, a1, a2, a3}, {b0, b1}, {dv64, dv65, dv66, dv67};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv68, dv69, dv70, dv71}, {a0, a1, a2, a3}, {b2, b3}, {dv68, dv69, dv70, dv71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv72, dv73, dv74, dv75}, {a0, a1, a2, a3}, {b0, b1}, {dv72, dv73, dv74, dv75};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv76, dv77, dv78, dv79}, {a0, a1, a2, a3}, {b2, b3}, {dv76, dv77, dv78, dv79};
        cvt.rn.bf16x2.f32 a0, s9, s8;
        cvt.rn.bf16x2.f32 a1, s11, s10;
        cvt.rn.bf16x2.f32 a2, s13, s12;
        cvt.rn.bf16x2.f32 a3, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv20, dv21, dv22, dv23}, {a0, a1, a2, a3}, {b2, b3}, {dv20, dv21, dv22, dv23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv24, dv25, dv26, dv27}, {a0, a1, a2, a3}, {b0, b1}, {dv24, dv25, dv26, dv27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv28, dv29, dv30, dv31}, {a0, a1, a2, a3}, {b2, b3}, {dv28, dv29, dv30, dv31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv32, dv33, dv34, dv35}, {a0, a1, a2, a3}, {b0, b1}, {dv32, dv33, dv34, dv35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv36, dv37, dv38, dv39}, {a0, a1, a2, a3}, {b2, b3}, {dv36, dv37, dv38, dv39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv40, dv41, dv42, dv43}, {a0, a1, a2, a3}, {b0, b1}, {dv40, dv41, dv42, dv43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv44, dv45, dv46, dv47}, {a0, a1, a2, a3}, {b2, b3}, {dv44, dv45, dv46, dv47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv48, dv49, dv50, dv51}, {a0, a1, a2, a3}, {b0, b1}, {dv48, dv49, dv50, dv51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv52, dv53, dv54, dv55}, {a0, a1, a2, a3}, {b2, b3}, {dv52, dv53, dv54, dv55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv56, dv57, dv58, dv59}, {a0, a1, a2, a3}, {b0, b1}, {dv56, dv57, dv58, dv59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv60, dv61, dv62, dv63}, {a0, a1, a2, a3}, {b2, b3}, {dv60, dv61, dv62, dv63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv64, dv65, dv66, dv67}, {a0, a1, a2, a3}, {b0, b1}, {dv64, dv65, dv66, dv67};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv68, dv69, dv70, dv71}, {a0, a1, a2, a3}, {b2, b3}, {dv68, dv69, dv70, dv71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv72, dv73, dv74, dv75}, {a0, a1, a2, a3}, {b0, b1}, {dv72, dv73, dv74, dv75};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {dv76, dv77, dv78, dv79}, {a0, a1, a2, a3}, {b2, b3}, {dv76, dv77, dv78, dv79};
        }
        """, queries, gradients);

    public static void StoreKeys(int at, float factor)
    {
    }

    public static void StoreValues(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, at2, at3, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        xor.b32 at3, %0, 48; add.u32 at3, at3, to;
        cvt.rn.bf16x2.f32 pair, dv1, dv0; st.shared.b32 [at0+0], pair;
        cvt.rn.bf16x2.f32 pair, dv5, dv4; st.shared.b32 [at1+0], pair;
        cvt.rn.bf16x2.f32 pair, dv9, dv8; st.shared.b32 [at2+0], pair;
        cvt.rn.bf16x2.f32 pair, dv13, dv12; st.shared.b32 [at3+0], pair;
        cvt.rn.bf16x2.f32 pair, dv17, dv16; st.shared.b32 [at0+64], pair;
        cvt.rn.bf16x2.f32 pair, dv21, dv20; st.shared.b32 [at1+64], pair;
        cvt.rn.bf16x2.f32 pair, dv25, dv24; st.shared.b32 [at2+64], pair;
        cvt.rn.bf16x2.f32 pair, dv29, dv28; st.shared.b32 [at3+64], pair;
        cvt.rn.bf16x2.f32 pair, dv33, dv32; st.shared.b32 [at0+128], pair;
        cvt.rn.bf16x2.f32 pair, dv37, dv36; st.shared.b32 [at1+128], pair;
        cvt.rn.bf16x2.f32 pair, dv41, dv40; st.shared.b32 [at2+128], pair;
        cvt.rn.bf16x2.f32 pair, dv45, dv44; st.shared.b32 [at3+128], pair;
        cvt.rn.bf16x2.f32 pair, dv49, dv48; st.shared.b32 [at0+192], pair;
        cvt.rn.bf16x2.f32 pair, dv53, dv52; st.shared.b32 [at1+192], pair;
        cvt.rn.bf16x2.f32 pair, dv57, dv56; st.shared.b32 [at2+192], pair;
        cvt.rn.bf16x2.f32 pair, dv61, dv60; st.shared.b32 [at3+192], pair;
        cvt.rn.bf16x2.f32 pair, dv65, dv64; st.shared.b32 [at0+256], pair;
        cvt.rn.bf16x2.f32 pair, dv69, dv68; st.shared.b32 [at1+256], pair;
        cvt.rn.bf16x2.f32 pair, dv73, dv72; st.shared.b32 [at2+256], pair;
        cvt.rn.bf16x2.f32 pair, dv77, dv76; st.shared.b32 [at3+256], pair;
        cvt.rn.bf16x2.f32 pair, dv3, dv2; st.shared.b32 [at0+2560], pair;
        cvt.rn.bf16x2.f32 pair, dv7, dv6; st.shared.b32 [at1+2560], pair;
        cvt.rn.bf16x2.f32 pair, dv11, dv10; st.shared.b32 [at2+2560], pair;
        cvt.rn.bf16x2.f32 pair, dv15, dv14; st.shared.b32 [at3+2560], pair;
        cvt.rn.bf16x2.f32 pair, dv19, dv18; st.shared.b32 [at0+2624], pair;
        cvt.rn.bf16x2.f32 pair, dv23, dv22; st.shared.b32 [at1+2624], pair;
        cvt.rn.bf16x2.f32 pair, dv27, dv26; st.shared.b32 [at2+2624], pair;
        cvt.rn.bf16x2.f32 pair, dv31, dv30; st.shared.b32 [at3+2624], pair;
        cvt.rn.bf16x2.f32 pair, dv35, dv34; st.shared.b32 [at0+2688], pair;
        cvt.rn.bf16x2.f32 pair, dv39, dv38; st.shared.b32 [at1+2688], pair;
        cvt.rn.bf16x2.f32 pair, dv43, dv42; st.shared.b32 [at2+2688], pair;
        cvt.rn.bf16x2.f32 pair, dv47, dv46; st.shared.b32 [at3+2688], pair;
        cvt.rn.bf16x2.f32 pair, dv51, dv50; st.shared.b32 [at0+2752], pair;
        cvt.rn.bf16x2.f32 pair, dv55, dv54; st.shared.b32 [at1+2752], pair;
        cvt.rn.bf16x2.f32 pair, dv59, dv58; st.shared.b32 [at2+2752], pair;
        cvt.rn.bf16x2.f32 pair, dv63, dv62; st.shared.b32 [at3+2752], pair;
        cvt.rn.bf16x2.f32 pair, dv67, dv66; st.shared.b32 [at0+2816], pair;
        cvt.rn.bf16x2.f32 pair, dv71, dv70; st.shared.b32 [at1+2816], pair;
        cvt.rn.bf16x2.f32 pair, dv75, dv74; st.shared.b32 [at2+2816], pair;
        cvt.rn.bf16x2.f32 pair, dv79, dv78; st.shared.b32 [at3+2816], pair;
        }
        """, at);
}

/// <summary>dv of heads up to 160, f16: 64 keys against blocks of 32 queries, 2 stages.</summary>
//          32 of a block's 32 queries          160 columns of dv
//      +----------------------------------+----------------------------------+
// w0   | s0..15, 4 parts of 16x8          | dv0..79, 20 parts of 16x8        | keys 0..15
//      +----------------------------------+----------------------------------+
// w1   |the same                          |                                  | keys 16..31
//      +----------------------------------+----------------------------------+
// w2   |the same                          |                                  | keys 32..47
//      +----------------------------------+----------------------------------+
// w3   |the same                          |                                  | keys 48..63
//      +----------------------------------+----------------------------------+
internal readonly struct ValueGradient160F16 : ITensorCoreKeyGradientTile
{
    public static int Chunks => 20;

    public static int OwnRows => 64;

    public static int OtherRows => 32;

    public static int Step => 32;

    public static int Stages => 2;

    public static int StatisticBytes => 256;

    public static bool GivesKeys => false;

    public static bool GivesValues => true;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 atBase; mov.u32 atBase, __shared_alloca0;
        .reg .b32 atRowsFirst, atColumnsFirst, atCopy;
        .reg .pred copies, exists<5>;
        .reg .f32 zero; mov.f32 zero, 0f00000000;
        .reg .b32 first<40>;
        .reg .f32 s<16>;
        .reg .f32 dv<80>;
        mov.f32 dv0, 0f00000000; mov.f32 dv1, 0f00000000; mov.f32 dv2, 0f00000000; mov.f32 dv3, 0f00000000;
        mov.f32 dv4, 0f00000000; mov.f32 dv5, 0f00000000; mov.f32 dv6, 0f00000000; mov.f32 dv7, 0f00000000;
        mov.f32 dv8, 0f00000000; mov.f32 dv9, 0f00000000; mov.f32 dv10, 0f00000000; mov.f32 dv11, 0f00000000;
        mov.f32 dv12, 0f00000000; mov.f32 dv13, 0f00000000; mov.f32 dv14, 0f00000000; mov.f32 dv15, 0f00000000;
        mov.f32 dv16, 0f00000000; mov.f32 dv17, 0f00000000; mov.f32 dv18, 0f00000000; mov.f32 dv19, 0f00000000;
        mov.f32 dv20, 0f00000000; mov.f32 dv21, 0f00000000; mov.f32 dv22, 0f00000000; mov.f32 dv23, 0f00000000;
        mov.f32 dv24, 0f00000000; mov.f32 dv25, 0f00000000; mov.f32 dv26, 0f00000000; mov.f32 dv27, 0f00000000;
        mov.f32 dv28, 0f00000000; mov.f32 dv29, 0f00000000; mov.f32 dv30, 0f00000000; mov.f32 dv31, 0f00000000;
        mov.f32 dv32, 0f00000000; mov.f32 dv33, 0f00000000; mov.f32 dv34, 0f00000000; mov.f32 dv35, 0f00000000;
        mov.f32 dv36, 0f00000000; mov.f32 dv37, 0f00000000; mov.f32 dv38, 0f00000000; mov.f32 dv39, 0f00000000;
        mov.f32 dv40, 0f00000000; mov.f32 dv41, 0f00000000; mov.f32 dv42, 0f00000000; mov.f32 dv43, 0f00000000;
        mov.f32 dv44, 0f00000000; mov.f32 dv45, 0f00000000; mov.f32 dv46, 0f00000000; mov.f32 dv47, 0f00000000;
        mov.f32 dv48, 0f00000000; mov.f32 dv49, 0f00000000; mov.f32 dv50, 0f00000000; mov.f32 dv51, 0f00000000;
        mov.f32 dv52, 0f00000000; mov.f32 dv53, 0f00000000; mov.f32 dv54, 0f00000000; mov.f32 dv55, 0f00000000;
        mov.f32 dv56, 0f00000000; mov.f32 dv57, 0f00000000; mov.f32 dv58, 0f00000000; mov.f32 dv59, 0f00000000;
        mov.f32 dv60, 0f00000000; mov.f32 dv61, 0f00000000; mov.f32 dv62, 0f00000000; mov.f32 dv63, 0f00000000;
        mov.f32 dv64, 0f00000000; mov.f32 dv65, 0f00000000; mov.f32 dv66, 0f00000000; mov.f32 dv67, 0f00000000;
        mov.f32 dv68, 0f00000000; mov.f32 dv69, 0f00000000; mov.f32 dv70, 0f00000000; mov.f32 dv71, 0f00000000;
        mov.f32 dv72, 0f00000000; mov.f32 dv73, 0f00000000; mov.f32 dv74, 0f00000000; mov.f32 dv75, 0f00000000;
        mov.f32 dv76, 0f00000000; mov.f32 dv77, 0f00000000; mov.f32 dv78, 0f00000000; mov.f32 dv79, 0f00000000;
        """);

    public static void Place(int rowsFirst, int columnsFirst, int copy, int chunks) => CudaAsm.Emit("""
        mov.b32 atRowsFirst, %0; mov.b32 atColumnsFirst, %1; add.u32 atCopy, atBase, %2;
        setp.gt.s32 exists0, %3, 0;
        setp.gt.s32 exists1, %3, 4;
        setp.gt.s32 exists2, %3, 8;
        setp.gt.s32 exists3, %3, 12;
        setp.gt.s32 exists4, %3, 16;
        """, rowsFirst, columnsFirst, copy, chunks);

    public static void Copy(int to, long from, long step, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, all, count; .reg .b64 from; .reg .pred has;
        add.u32 to, atCopy, %0; mov.b64 from, %1;
        setp.gt.s32 has, %3, 0; selp.b32 all, 16, 0, has; selp.b32 count, all, 0, exists0; cp.async.cg.shared.global.L2::128B [to+0], [from+0], 16, count;
        selp.b32 count, all, 0, exists1; cp.async.cg.shared.global.L2::128B [to+64], [from+64], 16, count;
        selp.b32 count, all, 0, exists2; cp.async.cg.shared.global.L2::128B [to+128], [from+128], 16, count;
        selp.b32 count, all, 0, exists3; cp.async.cg.shared.global.L2::128B [to+192], [from+192], 16, count;
        selp.b32 count, all, 0, exists4; cp.async.cg.shared.global.L2::128B [to+256], [from+256], 16, count;
        }
        """, to, from, step, rows);

    public static void CopyStatistics(int to, long from, int rows) => CudaAsm.Emit("""
        { .reg .b32 to, count, thread; .reg .pred has, one;
        mov.u32 thread, %%tid.x; setp.lt.u32 one, thread, 32;
        add.u32 to, atBase, %0; setp.gt.s32 has, %2, 0; selp.b32 count, 8, 0, has;
        @one cp.async.ca.shared.global [to], [%1], 8, count;
        }
        """, to, from, rows);

    public static void AwaitBlock() => CudaAsm.Emit("""
        cp.async.wait_group 0;
        """);

    public static void LoadFirst(int at) => CudaAsm.Emit("""
        {
        .reg .b32 at0, at2, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first0, first1, first2, first3}, [at0+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first4, first5, first6, first7}, [at2+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first8, first9, first10, first11}, [at0+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first12, first13, first14, first15}, [at2+64];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first16, first17, first18, first19}, [at0+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first20, first21, first22, first23}, [at2+128];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first24, first25, first26, first27}, [at0+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first28, first29, first30, first31}, [at2+192];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first32, first33, first34, first35}, [at0+256];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {first36, first37, first38, first39}, [at2+256];
        }
        """, at);

    public static void LoadSecond(int at)
    {
    }

    public static void Products(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %0;
        xor.b32 at0, atColumnsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atColumnsFirst, 32; add.u32 at2, at2, to;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first0, first1, first2, first3}, {b0, b1}, {zero, zero, zero, zero};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first0, first1, first2, first3}, {b2, b3}, {zero, zero, zero, zero};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first4, first5, first6, first7}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first4, first5, first6, first7}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first4, first5, first6, first7}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first4, first5, first6, first7}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first8, first9, first10, first11}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first8, first9, first10, first11}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first8, first9, first10, first11}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first8, first9, first10, first11}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first12, first13, first14, first15}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first12, first13, first14, first15}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first12, first13, first14, first15}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first12, first13, first14, first15}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first16, first17, first18, first19}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first16, first17, first18, first19}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first16, first17, first18, first19}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first16, first17, first18, first19}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first20, first21, first22, first23}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first20, first21, first22, first23}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first20, first21, first22, first23}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first20, first21, first22, first23}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first24, first25, first26, first27}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first24, first25, first26, first27}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first24, first25, first26, first27}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first24, first25, first26, first27}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first28, first29, first30, first31}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first28, first29, first30, first31}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first28, first29, first30, first31}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first28, first29, first30, first31}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first32, first33, first34, first35}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first32, first33, first34, first35}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at0+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first32, first33, first34, first35}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first32, first33, first34, first35}, {b2, b3}, {s12, s13, s14, s15};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s0, s1, s2, s3}, {first36, first37, first38, first39}, {b0, b1}, {s0, s1, s2, s3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s4, s5, s6, s7}, {first36, first37, first38, first39}, {b2, b3}, {s4, s5, s6, s7};
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {b0, b1, b2, b3}, [at2+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s8, s9, s10, s11}, {first36, first37, first38, first39}, {b0, b1}, {s8, s9, s10, s11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {s12, s13, s14, s15}, {first36, first37, first38, first39}, {b2, b3}, {s12, s13, s14, s15};
        }
        """, queries, gradients);

    public static void Hide(int first) => CudaAsm.Emit("""
        { .reg .b32 first; .reg .pred seen;
        add.s32 first, %0, 0; setp.le.s32 seen, first, 0; @!seen mov.f32 s0, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s1, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s4, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s5, 0fFF800000;
        setp.le.s32 seen, first, 16; @!seen mov.f32 s8, 0fFF800000;
        setp.le.s32 seen, first, 17; @!seen mov.f32 s9, 0fFF800000;
        setp.le.s32 seen, first, 24; @!seen mov.f32 s12, 0fFF800000;
        setp.le.s32 seen, first, 25; @!seen mov.f32 s13, 0fFF800000;
        add.s32 first, %0, 8; setp.le.s32 seen, first, 0; @!seen mov.f32 s2, 0fFF800000;
        setp.le.s32 seen, first, 1; @!seen mov.f32 s3, 0fFF800000;
        setp.le.s32 seen, first, 8; @!seen mov.f32 s6, 0fFF800000;
        setp.le.s32 seen, first, 9; @!seen mov.f32 s7, 0fFF800000;
        setp.le.s32 seen, first, 16; @!seen mov.f32 s10, 0fFF800000;
        setp.le.s32 seen, first, 17; @!seen mov.f32 s11, 0fFF800000;
        setp.le.s32 seen, first, 24; @!seen mov.f32 s14, 0fFF800000;
        setp.le.s32 seen, first, 25; @!seen mov.f32 s15, 0fFF800000;
        }
        """, first);

    public static void Gradients(int statistics, float scale) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .f32 lse<2>, delta<2>;
        add.u32 at, atBase, %0;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+0]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s0, s0, %1, lse0; ex2.approx.ftz.f32 s0, s0;
        fma.rn.f32 s1, s1, %1, lse1; ex2.approx.ftz.f32 s1, s1;
        fma.rn.f32 s2, s2, %1, lse0; ex2.approx.ftz.f32 s2, s2;
        fma.rn.f32 s3, s3, %1, lse1; ex2.approx.ftz.f32 s3, s3;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+64]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s4, s4, %1, lse0; ex2.approx.ftz.f32 s4, s4;
        fma.rn.f32 s5, s5, %1, lse1; ex2.approx.ftz.f32 s5, s5;
        fma.rn.f32 s6, s6, %1, lse0; ex2.approx.ftz.f32 s6, s6;
        fma.rn.f32 s7, s7, %1, lse1; ex2.approx.ftz.f32 s7, s7;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+128]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s8, s8, %1, lse0; ex2.approx.ftz.f32 s8, s8;
        fma.rn.f32 s9, s9, %1, lse1; ex2.approx.ftz.f32 s9, s9;
        fma.rn.f32 s10, s10, %1, lse0; ex2.approx.ftz.f32 s10, s10;
        fma.rn.f32 s11, s11, %1, lse1; ex2.approx.ftz.f32 s11, s11;
        ld.shared.v4.f32 {lse0, delta0, lse1, delta1}, [at+192]; neg.f32 lse0, lse0; neg.f32 lse1, lse1;
        fma.rn.f32 s12, s12, %1, lse0; ex2.approx.ftz.f32 s12, s12;
        fma.rn.f32 s13, s13, %1, lse1; ex2.approx.ftz.f32 s13, s13;
        fma.rn.f32 s14, s14, %1, lse0; ex2.approx.ftz.f32 s14, s14;
        fma.rn.f32 s15, s15, %1, lse1; ex2.approx.ftz.f32 s15, s15;
        }
        """, statistics, scale);

    public static void Accumulate(int queries, int gradients) => CudaAsm.Emit("""
        { .reg .b32 a<4>, b<4>;
        .reg .b32 at0, at2, to; add.u32 to, atBase, %1;
        xor.b32 at0, atRowsFirst, 0; add.u32 at0, at0, to;
        xor.b32 at2, atRowsFirst, 32; add.u32 at2, at2, to;
        cvt.rn.f16x2.f32 a0, s1, s0;
        cvt.rn.f16x2.f32 a1, s3, s2;
        cvt.rn.f16x2.f32 a2, s5, s4;
        cvt.rn.f16x2.f32 a3, s7, s6;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+0];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv20, dv21, dv22, dv23}, {a0, a1, a2, a3}, {b2, b3}, {dv20, dv21, dv22, dv23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+64];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv24, dv25, dv26, dv27}, {a0, a1, a2, a3}, {b0, b1}, {dv24, dv25, dv26, dv27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv28, dv29, dv30, dv31}, {a0, a1, a2, a3}, {b2, b3}, {dv28, dv29, dv30, dv31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv32, dv33, dv34, dv35}, {a0, a1, a2, a3}, {b0, b1}, {dv32, dv33, dv34, dv35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv36, dv37, dv38, dv39}, {a0, a1, a2, a3}, {b2, b3}, {dv36, dv37, dv38, dv39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+128];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv40, dv41, dv42, dv43}, {a0, a1, a2, a3}, {b0, b1}, {dv40, dv41, dv42, dv43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv44, dv45, dv46, dv47}, {a0, a1, a2, a3}, {b2, b3}, {dv44, dv45, dv46, dv47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv48, dv49, dv50, dv51}, {a0, a1, a2, a3}, {b0, b1}, {dv48, dv49, dv50, dv51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv52, dv53, dv54, dv55}, {a0, a1, a2, a3}, {b2, b3}, {dv52, dv53, dv54, dv55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+192];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv56, dv57, dv58, dv59}, {a0, a1, a2, a3}, {b0, b1}, {dv56, dv57, dv58, dv59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv60, dv61, dv62, dv63}, {a0, a1, a2, a3}, {b2, b3}, {dv60, dv61, dv62, dv63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv64, dv65, dv66, dv67}, {a0, a1, a2, a3}, {b0, b1}, {dv64, dv65, dv66, dv67};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv68, dv69, dv70, dv71}, {a0, a1, a2, a3}, {b2, b3}, {dv68, dv69, dv70, dv71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+256];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv72, dv73, dv74, dv75}, {a0, a1, a2, a3}, {b0, b1}, {dv72, dv73, dv74, dv75};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv76, dv77, dv78, dv79}, {a0, a1, a2, a3}, {b2, b3}, {dv76, dv77, dv78, dv79};
        cvt.rn.f16x2.f32 a0, s9, s8;
        cvt.rn.f16x2.f32 a1, s11, s10;
        cvt.rn.f16x2.f32 a2, s13, s12;
        cvt.rn.f16x2.f32 a3, s15, s14;
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv0, dv1, dv2, dv3}, {a0, a1, a2, a3}, {b0, b1}, {dv0, dv1, dv2, dv3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv4, dv5, dv6, dv7}, {a0, a1, a2, a3}, {b2, b3}, {dv4, dv5, dv6, dv7};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5120];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv8, dv9, dv10, dv11}, {a0, a1, a2, a3}, {b0, b1}, {dv8, dv9, dv10, dv11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv12, dv13, dv14, dv15}, {a0, a1, a2, a3}, {b2, b3}, {dv12, dv13, dv14, dv15};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv16, dv17, dv18, dv19}, {a0, a1, a2, a3}, {b0, b1}, {dv16, dv17, dv18, dv19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv20, dv21, dv22, dv23}, {a0, a1, a2, a3}, {b2, b3}, {dv20, dv21, dv22, dv23};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5184];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv24, dv25, dv26, dv27}, {a0, a1, a2, a3}, {b0, b1}, {dv24, dv25, dv26, dv27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv28, dv29, dv30, dv31}, {a0, a1, a2, a3}, {b2, b3}, {dv28, dv29, dv30, dv31};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv32, dv33, dv34, dv35}, {a0, a1, a2, a3}, {b0, b1}, {dv32, dv33, dv34, dv35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv36, dv37, dv38, dv39}, {a0, a1, a2, a3}, {b2, b3}, {dv36, dv37, dv38, dv39};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5248];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv40, dv41, dv42, dv43}, {a0, a1, a2, a3}, {b0, b1}, {dv40, dv41, dv42, dv43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv44, dv45, dv46, dv47}, {a0, a1, a2, a3}, {b2, b3}, {dv44, dv45, dv46, dv47};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv48, dv49, dv50, dv51}, {a0, a1, a2, a3}, {b0, b1}, {dv48, dv49, dv50, dv51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv52, dv53, dv54, dv55}, {a0, a1, a2, a3}, {b2, b3}, {dv52, dv53, dv54, dv55};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5312];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv56, dv57, dv58, dv59}, {a0, a1, a2, a3}, {b0, b1}, {dv56, dv57, dv58, dv59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv60, dv61, dv62, dv63}, {a0, a1, a2, a3}, {b2, b3}, {dv60, dv61, dv62, dv63};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at0+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv64, dv65, dv66, dv67}, {a0, a1, a2, a3}, {b0, b1}, {dv64, dv65, dv66, dv67};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv68, dv69, dv70, dv71}, {a0, a1, a2, a3}, {b2, b3}, {dv68, dv69, dv70, dv71};
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, [at2+5376];
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv72, dv73, dv74, dv75}, {a0, a1, a2, a3}, {b0, b1}, {dv72, dv73, dv74, dv75};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {dv76, dv77, dv78, dv79}, {a0, a1, a2, a3}, {b2, b3}, {dv76, dv77, dv78, dv79};
        }
        """, queries, gradients);

    public static void StoreKeys(int at, float factor)
    {
    }

    public static void StoreValues(int at) => CudaAsm.Emit("""
        { .reg .b32 pair; .reg .f32 low, high;
        .reg .b32 at0, at1, at2, at3, to; add.u32 to, atBase, 0;
        xor.b32 at0, %0, 0; add.u32 at0, at0, to;
        xor.b32 at1, %0, 16; add.u32 at1, at1, to;
        xor.b32 at2, %0, 32; add.u32 at2, at2, to;
        xor.b32 at3, %0, 48; add.u32 at3, at3, to;
        cvt.rn.f16x2.f32 pair, dv1, dv0; st.shared.b32 [at0+0], pair;
        cvt.rn.f16x2.f32 pair, dv5, dv4; st.shared.b32 [at1+0], pair;
        cvt.rn.f16x2.f32 pair, dv9, dv8; st.shared.b32 [at2+0], pair;
        cvt.rn.f16x2.f32 pair, dv13, dv12; st.shared.b32 [at3+0], pair;
        cvt.rn.f16x2.f32 pair, dv17, dv16; st.shared.b32 [at0+64], pair;
        cvt.rn.f16x2.f32 pair, dv21, dv20; st.shared.b32 [at1+64], pair;
        cvt.rn.f16x2.f32 pair, dv25, dv24; st.shared.b32 [at2+64], pair;
        cvt.rn.f16x2.f32 pair, dv29, dv28; st.shared.b32 [at3+64], pair;
        cvt.rn.f16x2.f32 pair, dv33, dv32; st.shared.b32 [at0+128], pair;
        cvt.rn.f16x2.f32 pair, dv37, dv36; st.shared.b32 [at1+128], pair;
        cvt.rn.f16x2.f32 pair, dv41, dv40; st.shared.b32 [at2+128], pair;
        cvt.rn.f16x2.f32 pair, dv45, dv44; st.shared.b32 [at3+128], pair;
        cvt.rn.f16x2.f32 pair, dv49, dv48; st.shared.b32 [at0+192], pair;
        cvt.rn.f16x2.f32 pair, dv53, dv52; st.shared.b32 [at1+192], pair;
        cvt.rn.f16x2.f32 pair, dv57, dv56; st.shared.b32 [at2+192], pair;
        cvt.rn.f16x2.f32 pair, dv61, dv60; st.shared.b32 [at3+192], pair;
        cvt.rn.f16x2.f32 pair, dv65, dv64; st.shared.b32 [at0+256], pair;
        cvt.rn.f16x2.f32 pair, dv69, dv68; st.shared.b32 [at1+256], pair;
        cvt.rn.f16x2.f32 pair, dv73, dv72; st.shared.b32 [at2+256], pair;
        cvt.rn.f16x2.f32 pair, dv77, dv76; st.shared.b32 [at3+256], pair;
        cvt.rn.f16x2.f32 pair, dv3, dv2; st.shared.b32 [at0+2560], pair;
        cvt.rn.f16x2.f32 pair, dv7, dv6; st.shared.b32 [at1+2560], pair;
        cvt.rn.f16x2.f32 pair, dv11, dv10; st.shared.b32 [at2+2560], pair;
        cvt.rn.f16x2.f32 pair, dv15, dv14; st.shared.b32 [at3+2560], pair;
        cvt.rn.f16x2.f32 pair, dv19, dv18; st.shared.b32 [at0+2624], pair;
        cvt.rn.f16x2.f32 pair, dv23, dv22; st.shared.b32 [at1+2624], pair;
        cvt.rn.f16x2.f32 pair, dv27, dv26; st.shared.b32 [at2+2624], pair;
        cvt.rn.f16x2.f32 pair, dv31, dv30; st.shared.b32 [at3+2624], pair;
        cvt.rn.f16x2.f32 pair, dv35, dv34; st.shared.b32 [at0+2688], pair;
        cvt.rn.f16x2.f32 pair, dv39, dv38; st.shared.b32 [at1+2688], pair;
        cvt.rn.f16x2.f32 pair, dv43, dv42; st.shared.b32 [at2+2688], pair;
        cvt.rn.f16x2.f32 pair, dv47, dv46; st.shared.b32 [at3+2688], pair;
        cvt.rn.f16x2.f32 pair, dv51, dv50; st.shared.b32 [at0+2752], pair;
        cvt.rn.f16x2.f32 pair, dv55, dv54; st.shared.b32 [at1+2752], pair;
        cvt.rn.f16x2.f32 pair, dv59, dv58; st.shared.b32 [at2+2752], pair;
        cvt.rn.f16x2.f32 pair, dv63, dv62; st.shared.b32 [at3+2752], pair;
        cvt.rn.f16x2.f32 pair, dv67, dv66; st.shared.b32 [at0+2816], pair;
        cvt.rn.f16x2.f32 pair, dv71, dv70; st.shared.b32 [at1+2816], pair;
        cvt.rn.f16x2.f32 pair, dv75, dv74; st.shared.b32 [at2+2816], pair;
        cvt.rn.f16x2.f32 pair, dv79, dv78; st.shared.b32 [at3+2816], pair;
        }
        """, at);
}
