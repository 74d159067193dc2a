// Written by TensorCoreTileGenerator (tests/Gpu); change that and run the tests with SELORA_REGENERATE=1.
// Registers: acc = accumulators; fa, fb = fragments of A and B; tc... = places in shared memory, see ITensorCoreTile.PlaceA.
using ILGPU.Runtime.Cuda;

namespace SeLoRA.Engine;

/// <summary>128x128 of C, 2x4 warps of 64x32, 3 stages.</summary>
//      +------+------+------+------+
//    0 |  w0  |  w1  |  w2  |  w3  |
//      +------+------+------+------+
//   64 |  w4  |  w5  |  w6  |  w7  |
//      +------+------+------+------+
// a warp's 16x8 parts, four accumulators of a lane each:
// acc0 ..3  | acc4 ..7  | acc8 ..11 | acc12..15   x fa0..3
// acc16..19 | acc20..23 | acc24..27 | acc28..31   x fa4..7
// acc32..35 | acc36..39 | acc40..43 | acc44..47   x fa8..11
// acc48..51 | acc52..55 | acc56..59 | acc60..63   x fa12..15
internal readonly struct Tile128x128 : IEightWarpTile
{
    public static int Log2Rows => 7;

    public static int Log2Columns => 7;

    public static int Log2WarpsM => 1;

    public static int Log2WarpsN => 2;

    public static int Stages => 3;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 tcBase; mov.u32 tcBase, __shared_alloca0;
        .reg .b32 tcFragmentA, tcFragmentB;
        .reg .b32 tcToA, tcToB;
        .reg .b32 tcOffsetA, tcOffsetB;
        .reg .b32 tcFixedA, tcFixedB;
        .reg .pred tcCopiesA, tcCopiesB;
        .reg .f32 acc<64>;
        .reg .b32 fa<16>, fb<8>;
        .reg .b32 tcPixel<2>, tcOutside<2>;
        mov.f32 acc0, 0f00000000; mov.f32 acc1, 0f00000000; mov.f32 acc2, 0f00000000; mov.f32 acc3, 0f00000000;
        mov.f32 acc4, 0f00000000; mov.f32 acc5, 0f00000000; mov.f32 acc6, 0f00000000; mov.f32 acc7, 0f00000000;
        mov.f32 acc8, 0f00000000; mov.f32 acc9, 0f00000000; mov.f32 acc10, 0f00000000; mov.f32 acc11, 0f00000000;
        mov.f32 acc12, 0f00000000; mov.f32 acc13, 0f00000000; mov.f32 acc14, 0f00000000; mov.f32 acc15, 0f00000000;
        mov.f32 acc16, 0f00000000; mov.f32 acc17, 0f00000000; mov.f32 acc18, 0f00000000; mov.f32 acc19, 0f00000000;
        mov.f32 acc20, 0f00000000; mov.f32 acc21, 0f00000000; mov.f32 acc22, 0f00000000; mov.f32 acc23, 0f00000000;
        mov.f32 acc24, 0f00000000; mov.f32 acc25, 0f00000000; mov.f32 acc26, 0f00000000; mov.f32 acc27, 0f00000000;
        mov.f32 acc28, 0f00000000; mov.f32 acc29, 0f00000000; mov.f32 acc30, 0f00000000; mov.f32 acc31, 0f00000000;
        mov.f32 acc32, 0f00000000; mov.f32 acc33, 0f00000000; mov.f32 acc34, 0f00000000; mov.f32 acc35, 0f00000000;
        mov.f32 acc36, 0f00000000; mov.f32 acc37, 0f00000000; mov.f32 acc38, 0f00000000; mov.f32 acc39, 0f00000000;
        mov.f32 acc40, 0f00000000; mov.f32 acc41, 0f00000000; mov.f32 acc42, 0f00000000; mov.f32 acc43, 0f00000000;
        mov.f32 acc44, 0f00000000; mov.f32 acc45, 0f00000000; mov.f32 acc46, 0f00000000; mov.f32 acc47, 0f00000000;
        mov.f32 acc48, 0f00000000; mov.f32 acc49, 0f00000000; mov.f32 acc50, 0f00000000; mov.f32 acc51, 0f00000000;
        mov.f32 acc52, 0f00000000; mov.f32 acc53, 0f00000000; mov.f32 acc54, 0f00000000; mov.f32 acc55, 0f00000000;
        mov.f32 acc56, 0f00000000; mov.f32 acc57, 0f00000000; mov.f32 acc58, 0f00000000; mov.f32 acc59, 0f00000000;
        mov.f32 acc60, 0f00000000; mov.f32 acc61, 0f00000000; mov.f32 acc62, 0f00000000; mov.f32 acc63, 0f00000000;
        """);

    public static void AwaitSlice() => CudaAsm.Emit("""
        cp.async.wait_group 1;
        """);

    public static void PlaceA(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentA, %0; add.u32 tcToA, tcBase, %1; mov.b32 tcOffsetA, %2; mov.b32 tcFixedA, %3;
        """, fragment, to, offset, fix);

    public static void CopyAAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedA, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedA, 64; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyAAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetA; mov.b32 bytes, tcFixedA;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void PlaceWindow(int copy, int pixel, int outside) => CudaAsm.Emit("""
        { .reg .pred this;
        setp.eq.s32 this, %0, 0; @this mov.b32 tcPixel0, %1; @this mov.b32 tcOutside0, %2;
        setp.eq.s32 this, %0, 1; @this mov.b32 tcPixel1, %1; @this mov.b32 tcOutside1, %2;
        }
        """, copy, pixel, outside);

    public static void CopyAWindows(int stage, long from, int tap, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, outside, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0;
        mad.wide.s32 from, tcPixel0, 16, %1; and.b32 outside, tcOutside0, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        mad.wide.s32 from, tcPixel1, 16, %1; and.b32 outside, tcOutside1, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        }
        """, stage, from, tap, bytesLeft);

    public static void PlaceB(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentB, %0; add.u32 tcToB, tcBase, %1; mov.b32 tcOffsetB, %2; mov.b32 tcFixedB, %3;
        """, fragment, to, offset, fix);

    public static void CopyBAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetB; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedB, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedB, 64; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyBAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetB; mov.b32 bytes, tcFixedB;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void CopyChunkOfB(int further, long from, int bytes) => CudaAsm.Emit("""
        { .reg .b32 to; add.u32 to, tcToB, %0;
        cp.async.cg.shared.global.L2::128B [to], [%1], 16, %2;
        }
        """, further, from, bytes);

    public static void LoadAAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentA, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa0, fa1, fa2, fa3}, [at+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa4, fa5, fa6, fa7}, [at+1024];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa8, fa9, fa10, fa11}, [at+2048];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa12, fa13, fa14, fa15}, [at+3072];
        }
        """, stage, turn);

    public static void LoadAAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa0, fa1, fa2, fa3}, [to];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa4, fa5, fa6, fa7}, [to];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa8, fa9, fa10, fa11}, [to];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa12, fa13, fa14, fa15}, [to];
        }
        """, stage, further);

    public static void LoadAWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa0, [to]; ld.shared.b32 fa2, [to+2048];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa1, [to]; ld.shared.b32 fa3, [to+2048];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa4, [to]; ld.shared.b32 fa6, [to+2048];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa5, [to]; ld.shared.b32 fa7, [to+2048];
        xor.b32 to, at, 128; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa8, [to]; ld.shared.b32 fa10, [to+2048];
        xor.b32 to, at, 160; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa9, [to]; ld.shared.b32 fa11, [to+2048];
        xor.b32 to, at, 192; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa12, [to]; ld.shared.b32 fa14, [to+2048];
        xor.b32 to, at, 224; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa13, [to]; ld.shared.b32 fa15, [to+2048];
        }
        """, stage, further);

    public static void LoadBAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentB, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb0, fb1, fb2, fb3}, [at+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb4, fb5, fb6, fb7}, [at+1024];
        }
        """, stage, turn);

    public static void LoadBAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb0, fb1, fb2, fb3}, [to];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb4, fb5, fb6, fb7}, [to];
        }
        """, stage, further);

    public static void LoadBWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb0, [to]; ld.shared.b32 fb1, [to+2048];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb2, [to]; ld.shared.b32 fb3, [to+2048];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb4, [to]; ld.shared.b32 fb5, [to+2048];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb6, [to]; ld.shared.b32 fb7, [to+2048];
        }
        """, stage, further);

    public static void MultiplyBF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc32, acc33, acc34, acc35}, {fa8, fa9, fa10, fa11}, {fb0, fb1}, {acc32, acc33, acc34, acc35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc36, acc37, acc38, acc39}, {fa8, fa9, fa10, fa11}, {fb2, fb3}, {acc36, acc37, acc38, acc39};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc40, acc41, acc42, acc43}, {fa8, fa9, fa10, fa11}, {fb4, fb5}, {acc40, acc41, acc42, acc43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc44, acc45, acc46, acc47}, {fa8, fa9, fa10, fa11}, {fb6, fb7}, {acc44, acc45, acc46, acc47};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc48, acc49, acc50, acc51}, {fa12, fa13, fa14, fa15}, {fb0, fb1}, {acc48, acc49, acc50, acc51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc52, acc53, acc54, acc55}, {fa12, fa13, fa14, fa15}, {fb2, fb3}, {acc52, acc53, acc54, acc55};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc56, acc57, acc58, acc59}, {fa12, fa13, fa14, fa15}, {fb4, fb5}, {acc56, acc57, acc58, acc59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc60, acc61, acc62, acc63}, {fa12, fa13, fa14, fa15}, {fb6, fb7}, {acc60, acc61, acc62, acc63};
        """);

    public static void MultiplyF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc32, acc33, acc34, acc35}, {fa8, fa9, fa10, fa11}, {fb0, fb1}, {acc32, acc33, acc34, acc35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc36, acc37, acc38, acc39}, {fa8, fa9, fa10, fa11}, {fb2, fb3}, {acc36, acc37, acc38, acc39};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc40, acc41, acc42, acc43}, {fa8, fa9, fa10, fa11}, {fb4, fb5}, {acc40, acc41, acc42, acc43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc44, acc45, acc46, acc47}, {fa8, fa9, fa10, fa11}, {fb6, fb7}, {acc44, acc45, acc46, acc47};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc48, acc49, acc50, acc51}, {fa12, fa13, fa14, fa15}, {fb0, fb1}, {acc48, acc49, acc50, acc51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc52, acc53, acc54, acc55}, {fa12, fa13, fa14, fa15}, {fb2, fb3}, {acc52, acc53, acc54, acc55};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc56, acc57, acc58, acc59}, {fa12, fa13, fa14, fa15}, {fb4, fb5}, {acc56, acc57, acc58, acc59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc60, acc61, acc62, acc63}, {fa12, fa13, fa14, fa15}, {fb6, fb7}, {acc60, acc61, acc62, acc63};
        """);

    public static void MultiplyTF32() => CudaAsm.Emit("""
        cvt.rna.tf32.f32 fa0, fa0; cvt.rna.tf32.f32 fa1, fa1; cvt.rna.tf32.f32 fa2, fa2; cvt.rna.tf32.f32 fa3, fa3;
        cvt.rna.tf32.f32 fa4, fa4; cvt.rna.tf32.f32 fa5, fa5; cvt.rna.tf32.f32 fa6, fa6; cvt.rna.tf32.f32 fa7, fa7;
        cvt.rna.tf32.f32 fa8, fa8; cvt.rna.tf32.f32 fa9, fa9; cvt.rna.tf32.f32 fa10, fa10; cvt.rna.tf32.f32 fa11, fa11;
        cvt.rna.tf32.f32 fa12, fa12; cvt.rna.tf32.f32 fa13, fa13; cvt.rna.tf32.f32 fa14, fa14; cvt.rna.tf32.f32 fa15, fa15;
        cvt.rna.tf32.f32 fb0, fb0; cvt.rna.tf32.f32 fb1, fb1; cvt.rna.tf32.f32 fb2, fb2; cvt.rna.tf32.f32 fb3, fb3;
        cvt.rna.tf32.f32 fb4, fb4; cvt.rna.tf32.f32 fb5, fb5; cvt.rna.tf32.f32 fb6, fb6; cvt.rna.tf32.f32 fb7, fb7;
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc32, acc33, acc34, acc35}, {fa8, fa9, fa10, fa11}, {fb0, fb1}, {acc32, acc33, acc34, acc35};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc36, acc37, acc38, acc39}, {fa8, fa9, fa10, fa11}, {fb2, fb3}, {acc36, acc37, acc38, acc39};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc40, acc41, acc42, acc43}, {fa8, fa9, fa10, fa11}, {fb4, fb5}, {acc40, acc41, acc42, acc43};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc44, acc45, acc46, acc47}, {fa8, fa9, fa10, fa11}, {fb6, fb7}, {acc44, acc45, acc46, acc47};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc48, acc49, acc50, acc51}, {fa12, fa13, fa14, fa15}, {fb0, fb1}, {acc48, acc49, acc50, acc51};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc52, acc53, acc54, acc55}, {fa12, fa13, fa14, fa15}, {fb2, fb3}, {acc52, acc53, acc54, acc55};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc56, acc57, acc58, acc59}, {fa12, fa13, fa14, fa15}, {fb4, fb5}, {acc56, acc57, acc58, acc59};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc60, acc61, acc62, acc63}, {fa12, fa13, fa14, fa15}, {fb6, fb7}, {acc60, acc61, acc62, acc63};
        """);

    public static void StoreSlab(int slab, int address) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .pred slab<4>;
        add.u32 at, tcBase, %1;
        setp.eq.s32 slab0, %0, 0;
        setp.eq.s32 slab1, %0, 1;
        setp.eq.s32 slab2, %0, 2;
        setp.eq.s32 slab3, %0, 3;
        @slab0 st.shared.v2.f32 [at+0], {acc0, acc1};
        @slab0 st.shared.v2.f32 [at+4352], {acc2, acc3};
        @slab0 st.shared.v2.f32 [at+32], {acc4, acc5};
        @slab0 st.shared.v2.f32 [at+4384], {acc6, acc7};
        @slab0 st.shared.v2.f32 [at+64], {acc8, acc9};
        @slab0 st.shared.v2.f32 [at+4416], {acc10, acc11};
        @slab0 st.shared.v2.f32 [at+96], {acc12, acc13};
        @slab0 st.shared.v2.f32 [at+4448], {acc14, acc15};
        @slab1 st.shared.v2.f32 [at+0], {acc16, acc17};
        @slab1 st.shared.v2.f32 [at+4352], {acc18, acc19};
        @slab1 st.shared.v2.f32 [at+32], {acc20, acc21};
        @slab1 st.shared.v2.f32 [at+4384], {acc22, acc23};
        @slab1 st.shared.v2.f32 [at+64], {acc24, acc25};
        @slab1 st.shared.v2.f32 [at+4416], {acc26, acc27};
        @slab1 st.shared.v2.f32 [at+96], {acc28, acc29};
        @slab1 st.shared.v2.f32 [at+4448], {acc30, acc31};
        @slab2 st.shared.v2.f32 [at+0], {acc32, acc33};
        @slab2 st.shared.v2.f32 [at+4352], {acc34, acc35};
        @slab2 st.shared.v2.f32 [at+32], {acc36, acc37};
        @slab2 st.shared.v2.f32 [at+4384], {acc38, acc39};
        @slab2 st.shared.v2.f32 [at+64], {acc40, acc41};
        @slab2 st.shared.v2.f32 [at+4416], {acc42, acc43};
        @slab2 st.shared.v2.f32 [at+96], {acc44, acc45};
        @slab2 st.shared.v2.f32 [at+4448], {acc46, acc47};
        @slab3 st.shared.v2.f32 [at+0], {acc48, acc49};
        @slab3 st.shared.v2.f32 [at+4352], {acc50, acc51};
        @slab3 st.shared.v2.f32 [at+32], {acc52, acc53};
        @slab3 st.shared.v2.f32 [at+4384], {acc54, acc55};
        @slab3 st.shared.v2.f32 [at+64], {acc56, acc57};
        @slab3 st.shared.v2.f32 [at+4416], {acc58, acc59};
        @slab3 st.shared.v2.f32 [at+96], {acc60, acc61};
        @slab3 st.shared.v2.f32 [at+4448], {acc62, acc63};
        }
        """, slab, address);
}

/// <summary>128x64 of C, 2x2 warps of 64x32, 4 stages.</summary>
//      +------+------+
//    0 |  w0  |  w1  |
//      +------+------+
//   64 |  w2  |  w3  |
//      +------+------+
// a warp's 16x8 parts, four accumulators of a lane each:
// acc0 ..3  | acc4 ..7  | acc8 ..11 | acc12..15   x fa0..3
// acc16..19 | acc20..23 | acc24..27 | acc28..31   x fa4..7
// acc32..35 | acc36..39 | acc40..43 | acc44..47   x fa8..11
// acc48..51 | acc52..55 | acc56..59 | acc60..63   x fa12..15
internal readonly struct Tile128x64 : IFourWarpTile
{
    public static int Log2Rows => 7;

    public static int Log2Columns => 6;

    public static int Log2WarpsM => 1;

    public static int Log2WarpsN => 1;

    public static int Stages => 4;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 tcBase; mov.u32 tcBase, __shared_alloca0;
        .reg .b32 tcFragmentA, tcFragmentB;
        .reg .b32 tcToA, tcToB;
        .reg .b32 tcOffsetA, tcOffsetB;
        .reg .b32 tcFixedA, tcFixedB;
        .reg .pred tcCopiesA, tcCopiesB;
        .reg .f32 acc<64>;
        .reg .b32 fa<16>, fb<8>;
        .reg .b32 tcPixel<4>, tcOutside<4>;
        mov.f32 acc0, 0f00000000; mov.f32 acc1, 0f00000000; mov.f32 acc2, 0f00000000; mov.f32 acc3, 0f00000000;
        mov.f32 acc4, 0f00000000; mov.f32 acc5, 0f00000000; mov.f32 acc6, 0f00000000; mov.f32 acc7, 0f00000000;
        mov.f32 acc8, 0f00000000; mov.f32 acc9, 0f00000000; mov.f32 acc10, 0f00000000; mov.f32 acc11, 0f00000000;
        mov.f32 acc12, 0f00000000; mov.f32 acc13, 0f00000000; mov.f32 acc14, 0f00000000; mov.f32 acc15, 0f00000000;
        mov.f32 acc16, 0f00000000; mov.f32 acc17, 0f00000000; mov.f32 acc18, 0f00000000; mov.f32 acc19, 0f00000000;
        mov.f32 acc20, 0f00000000; mov.f32 acc21, 0f00000000; mov.f32 acc22, 0f00000000; mov.f32 acc23, 0f00000000;
        mov.f32 acc24, 0f00000000; mov.f32 acc25, 0f00000000; mov.f32 acc26, 0f00000000; mov.f32 acc27, 0f00000000;
        mov.f32 acc28, 0f00000000; mov.f32 acc29, 0f00000000; mov.f32 acc30, 0f00000000; mov.f32 acc31, 0f00000000;
        mov.f32 acc32, 0f00000000; mov.f32 acc33, 0f00000000; mov.f32 acc34, 0f00000000; mov.f32 acc35, 0f00000000;
        mov.f32 acc36, 0f00000000; mov.f32 acc37, 0f00000000; mov.f32 acc38, 0f00000000; mov.f32 acc39, 0f00000000;
        mov.f32 acc40, 0f00000000; mov.f32 acc41, 0f00000000; mov.f32 acc42, 0f00000000; mov.f32 acc43, 0f00000000;
        mov.f32 acc44, 0f00000000; mov.f32 acc45, 0f00000000; mov.f32 acc46, 0f00000000; mov.f32 acc47, 0f00000000;
        mov.f32 acc48, 0f00000000; mov.f32 acc49, 0f00000000; mov.f32 acc50, 0f00000000; mov.f32 acc51, 0f00000000;
        mov.f32 acc52, 0f00000000; mov.f32 acc53, 0f00000000; mov.f32 acc54, 0f00000000; mov.f32 acc55, 0f00000000;
        mov.f32 acc56, 0f00000000; mov.f32 acc57, 0f00000000; mov.f32 acc58, 0f00000000; mov.f32 acc59, 0f00000000;
        mov.f32 acc60, 0f00000000; mov.f32 acc61, 0f00000000; mov.f32 acc62, 0f00000000; mov.f32 acc63, 0f00000000;
        """);

    public static void AwaitSlice() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void PlaceA(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentA, %0; add.u32 tcToA, tcBase, %1; mov.b32 tcOffsetA, %2; mov.b32 tcFixedA, %3;
        """, fragment, to, offset, fix);

    public static void CopyAAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedA, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedA, 32; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedA, 64; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedA, 96; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+6144], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyAAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetA; mov.b32 bytes, tcFixedA;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+6144], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void PlaceWindow(int copy, int pixel, int outside) => CudaAsm.Emit("""
        { .reg .pred this;
        setp.eq.s32 this, %0, 0; @this mov.b32 tcPixel0, %1; @this mov.b32 tcOutside0, %2;
        setp.eq.s32 this, %0, 1; @this mov.b32 tcPixel1, %1; @this mov.b32 tcOutside1, %2;
        setp.eq.s32 this, %0, 2; @this mov.b32 tcPixel2, %1; @this mov.b32 tcOutside2, %2;
        setp.eq.s32 this, %0, 3; @this mov.b32 tcPixel3, %1; @this mov.b32 tcOutside3, %2;
        }
        """, copy, pixel, outside);

    public static void CopyAWindows(int stage, long from, int tap, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, outside, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0;
        mad.wide.s32 from, tcPixel0, 16, %1; and.b32 outside, tcOutside0, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        mad.wide.s32 from, tcPixel1, 16, %1; and.b32 outside, tcOutside1, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        mad.wide.s32 from, tcPixel2, 16, %1; and.b32 outside, tcOutside2, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        mad.wide.s32 from, tcPixel3, 16, %1; and.b32 outside, tcOutside3, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+6144], [from], 16, count;
        }
        """, stage, from, tap, bytesLeft);

    public static void PlaceB(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentB, %0; add.u32 tcToB, tcBase, %1; mov.b32 tcOffsetB, %2; mov.b32 tcFixedB, %3;
        """, fragment, to, offset, fix);

    public static void CopyBAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetB; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedB, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedB, 32; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyBAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetB; mov.b32 bytes, tcFixedB;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void CopyChunkOfB(int further, long from, int bytes) => CudaAsm.Emit("""
        { .reg .b32 to; add.u32 to, tcToB, %0;
        cp.async.cg.shared.global.L2::128B [to], [%1], 16, %2;
        }
        """, further, from, bytes);

    public static void LoadAAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentA, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa0, fa1, fa2, fa3}, [at+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa4, fa5, fa6, fa7}, [at+1024];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa8, fa9, fa10, fa11}, [at+2048];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa12, fa13, fa14, fa15}, [at+3072];
        }
        """, stage, turn);

    public static void LoadAAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa0, fa1, fa2, fa3}, [to];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa4, fa5, fa6, fa7}, [to];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa8, fa9, fa10, fa11}, [to];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa12, fa13, fa14, fa15}, [to];
        }
        """, stage, further);

    public static void LoadAWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa0, [to]; ld.shared.b32 fa2, [to+2048];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa1, [to]; ld.shared.b32 fa3, [to+2048];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa4, [to]; ld.shared.b32 fa6, [to+2048];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa5, [to]; ld.shared.b32 fa7, [to+2048];
        xor.b32 to, at, 128; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa8, [to]; ld.shared.b32 fa10, [to+2048];
        xor.b32 to, at, 160; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa9, [to]; ld.shared.b32 fa11, [to+2048];
        xor.b32 to, at, 192; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa12, [to]; ld.shared.b32 fa14, [to+2048];
        xor.b32 to, at, 224; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa13, [to]; ld.shared.b32 fa15, [to+2048];
        }
        """, stage, further);

    public static void LoadBAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentB, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb0, fb1, fb2, fb3}, [at+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb4, fb5, fb6, fb7}, [at+1024];
        }
        """, stage, turn);

    public static void LoadBAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb0, fb1, fb2, fb3}, [to];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb4, fb5, fb6, fb7}, [to];
        }
        """, stage, further);

    public static void LoadBWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb0, [to]; ld.shared.b32 fb1, [to+1024];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb2, [to]; ld.shared.b32 fb3, [to+1024];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb4, [to]; ld.shared.b32 fb5, [to+1024];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb6, [to]; ld.shared.b32 fb7, [to+1024];
        }
        """, stage, further);

    public static void MultiplyBF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc32, acc33, acc34, acc35}, {fa8, fa9, fa10, fa11}, {fb0, fb1}, {acc32, acc33, acc34, acc35};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc36, acc37, acc38, acc39}, {fa8, fa9, fa10, fa11}, {fb2, fb3}, {acc36, acc37, acc38, acc39};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc40, acc41, acc42, acc43}, {fa8, fa9, fa10, fa11}, {fb4, fb5}, {acc40, acc41, acc42, acc43};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc44, acc45, acc46, acc47}, {fa8, fa9, fa10, fa11}, {fb6, fb7}, {acc44, acc45, acc46, acc47};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc48, acc49, acc50, acc51}, {fa12, fa13, fa14, fa15}, {fb0, fb1}, {acc48, acc49, acc50, acc51};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc52, acc53, acc54, acc55}, {fa12, fa13, fa14, fa15}, {fb2, fb3}, {acc52, acc53, acc54, acc55};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc56, acc57, acc58, acc59}, {fa12, fa13, fa14, fa15}, {fb4, fb5}, {acc56, acc57, acc58, acc59};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc60, acc61, acc62, acc63}, {fa12, fa13, fa14, fa15}, {fb6, fb7}, {acc60, acc61, acc62, acc63};
        """);

    public static void MultiplyF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc32, acc33, acc34, acc35}, {fa8, fa9, fa10, fa11}, {fb0, fb1}, {acc32, acc33, acc34, acc35};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc36, acc37, acc38, acc39}, {fa8, fa9, fa10, fa11}, {fb2, fb3}, {acc36, acc37, acc38, acc39};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc40, acc41, acc42, acc43}, {fa8, fa9, fa10, fa11}, {fb4, fb5}, {acc40, acc41, acc42, acc43};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc44, acc45, acc46, acc47}, {fa8, fa9, fa10, fa11}, {fb6, fb7}, {acc44, acc45, acc46, acc47};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc48, acc49, acc50, acc51}, {fa12, fa13, fa14, fa15}, {fb0, fb1}, {acc48, acc49, acc50, acc51};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc52, acc53, acc54, acc55}, {fa12, fa13, fa14, fa15}, {fb2, fb3}, {acc52, acc53, acc54, acc55};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc56, acc57, acc58, acc59}, {fa12, fa13, fa14, fa15}, {fb4, fb5}, {acc56, acc57, acc58, acc59};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc60, acc61, acc62, acc63}, {fa12, fa13, fa14, fa15}, {fb6, fb7}, {acc60, acc61, acc62, acc63};
        """);

    public static void MultiplyTF32() => CudaAsm.Emit("""
        cvt.rna.tf32.f32 fa0, fa0; cvt.rna.tf32.f32 fa1, fa1; cvt.rna.tf32.f32 fa2, fa2; cvt.rna.tf32.f32 fa3, fa3;
        cvt.rna.tf32.f32 fa4, fa4; cvt.rna.tf32.f32 fa5, fa5; cvt.rna.tf32.f32 fa6, fa6; cvt.rna.tf32.f32 fa7, fa7;
        cvt.rna.tf32.f32 fa8, fa8; cvt.rna.tf32.f32 fa9, fa9; cvt.rna.tf32.f32 fa10, fa10; cvt.rna.tf32.f32 fa11, fa11;
        cvt.rna.tf32.f32 fa12, fa12; cvt.rna.tf32.f32 fa13, fa13; cvt.rna.tf32.f32 fa14, fa14; cvt.rna.tf32.f32 fa15, fa15;
        cvt.rna.tf32.f32 fb0, fb0; cvt.rna.tf32.f32 fb1, fb1; cvt.rna.tf32.f32 fb2, fb2; cvt.rna.tf32.f32 fb3, fb3;
        cvt.rna.tf32.f32 fb4, fb4; cvt.rna.tf32.f32 fb5, fb5; cvt.rna.tf32.f32 fb6, fb6; cvt.rna.tf32.f32 fb7, fb7;
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc32, acc33, acc34, acc35}, {fa8, fa9, fa10, fa11}, {fb0, fb1}, {acc32, acc33, acc34, acc35};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc36, acc37, acc38, acc39}, {fa8, fa9, fa10, fa11}, {fb2, fb3}, {acc36, acc37, acc38, acc39};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc40, acc41, acc42, acc43}, {fa8, fa9, fa10, fa11}, {fb4, fb5}, {acc40, acc41, acc42, acc43};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc44, acc45, acc46, acc47}, {fa8, fa9, fa10, fa11}, {fb6, fb7}, {acc44, acc45, acc46, acc47};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc48, acc49, acc50, acc51}, {fa12, fa13, fa14, fa15}, {fb0, fb1}, {acc48, acc49, acc50, acc51};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc52, acc53, acc54, acc55}, {fa12, fa13, fa14, fa15}, {fb2, fb3}, {acc52, acc53, acc54, acc55};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc56, acc57, acc58, acc59}, {fa12, fa13, fa14, fa15}, {fb4, fb5}, {acc56, acc57, acc58, acc59};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc60, acc61, acc62, acc63}, {fa12, fa13, fa14, fa15}, {fb6, fb7}, {acc60, acc61, acc62, acc63};
        """);

    public static void StoreSlab(int slab, int address) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .pred slab<4>;
        add.u32 at, tcBase, %1;
        setp.eq.s32 slab0, %0, 0;
        setp.eq.s32 slab1, %0, 1;
        setp.eq.s32 slab2, %0, 2;
        setp.eq.s32 slab3, %0, 3;
        @slab0 st.shared.v2.f32 [at+0], {acc0, acc1};
        @slab0 st.shared.v2.f32 [at+2304], {acc2, acc3};
        @slab0 st.shared.v2.f32 [at+32], {acc4, acc5};
        @slab0 st.shared.v2.f32 [at+2336], {acc6, acc7};
        @slab0 st.shared.v2.f32 [at+64], {acc8, acc9};
        @slab0 st.shared.v2.f32 [at+2368], {acc10, acc11};
        @slab0 st.shared.v2.f32 [at+96], {acc12, acc13};
        @slab0 st.shared.v2.f32 [at+2400], {acc14, acc15};
        @slab1 st.shared.v2.f32 [at+0], {acc16, acc17};
        @slab1 st.shared.v2.f32 [at+2304], {acc18, acc19};
        @slab1 st.shared.v2.f32 [at+32], {acc20, acc21};
        @slab1 st.shared.v2.f32 [at+2336], {acc22, acc23};
        @slab1 st.shared.v2.f32 [at+64], {acc24, acc25};
        @slab1 st.shared.v2.f32 [at+2368], {acc26, acc27};
        @slab1 st.shared.v2.f32 [at+96], {acc28, acc29};
        @slab1 st.shared.v2.f32 [at+2400], {acc30, acc31};
        @slab2 st.shared.v2.f32 [at+0], {acc32, acc33};
        @slab2 st.shared.v2.f32 [at+2304], {acc34, acc35};
        @slab2 st.shared.v2.f32 [at+32], {acc36, acc37};
        @slab2 st.shared.v2.f32 [at+2336], {acc38, acc39};
        @slab2 st.shared.v2.f32 [at+64], {acc40, acc41};
        @slab2 st.shared.v2.f32 [at+2368], {acc42, acc43};
        @slab2 st.shared.v2.f32 [at+96], {acc44, acc45};
        @slab2 st.shared.v2.f32 [at+2400], {acc46, acc47};
        @slab3 st.shared.v2.f32 [at+0], {acc48, acc49};
        @slab3 st.shared.v2.f32 [at+2304], {acc50, acc51};
        @slab3 st.shared.v2.f32 [at+32], {acc52, acc53};
        @slab3 st.shared.v2.f32 [at+2336], {acc54, acc55};
        @slab3 st.shared.v2.f32 [at+64], {acc56, acc57};
        @slab3 st.shared.v2.f32 [at+2368], {acc58, acc59};
        @slab3 st.shared.v2.f32 [at+96], {acc60, acc61};
        @slab3 st.shared.v2.f32 [at+2400], {acc62, acc63};
        }
        """, slab, address);
}

