using Xunit;

namespace SeLoRA.Tests;

/// <summary>What the machine must get right or refuse before its word on a kernel counts: asynchronous copies, edges, barriers.</summary>
public class PtxMachineTests
{
    private const ulong Source = 0x10000, Destination = 0x20000;

    /// <summary>cp.async of <paramref name="valid"/> bytes, then what shared memory holds before and after it is waited for.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(6)]
    [InlineData(0)]
    public void Copy_fills_up_with_zeros_and_lands_when_it_is_waited_for(int valid)
    {
        byte[] source = [.. Enumerable.Range(1, 16).Select(i => (byte)i)], destination = new byte[32];
        Run($$"""
            cp.async.cg.shared.global.L2::128B [at], [{{Source}}], 16, {{valid}};
            cp.async.commit_group;
            cp.async.wait_group 1;
            ld.shared.v4.f32 {a, b, c, d}, [at]; st.global.v4.f32 [{{Destination}}], {a, b, c, d};
            cp.async.wait_group 0;
            ld.shared.v4.f32 {a, b, c, d}, [at]; st.global.v4.f32 [{{Destination}}+16], {a, b, c, d};
            """, 1, source, destination, new PtxOrder(LateCopies: true, ReverseWarps: false));
        Assert.Equal(Enumerable.Repeat((byte)0xFF, 16), destination[..16]);
        Assert.Equal([.. source[..valid], .. new byte[16 - valid]], destination[16..]);
    }

    [Theory]
    [InlineData("cp.async.cg.shared.global.L2::128B [at], [65552], 16, 2;")]
    [InlineData("cp.async.cg.shared.global.L2::128B [at], [65544], 16, 8;")]
    [InlineData("cp.async.cg.shared.global.L2::128B [at+8], [65536], 16, 16;")]
    [InlineData("ld.global.f32 a, [65550];")]
    [InlineData("st.global.v4.f32 [131080], {a, b, c, d};")]
    [InlineData("st.shared.v2.f32 [at+1024], {a, b};")]
    [InlineData("sqrt.rn.f32 a, b;")]
    [InlineData("cp.async.ca.shared.global [at+4], [65536], 8, 8;")]
    [InlineData("shfl.sync.up.b32 a, b, 1, 0, 4294967295;")]
    [InlineData(".reg .b32 x, y; { .reg .pred y; }")]
    public void Strays_and_unknown_instructions_are_refused(string statement) =>
        Assert.ThrowsAny<Exception>(() => Run(statement, 1, new byte[16], new byte[32], default));

    [Fact]
    public void Shuffle_gives_each_lane_its_partners_register()
    {
        byte[] destination = new byte[32 * 4];
        Run($"mad.wide.s32 to, %tid.x, 4, {Destination}; shfl.sync.bfly.b32 b, %tid.x, 5, 31, 4294967295; st.global.b32 [to], b;", 1, [], destination, default);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane => lane ^ 5), Enumerable.Range(0, 32).Select(lane => BitConverter.ToInt32(destination, lane * 4)));
    }

    /// <summary>Powers of two and logarithms to 2^-22, a fused product, the larger of a number and NaN; and a copy of 8 bytes from an offset.</summary>
    [Fact]
    public void Arithmetic_of_softmax_is_that_of_the_manual()
    {
        byte[] source = [.. Enumerable.Range(1, 16).Select(i => (byte)i)], destination = new byte[32];
        Run($$"""
            mov.f32 x, 0fBFC00000; ex2.approx.ftz.f32 a, x; lg2.approx.f32 b, a;
            fma.rn.f32 c, x, x, x; max.f32 d, 0f7FC00000, x; st.global.v4.f32 [{{Destination}}], {a, b, c, d};
            cp.async.ca.shared.global [at], [{{Source}}+8], 8, 8; cp.async.wait_all;
            ld.shared.v2.f32 {a, b}, [at]; st.global.v2.f32 [{{Destination}}+16], {a, b};
            """, 1, source, destination, new PtxOrder(LateCopies: true, ReverseWarps: false));
        float Result(int i) => BitConverter.ToSingle(destination, i * 4);
        Assert.Equal(Math.Pow(2, -1.5), Result(0), 1e-7);
        Assert.Equal(-1.5, Result(1), 1e-6);
        Assert.Equal((0.75f, -1.5f), (Result(2), Result(3)));
        Assert.Equal(source[8..], destination[16..24]);
    }

    [Fact]
    public void Lanes_that_part_before_a_warp_wide_instruction_are_refused() => Assert.Throws<InvalidOperationException>(() => Run("""
        setp.lt.u32 p, %tid.x, 7;
        @p bra L_0;
        ldmatrix.sync.aligned.m8n8.x1.shared.b16 {a}, [at];
        L_0:
        mov.u32 b, 0;
        """, 1, [], [], default));

    [Fact]
    public void A_barrier_that_some_warps_never_reach_is_refused() => Assert.Throws<InvalidOperationException>(() => Run("""
        setp.lt.u32 p, %tid.x, 32;
        @p bra L_0;
        bar.sync 0;
        L_0:
        ret;
        """, 2, [], [], default));

    private static void Run(string statements, int warps, byte[] source, byte[] destination, PtxOrder order)
    {
        var program = new PtxProgram($$"""
            .visible .entry K()
            {
            .shared .align 16 .b8 __shared_alloca0[1024];
            mov.u32 at, __shared_alloca0;
            shl.b32 mine, %tid.x, 4;
            add.u32 at, at, mine;
            {{statements}}
            ret;
            }
            """);
        new PtxMachine(program, warps * WarpInstructions.Lanes, [new(Source, source), new(Destination, destination)], [], order).Run(1);
    }
}
