using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>A kernel's text is the same in every run: it is the key of the drivers' compile caches.</summary>
public class KernelTextRewriteTests
{
    [Fact]
    public void Numbers_of_a_process_are_replaced_and_names_stay_apart()
    {
        string text = Text(271366, 12, 7), other = Text(277567, 31, 5);
        Assert.NotEqual(text, other);
        Assert.Equal(KernelTextRewrite.Renumber(text), KernelTextRewrite.Renumber(other));
        Assert.Equal("struct type_0_kernel { int field_0; }; struct type_1 { long field_1; };\nkernel void Kernel_Add_3(struct type_0_kernel var0) { struct type_1 var1; L_0: goto L_0; }",
            KernelTextRewrite.Renumber(text));
    }

    private static string Text(int argument, int type, int label) =>
        $"struct type_{argument}_kernel {{ int field_{label}; }}; struct type_{type} {{ long field_{label + 1}; }};\n"
        + $"kernel void Kernel_Add_3(struct type_{argument}_kernel var0) {{ struct type_{type} var1; L_{label}: goto L_{label}; }}";
}