/// <summary>64x64 of C, 2x2 warps of 32x32, 4 stages.</summary>
//      +------+------+
//    0 |  w0  |  w1  |
//      +------+------+
//   32 |  w2  |  w3  |
//      +------+------+
// a warp's 16x8 parts, four accumulators of a lane each:
// acc0 ..3  | acc4 ..7  | acc8 ..11 | acc12..15   x fa0..3
// acc16..19 | acc20..23 | acc24..27 | acc28..31   x fa4..7
internal readonly struct Tile64x64 : IFourWarpTile
{
    public static int Log2Rows => 6;

    public static int Log2Columns => 6;

    public static int Log2WarpsM => 1;

    public static int Log2WarpsN => 1;

    public static int Stages => 4;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 tcBase; mov.u32 tcBase, __shared_alloca0;
        .reg .b32 tcFragmentA, tcFragmentB;
        .reg .b32 tcToA, tcToB;
        .reg .b32 tcOffsetA, tcOffsetB;
        .reg .b32 tcFixedA, tcFixedB;
        .reg .pred tcCopiesA, tcCopiesB;
        .reg .f32 acc<32>;
        .reg .b32 fa<8>, fb<8>;
        .reg .b32 tcPixel<2>, tcOutside<2>;
        mov.f32 acc0, 0f00000000; mov.f32 acc1, 0f00000000; mov.f32 acc2, 0f00000000; mov.f32 acc3, 0f00000000;
        mov.f32 acc4, 0f00000000; mov.f32 acc5, 0f00000000; mov.f32 acc6, 0f00000000; mov.f32 acc7, 0f00000000;
        mov.f32 acc8, 0f00000000; mov.f32 acc9, 0f00000000; mov.f32 acc10, 0f00000000; mov.f32 acc11, 0f00000000;
        mov.f32 acc12, 0f00000000; mov.f32 acc13, 0f00000000; mov.f32 acc14, 0f00000000; mov.f32 acc15, 0f00000000;
        mov.f32 acc16, 0f00000000; mov.f32 acc17, 0f00000000; mov.f32 acc18, 0f00000000; mov.f32 acc19, 0f00000000;
        mov.f32 acc20, 0f00000000; mov.f32 acc21, 0f00000000; mov.f32 acc22, 0f00000000; mov.f32 acc23, 0f00000000;
        mov.f32 acc24, 0f00000000; mov.f32 acc25, 0f00000000; mov.f32 acc26, 0f00000000; mov.f32 acc27, 0f00000000;
        mov.f32 acc28, 0f00000000; mov.f32 acc29, 0f00000000; mov.f32 acc30, 0f00000000; mov.f32 acc31, 0f00000000;
        """);

    public static void AwaitSlice() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void PlaceA(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentA, %0; add.u32 tcToA, tcBase, %1; mov.b32 tcOffsetA, %2; mov.b32 tcFixedA, %3;
        """, fragment, to, offset, fix);

    public static void CopyAAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedA, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedA, 32; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyAAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetA; mov.b32 bytes, tcFixedA;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void PlaceWindow(int copy, int pixel, int outside) => CudaAsm.Emit("""
        { .reg .pred this;
        setp.eq.s32 this, %0, 0; @this mov.b32 tcPixel0, %1; @this mov.b32 tcOutside0, %2;
        setp.eq.s32 this, %0, 1; @this mov.b32 tcPixel1, %1; @this mov.b32 tcOutside1, %2;
        }
        """, copy, pixel, outside);

    public static void CopyAWindows(int stage, long from, int tap, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, outside, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0;
        mad.wide.s32 from, tcPixel0, 16, %1; and.b32 outside, tcOutside0, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        mad.wide.s32 from, tcPixel1, 16, %1; and.b32 outside, tcOutside1, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        }
        """, stage, from, tap, bytesLeft);

    public static void PlaceB(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentB, %0; add.u32 tcToB, tcBase, %1; mov.b32 tcOffsetB, %2; mov.b32 tcFixedB, %3;
        """, fragment, to, offset, fix);

    public static void CopyBAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetB; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedB, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedB, 32; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyBAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetB; mov.b32 bytes, tcFixedB;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void CopyChunkOfB(int further, long from, int bytes) => CudaAsm.Emit("""
        { .reg .b32 to; add.u32 to, tcToB, %0;
        cp.async.cg.shared.global.L2::128B [to], [%1], 16, %2;
        }
        """, further, from, bytes);

    public static void LoadAAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentA, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa0, fa1, fa2, fa3}, [at+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa4, fa5, fa6, fa7}, [at+1024];
        }
        """, stage, turn);

    public static void LoadAAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa0, fa1, fa2, fa3}, [to];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa4, fa5, fa6, fa7}, [to];
        }
        """, stage, further);

    public static void LoadAWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa0, [to]; ld.shared.b32 fa2, [to+1024];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa1, [to]; ld.shared.b32 fa3, [to+1024];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa4, [to]; ld.shared.b32 fa6, [to+1024];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa5, [to]; ld.shared.b32 fa7, [to+1024];
        }
        """, stage, further);

    public static void LoadBAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentB, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb0, fb1, fb2, fb3}, [at+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb4, fb5, fb6, fb7}, [at+1024];
        }
        """, stage, turn);

    public static void LoadBAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb0, fb1, fb2, fb3}, [to];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb4, fb5, fb6, fb7}, [to];
        }
        """, stage, further);

    public static void LoadBWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb0, [to]; ld.shared.b32 fb1, [to+1024];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb2, [to]; ld.shared.b32 fb3, [to+1024];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb4, [to]; ld.shared.b32 fb5, [to+1024];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb6, [to]; ld.shared.b32 fb7, [to+1024];
        }
        """, stage, further);

    public static void MultiplyBF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        """);

    public static void MultiplyF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        """);

    public static void MultiplyTF32() => CudaAsm.Emit("""
        cvt.rna.tf32.f32 fa0, fa0; cvt.rna.tf32.f32 fa1, fa1; cvt.rna.tf32.f32 fa2, fa2; cvt.rna.tf32.f32 fa3, fa3;
        cvt.rna.tf32.f32 fa4, fa4; cvt.rna.tf32.f32 fa5, fa5; cvt.rna.tf32.f32 fa6, fa6; cvt.rna.tf32.f32 fa7, fa7;
        cvt.rna.tf32.f32 fb0, fb0; cvt.rna.tf32.f32 fb1, fb1; cvt.rna.tf32.f32 fb2, fb2; cvt.rna.tf32.f32 fb3, fb3;
        cvt.rna.tf32.f32 fb4, fb4; cvt.rna.tf32.f32 fb5, fb5; cvt.rna.tf32.f32 fb6, fb6; cvt.rna.tf32.f32 fb7, fb7;
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc16, acc17, acc18, acc19}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc16, acc17, acc18, acc19};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc20, acc21, acc22, acc23}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc20, acc21, acc22, acc23};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc24, acc25, acc26, acc27}, {fa4, fa5, fa6, fa7}, {fb4, fb5}, {acc24, acc25, acc26, acc27};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc28, acc29, acc30, acc31}, {fa4, fa5, fa6, fa7}, {fb6, fb7}, {acc28, acc29, acc30, acc31};
        """);

    public static void StoreSlab(int slab, int address) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .pred slab<2>;
        add.u32 at, tcBase, %1;
        setp.eq.s32 slab0, %0, 0;
        setp.eq.s32 slab1, %0, 1;
        @slab0 st.shared.v2.f32 [at+0], {acc0, acc1};
        @slab0 st.shared.v2.f32 [at+2304], {acc2, acc3};
        @slab0 st.shared.v2.f32 [at+32], {acc4, acc5};
        @slab0 st.shared.v2.f32 [at+2336], {acc6, acc7};
        @slab0 st.shared.v2.f32 [at+64], {acc8, acc9};
        @slab0 st.shared.v2.f32 [at+2368], {acc10, acc11};
        @slab0 st.shared.v2.f32 [at+96], {acc12, acc13};
        @slab0 st.shared.v2.f32 [at+2400], {acc14, acc15};
        @slab1 st.shared.v2.f32 [at+0], {acc16, acc17};
        @slab1 st.shared.v2.f32 [at+2304], {acc18, acc19};
        @slab1 st.shared.v2.f32 [at+32], {acc20, acc21};
        @slab1 st.shared.v2.f32 [at+2336], {acc22, acc23};
        @slab1 st.shared.v2.f32 [at+64], {acc24, acc25};
        @slab1 st.shared.v2.f32 [at+2368], {acc26, acc27};
        @slab1 st.shared.v2.f32 [at+96], {acc28, acc29};
        @slab1 st.shared.v2.f32 [at+2400], {acc30, acc31};
        }
        """, slab, address);
}

/// <summary>128x16 of C, 4x1 warps of 32x16, 4 stages.</summary>
//      +------+
//    0 |  w0  |
//      +------+
//   32 |  w1  |
//      +------+
//   64 |  w2  |
//      +------+
//   96 |  w3  |
//      +------+
// a warp's 16x8 parts, four accumulators of a lane each:
// acc0 ..3  | acc4 ..7    x fa0..3
// acc8 ..11 | acc12..15   x fa4..7
internal readonly struct Tile128x16 : IFourWarpTile
{
    public static int Log2Rows => 7;

    public static int Log2Columns => 4;

    public static int Log2WarpsM => 2;

    public static int Log2WarpsN => 0;

    public static int Stages => 4;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 tcBase; mov.u32 tcBase, __shared_alloca0;
        .reg .b32 tcFragmentA, tcFragmentB;
        .reg .b32 tcToA, tcToB;
        .reg .b32 tcOffsetA, tcOffsetB;
        .reg .b32 tcFixedA, tcFixedB;
        .reg .pred tcCopiesA, tcCopiesB;
        .reg .f32 acc<16>;
        .reg .b32 fa<8>, fb<4>;
        .reg .b32 tcPixel<4>, tcOutside<4>;
        mov.f32 acc0, 0f00000000; mov.f32 acc1, 0f00000000; mov.f32 acc2, 0f00000000; mov.f32 acc3, 0f00000000;
        mov.f32 acc4, 0f00000000; mov.f32 acc5, 0f00000000; mov.f32 acc6, 0f00000000; mov.f32 acc7, 0f00000000;
        mov.f32 acc8, 0f00000000; mov.f32 acc9, 0f00000000; mov.f32 acc10, 0f00000000; mov.f32 acc11, 0f00000000;
        mov.f32 acc12, 0f00000000; mov.f32 acc13, 0f00000000; mov.f32 acc14, 0f00000000; mov.f32 acc15, 0f00000000;
        """);

    public static void AwaitSlice() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void PlaceA(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentA, %0; add.u32 tcToA, tcBase, %1; mov.b32 tcOffsetA, %2; mov.b32 tcFixedA, %3;
        """, fragment, to, offset, fix);

    public static void CopyAAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedA, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedA, 32; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedA, 64; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedA, 96; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+6144], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyAAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetA; mov.b32 bytes, tcFixedA;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+6144], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void PlaceWindow(int copy, int pixel, int outside) => CudaAsm.Emit("""
        { .reg .pred this;
        setp.eq.s32 this, %0, 0; @this mov.b32 tcPixel0, %1; @this mov.b32 tcOutside0, %2;
        setp.eq.s32 this, %0, 1; @this mov.b32 tcPixel1, %1; @this mov.b32 tcOutside1, %2;
        setp.eq.s32 this, %0, 2; @this mov.b32 tcPixel2, %1; @this mov.b32 tcOutside2, %2;
        setp.eq.s32 this, %0, 3; @this mov.b32 tcPixel3, %1; @this mov.b32 tcOutside3, %2;
        }
        """, copy, pixel, outside);

    public static void CopyAWindows(int stage, long from, int tap, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, outside, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0;
        mad.wide.s32 from, tcPixel0, 16, %1; and.b32 outside, tcOutside0, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        mad.wide.s32 from, tcPixel1, 16, %1; and.b32 outside, tcOutside1, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        mad.wide.s32 from, tcPixel2, 16, %1; and.b32 outside, tcOutside2, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        mad.wide.s32 from, tcPixel3, 16, %1; and.b32 outside, tcOutside3, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+6144], [from], 16, count;
        }
        """, stage, from, tap, bytesLeft);

    public static void PlaceB(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentB, %0; add.u32 tcToB, tcBase, %1; mov.b32 tcOffsetB, %2; mov.b32 tcFixedB, %3;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; setp.lt.u32 tcCopiesB, thread, 64; }
        """, fragment, to, offset, fix);

    public static void CopyBAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetB; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedB, 0; selp.b32 count, bytes, 0, has; @tcCopiesB cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyBAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetB; mov.b32 bytes, tcFixedB;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; @tcCopiesB cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void CopyChunkOfB(int further, long from, int bytes) => CudaAsm.Emit("""
        { .reg .b32 to; add.u32 to, tcToB, %0;
        @tcCopiesB cp.async.cg.shared.global.L2::128B [to], [%1], 16, %2;
        }
        """, further, from, bytes);

    public static void LoadAAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentA, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa0, fa1, fa2, fa3}, [at+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa4, fa5, fa6, fa7}, [at+1024];
        }
        """, stage, turn);

    public static void LoadAAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa0, fa1, fa2, fa3}, [to];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa4, fa5, fa6, fa7}, [to];
        }
        """, stage, further);

    public static void LoadAWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa0, [to]; ld.shared.b32 fa2, [to+2048];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa1, [to]; ld.shared.b32 fa3, [to+2048];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa4, [to]; ld.shared.b32 fa6, [to+2048];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa5, [to]; ld.shared.b32 fa7, [to+2048];
        }
        """, stage, further);

    public static void LoadBAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentB, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb0, fb1, fb2, fb3}, [at+0];
        }
        """, stage, turn);

    public static void LoadBAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb0, fb1, fb2, fb3}, [to];
        }
        """, stage, further);

    public static void LoadBWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb0, [to]; ld.shared.b32 fb1, [to+256];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb2, [to]; ld.shared.b32 fb3, [to+256];
        }
        """, stage, further);

    public static void MultiplyBF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc8, acc9, acc10, acc11}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc12, acc13, acc14, acc15}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc12, acc13, acc14, acc15};
        """);

    public static void MultiplyF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc8, acc9, acc10, acc11}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc12, acc13, acc14, acc15}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc12, acc13, acc14, acc15};
        """);

    public static void MultiplyTF32() => CudaAsm.Emit("""
        cvt.rna.tf32.f32 fa0, fa0; cvt.rna.tf32.f32 fa1, fa1; cvt.rna.tf32.f32 fa2, fa2; cvt.rna.tf32.f32 fa3, fa3;
        cvt.rna.tf32.f32 fa4, fa4; cvt.rna.tf32.f32 fa5, fa5; cvt.rna.tf32.f32 fa6, fa6; cvt.rna.tf32.f32 fa7, fa7;
        cvt.rna.tf32.f32 fb0, fb0; cvt.rna.tf32.f32 fb1, fb1; cvt.rna.tf32.f32 fb2, fb2; cvt.rna.tf32.f32 fb3, fb3;
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc8, acc9, acc10, acc11}, {fa4, fa5, fa6, fa7}, {fb0, fb1}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc12, acc13, acc14, acc15}, {fa4, fa5, fa6, fa7}, {fb2, fb3}, {acc12, acc13, acc14, acc15};
        """);

    public static void StoreSlab(int slab, int address) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .pred slab<2>;
        add.u32 at, tcBase, %1;
        setp.eq.s32 slab0, %0, 0;
        setp.eq.s32 slab1, %0, 1;
        @slab0 st.shared.v2.f32 [at+0], {acc0, acc1};
        @slab0 st.shared.v2.f32 [at+768], {acc2, acc3};
        @slab0 st.shared.v2.f32 [at+32], {acc4, acc5};
        @slab0 st.shared.v2.f32 [at+800], {acc6, acc7};
        @slab1 st.shared.v2.f32 [at+0], {acc8, acc9};
        @slab1 st.shared.v2.f32 [at+768], {acc10, acc11};
        @slab1 st.shared.v2.f32 [at+32], {acc12, acc13};
        @slab1 st.shared.v2.f32 [at+800], {acc14, acc15};
        }
        """, slab, address);
}

