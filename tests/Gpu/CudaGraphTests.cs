using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Capture and replay through the driver API. Without a card a driver of this file takes the calls, through the same pointers and calling
/// convention as the real one's: it shows which functions are called, with what, and what happens when one fails.
/// </summary>
public unsafe class CudaGraphTests
{
    private const nint Stream = 0x1000, Graph = 0x2000, Executable = 0x3000;

    [ThreadStatic] private static List<string>? log;
    [ThreadStatic] private static string? failing;

    [Fact]
    public void A_capture_is_instantiated_launched_and_freed()
    {
        Start(null);
        using (CudaGraph graph = CudaGraph.Capture(Fake(), Stream, () => log!.Add("queue")))
        {
            graph.Launch();
            graph.Launch();
        }
        Assert.Equal(["begin 1000 2", "queue", "end 1000", "instantiate 2000 0", "destroy 2000", "launch 3000 1000", "launch 3000 1000",
            "synchronize 1000", "destroyExec 3000"], log!);
    }

    [Fact]
    public void Work_that_fails_ends_the_capture_and_leaves_no_graph()
    {
        Start(null);
        Assert.Throws<EngineException>(() => CudaGraph.Capture(Fake(), Stream, () => throw new EngineException("the work's own")));
        Assert.Equal(["begin 1000 2", "end 1000", "destroy 2000"], log!);
    }

    [Theory]
    [InlineData("begin", "cuStreamBeginCapture", "begin 1000 2")]
    [InlineData("end", "cuStreamEndCapture", "begin 1000 2, queue, end 1000")]
    [InlineData("instantiate", "cuGraphInstantiate", "begin 1000 2, queue, end 1000, instantiate 2000 0, destroy 2000")]
    public void A_refusal_has_the_drivers_words_and_frees_what_there_is(string call, string function, string calls)
    {
        Start(call);
        string message = Assert.Throws<EngineException>(() => CudaGraph.Capture(Fake(), Stream, () => log!.Add("queue"))).Message;
        Assert.Equal($"CUDA graphs: {function} failed with error 901 (operation failed due to a previous error during capture)", message);
        Assert.Equal(calls, string.Join(", ", log!));
    }

    [Fact]
    public void An_old_driver_is_told_by_the_function_that_it_lacks()
    {
        string message = Assert.Throws<EngineException>(() => new CudaGraphApi(name => name == "cuGraphInstantiateWithFlags" ? 0 : 1)).Message;
        Assert.Equal("CUDA graphs: the driver has no cuGraphInstantiateWithFlags; a driver for CUDA 11.4 or later is needed", message);
    }

    [Fact]
    public void The_installed_driver_has_every_function()
    {
        TestDevices.Require("cuda");
        Assert.NotNull(CudaGraphApi.Driver);
    }

    private static void Start(string? fails) => (log, failing) = ([], fails);

    private static CudaGraphApi Fake() => new(name => name switch
    {
        "cuStreamBeginCapture_v2" => (nint)(delegate* unmanaged<nint, int, int>)&BeginCapture,
        "cuStreamEndCapture" => (nint)(delegate* unmanaged<nint, nint*, int>)&EndCapture,
        "cuGraphInstantiateWithFlags" => (nint)(delegate* unmanaged<nint*, nint, ulong, int>)&Instantiate,
        "cuGraphLaunch" => (nint)(delegate* unmanaged<nint, nint, int>)&Launch,
        "cuGraphDestroy" => (nint)(delegate* unmanaged<nint, int>)&Destroy,
        "cuGraphExecDestroy" => (nint)(delegate* unmanaged<nint, int>)&DestroyExecutable,
        "cuStreamSynchronize" => (nint)(delegate* unmanaged<nint, int>)&Synchronize,
        "cuGetErrorString" => (nint)(delegate* unmanaged<int, byte**, int>)&ErrorString,
        _ => 0,
    });

    [UnmanagedCallersOnly]
    private static int BeginCapture(nint stream, int mode) => Note("begin", stream, mode);

    [UnmanagedCallersOnly]
    private static int EndCapture(nint stream, nint* graph)
    {
        *graph = Graph;
        return Note("end", stream);
    }

    [UnmanagedCallersOnly]
    private static int Instantiate(nint* executable, nint graph, ulong flags)
    {
        *executable = Executable;
        return Note("instantiate", graph, (nint)flags);
    }

    [UnmanagedCallersOnly]
    private static int Launch(nint executable, nint stream) => Note("launch", executable, stream);

    [UnmanagedCallersOnly]
    private static int Destroy(nint graph) => Note("destroy", graph);

    [UnmanagedCallersOnly]
    private static int DestroyExecutable(nint executable) => Note("destroyExec", executable);

    [UnmanagedCallersOnly]
    private static int Synchronize(nint stream) => Note("synchronize", stream);

    [UnmanagedCallersOnly]
    private static int ErrorString(int code, byte** text)
    {
        *text = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference("operation failed due to a previous error during capture\0"u8));
        return code == 901 ? 0 : 1;
    }

    private static int Note(string call, params nint[] arguments)
    {
        log!.Add(string.Join(' ', [call, .. arguments.Select(a => a.ToString("x", CultureInfo.InvariantCulture))]));
        return call == failing ? 901 : 0;
    }
}
