namespace SeLoRA.WeightsConvert;

internal static class Program
{
    private static int Main() => 0;
}