/// <summary>16x128 of C, 1x4 warps of 16x32, 4 stages.</summary>
//      +------+------+------+------+
//    0 |  w0  |  w1  |  w2  |  w3  |
//      +------+------+------+------+
// a warp's 16x8 parts, four accumulators of a lane each:
// acc0 ..3  | acc4 ..7  | acc8 ..11 | acc12..15   x fa0..3
internal readonly struct Tile16x128 : IFourWarpTile
{
    public static int Log2Rows => 4;

    public static int Log2Columns => 7;

    public static int Log2WarpsM => 0;

    public static int Log2WarpsN => 2;

    public static int Stages => 4;

    public static void Declare() => CudaAsm.Emit("""
        .reg .b32 tcBase; mov.u32 tcBase, __shared_alloca0;
        .reg .b32 tcFragmentA, tcFragmentB;
        .reg .b32 tcToA, tcToB;
        .reg .b32 tcOffsetA, tcOffsetB;
        .reg .b32 tcFixedA, tcFixedB;
        .reg .pred tcCopiesA, tcCopiesB;
        .reg .f32 acc<16>;
        .reg .b32 fa<4>, fb<8>;
        .reg .b32 tcPixel<1>, tcOutside<1>;
        mov.f32 acc0, 0f00000000; mov.f32 acc1, 0f00000000; mov.f32 acc2, 0f00000000; mov.f32 acc3, 0f00000000;
        mov.f32 acc4, 0f00000000; mov.f32 acc5, 0f00000000; mov.f32 acc6, 0f00000000; mov.f32 acc7, 0f00000000;
        mov.f32 acc8, 0f00000000; mov.f32 acc9, 0f00000000; mov.f32 acc10, 0f00000000; mov.f32 acc11, 0f00000000;
        mov.f32 acc12, 0f00000000; mov.f32 acc13, 0f00000000; mov.f32 acc14, 0f00000000; mov.f32 acc15, 0f00000000;
        """);

    public static void AwaitSlice() => CudaAsm.Emit("""
        cp.async.wait_group 2;
        """);

    public static void PlaceA(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentA, %0; add.u32 tcToA, tcBase, %1; mov.b32 tcOffsetA, %2; mov.b32 tcFixedA, %3;
        { .reg .b32 thread; mov.u32 thread, %%tid.x; setp.lt.u32 tcCopiesA, thread, 64; }
        """, fragment, to, offset, fix);

    public static void CopyAAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedA, 0; selp.b32 count, bytes, 0, has; @tcCopiesA cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyAAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetA; mov.b32 bytes, tcFixedA;
        add.u32 to, tcToA, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; @tcCopiesA cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void PlaceWindow(int copy, int pixel, int outside) => CudaAsm.Emit("""
        { .reg .pred this;
        setp.eq.s32 this, %0, 0; @this mov.b32 tcPixel0, %1; @this mov.b32 tcOutside0, %2;
        }
        """, copy, pixel, outside);

    public static void CopyAWindows(int stage, long from, int tap, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, outside, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetA; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToA, %0;
        mad.wide.s32 from, tcPixel0, 16, %1; and.b32 outside, tcOutside0, %2; setp.eq.s32 has, outside, 0; selp.b32 count, bytes, 0, has; @tcCopiesA cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        }
        """, stage, from, tap, bytesLeft);

    public static void PlaceB(int fragment, int to, int offset, int fix) => CudaAsm.Emit("""
        mov.b32 tcFragmentB, %0; add.u32 tcToB, tcBase, %1; mov.b32 tcOffsetB, %2; mov.b32 tcFixedB, %3;
        """, fragment, to, offset, fix);

    public static void CopyBAlongK(int stage, long from, long step, int bytesLeft) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 bytes, %3, tcOffsetB; max.s32 bytes, bytes, 0; min.s32 bytes, bytes, 16;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, tcFixedB, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedB, 32; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedB, 64; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        add.s64 from, from, %2; setp.gt.s32 has, tcFixedB, 96; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+6144], [from], 16, count;
        }
        """, stage, from, step, bytesLeft);

    public static void CopyBAcrossK(int stage, long from, long step, int kLeft, int lines) => CudaAsm.Emit("""
        { .reg .b32 to, lines, bytes, count; .reg .b64 from; .reg .pred has;
        sub.s32 lines, %3, tcOffsetB; mov.b32 bytes, tcFixedB;
        add.u32 to, tcToB, %0; mov.b64 from, %1;
        setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+0], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+2048], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+4096], [from], 16, count;
        add.s64 from, from, %2; sub.s32 lines, lines, %4; setp.gt.s32 has, lines, 0; selp.b32 count, bytes, 0, has; cp.async.cg.shared.global.L2::128B [to+6144], [from], 16, count;
        }
        """, stage, from, step, kLeft, lines);

    public static void CopyChunkOfB(int further, long from, int bytes) => CudaAsm.Emit("""
        { .reg .b32 to; add.u32 to, tcToB, %0;
        cp.async.cg.shared.global.L2::128B [to], [%1], 16, %2;
        }
        """, further, from, bytes);

    public static void LoadAAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentA, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fa0, fa1, fa2, fa3}, [at+0];
        }
        """, stage, turn);

    public static void LoadAAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fa0, fa1, fa2, fa3}, [to];
        }
        """, stage, further);

    public static void LoadAWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentA, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa0, [to]; ld.shared.b32 fa2, [to+256];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fa1, [to]; ld.shared.b32 fa3, [to+256];
        }
        """, stage, further);

    public static void LoadBAlongK(int stage, int turn) => CudaAsm.Emit("""
        { .reg .b32 at;
        xor.b32 at, tcFragmentB, %1; add.u32 at, at, %0; add.u32 at, at, tcBase;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb0, fb1, fb2, fb3}, [at+0];
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {fb4, fb5, fb6, fb7}, [at+1024];
        }
        """, stage, turn);

    public static void LoadBAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb0, fb1, fb2, fb3}, [to];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {fb4, fb5, fb6, fb7}, [to];
        }
        """, stage, further);

    public static void LoadBWordsAcrossK(int stage, int further) => CudaAsm.Emit("""
        { .reg .b32 at, to;
        add.u32 at, tcFragmentB, %1;
        xor.b32 to, at, 0; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb0, [to]; ld.shared.b32 fb1, [to+2048];
        xor.b32 to, at, 32; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb2, [to]; ld.shared.b32 fb3, [to+2048];
        xor.b32 to, at, 64; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb4, [to]; ld.shared.b32 fb5, [to+2048];
        xor.b32 to, at, 96; add.u32 to, to, %0; add.u32 to, to, tcBase; ld.shared.b32 fb6, [to]; ld.shared.b32 fb7, [to+2048];
        }
        """, stage, further);

    public static void MultiplyBF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        """);

    public static void MultiplyF16() => CudaAsm.Emit("""
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        """);

    public static void MultiplyTF32() => CudaAsm.Emit("""
        cvt.rna.tf32.f32 fa0, fa0; cvt.rna.tf32.f32 fa1, fa1; cvt.rna.tf32.f32 fa2, fa2; cvt.rna.tf32.f32 fa3, fa3;
        cvt.rna.tf32.f32 fb0, fb0; cvt.rna.tf32.f32 fb1, fb1; cvt.rna.tf32.f32 fb2, fb2; cvt.rna.tf32.f32 fb3, fb3;
        cvt.rna.tf32.f32 fb4, fb4; cvt.rna.tf32.f32 fb5, fb5; cvt.rna.tf32.f32 fb6, fb6; cvt.rna.tf32.f32 fb7, fb7;
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc0, acc1, acc2, acc3}, {fa0, fa1, fa2, fa3}, {fb0, fb1}, {acc0, acc1, acc2, acc3};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc4, acc5, acc6, acc7}, {fa0, fa1, fa2, fa3}, {fb2, fb3}, {acc4, acc5, acc6, acc7};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc8, acc9, acc10, acc11}, {fa0, fa1, fa2, fa3}, {fb4, fb5}, {acc8, acc9, acc10, acc11};
        mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {acc12, acc13, acc14, acc15}, {fa0, fa1, fa2, fa3}, {fb6, fb7}, {acc12, acc13, acc14, acc15};
        """);

    public static void StoreSlab(int slab, int address) => CudaAsm.Emit("""
        { .reg .b32 at; .reg .pred slab<1>;
        add.u32 at, tcBase, %1;
        setp.eq.s32 slab0, %0, 0;
        @slab0 st.shared.v2.f32 [at+0], {acc0, acc1};
        @slab0 st.shared.v2.f32 [at+4352], {acc2, acc3};
        @slab0 st.shared.v2.f32 [at+32], {acc4, acc5};
        @slab0 st.shared.v2.f32 [at+4384], {acc6, acc7};
        @slab0 st.shared.v2.f32 [at+64], {acc8, acc9};
        @slab0 st.shared.v2.f32 [at+4416], {acc10, acc11};
        @slab0 st.shared.v2.f32 [at+96], {acc12, acc13};
        @slab0 st.shared.v2.f32 [at+4448], {acc14, acc15};
        }
        """, slab, address);
}
