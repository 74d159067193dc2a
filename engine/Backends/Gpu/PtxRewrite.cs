using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU.Backends.PTX;

namespace SeLoRA.Engine;

/// <summary>
/// A pass over the PTX text of ILGPU 1.5.3 before it is loaded. ILGPU's uniformity analysis at O2 believes too much is uniform and marks
/// divergent branches <c>.uni</c>, which is wrong (ILGPU issue 846), stops ptxas from unrolling and sends local arrays to the stack: the
/// mark is dropped from conditional branches and switches. Labels, parameters and functions carry ids from process-wide counters: they
/// are renumbered in order of appearance, so that a kernel's text, and with it the key of the driver's compute cache, is the same in
/// every run. Setting SELORA_PTX_REWRITE=0 skips the pass, for bisecting.
/// </summary>
internal static partial class PtxRewrite
{
    /// <summary>False when SELORA_PTX_REWRITE=0.</summary>
    public static bool Enabled { get; } = Environment.GetEnvironmentVariable("SELORA_PTX_REWRITE") != "0";

    /// <summary>The text of a compiled kernel.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    public static extern ref string TextOf(PTXCompiledKernel kernel);

    /// <summary>The text with divergent branches unmarked and names renumbered; the entry's name stays.</summary>
    public static string Apply(string ptx)
    {
        ptx = ConditionalBranch().Replace(ptx, "$1bra\t");
        ptx = ptx.Replace("brx.idx.uni", "brx.idx", StringComparison.Ordinal);
        return Renumber(ptx);
    }

    private static string Renumber(string ptx)
    {
        string entry = Entry().Match(ptx).Groups[1].Value;
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        return NumberedName().Replace(ptx, match =>
        {
            if (match.Value == entry) return entry;
            if (!names.TryGetValue(match.Value, out string? name))
            {
                string stem = match.Groups[1].Value;
                int count = counts.GetValueOrDefault(stem);
                counts[stem] = count + 1;
                names[match.Value] = name = $"{stem}{count}";
            }
            return name;
        });
    }

    [GeneratedRegex(@"(@!?%\w+\s+)bra\.uni\s+")]
    private static partial Regex ConditionalBranch();

    [GeneratedRegex(@"\.entry\s+([\w$]+)")]
    private static partial Regex Entry();

    // L_12, _p_7, Square_31: no register (%), directive (.), number or target (sm_80).
    [GeneratedRegex(@"(?<![\w$%.])(?!sm_)([A-Za-z_$][\w$]*_)\d+(?![\w$])")]
    private static partial Regex NumberedName();
}
