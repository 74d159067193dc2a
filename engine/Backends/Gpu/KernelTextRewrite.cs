using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;

namespace SeLoRA.Engine;

/// <summary>
/// A pass over the text of ILGPU 1.5.3's kernels before they are loaded. Two things are wrong with it. First, PTX: ILGPU's uniformity
/// analysis at O2 believes too much is uniform and marks divergent branches <c>.uni</c>, which is wrong (ILGPU issue 846), stops ptxas from
/// unrolling and sends local arrays to the stack; the mark is dropped from conditional branches and switches. Second, PTX and OpenCL C:
/// labels, parameters and types carry ids from process-wide counters; they are renumbered in order of appearance, so that a kernel's
/// text, which is the key of the drivers' compile caches, is the same in every run. Setting SELORA_KERNEL_REWRITE=0 skips the pass, for bisecting.
/// </summary>
internal static partial class KernelTextRewrite
{
    private static readonly bool Enabled = Environment.GetEnvironmentVariable("SELORA_KERNEL_REWRITE") != "0";

    /// <summary>Rewrites a compiled kernel in place.</summary>
    public static void Apply(CompiledKernel kernel)
    {
        if (!Enabled) return;
        if (kernel is PTXCompiledKernel ptx)
        {
            ref string text = ref PtxOf(ptx);
            text = Ptx(text);
        }
        else if (kernel is CLCompiledKernel openCl)
        {
            ref string text = ref SourceOf(openCl);
            text = Renumber(text);
        }
    }

    /// <summary>PTX with divergent branches unmarked and names renumbered; the entry's name stays.</summary>
    public static string Ptx(string ptx) =>
        Renumber(ConditionalBranch().Replace(ptx, "$1bra\t").Replace("brx.idx.uni", "brx.idx", StringComparison.Ordinal));

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string PtxOf(PTXCompiledKernel kernel);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Source>k__BackingField")]
    private static extern ref string SourceOf(CLCompiledKernel kernel);

    /// <summary>The text with names numbered in order of appearance; the entry's name stays.</summary>
    internal static string Renumber(string text)
    {
        string entry = Entry().Match(text).Groups[1].Value;
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        return NumberedName().Replace(text, match =>
        {
            if (match.Value == entry) return entry;
            if (!names.TryGetValue(match.Value, out string? name))
            {
                string stem = match.Groups[1].Value;
                int count = counts.GetValueOrDefault(stem);
                counts[stem] = count + 1;
                names[match.Value] = name = $"{stem}{count}{match.Groups[2].Value}";
            }
            return name;
        });
    }

    [GeneratedRegex(@"(@!?%\w+\s+)bra\.uni\s+")]
    private static partial Regex ConditionalBranch();

    [GeneratedRegex(@"(?:\.entry|kernel void)\s+([\w$]+)")]
    private static partial Regex Entry();

    // L_12, _p_7, type_31, type_31_kernel: no register (%), directive or member (.), number or target (sm_80). The map is one to one, so nothing can clash.
    [GeneratedRegex(@"(?<![\w$%])(?<!\s\.)(?!sm_)([A-Za-z_$][\w$]*_)\d+(_kernel)?(?![\w$])")]
    private static partial Regex NumberedName();
}
