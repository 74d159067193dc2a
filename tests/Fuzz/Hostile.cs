using System.Text;

namespace SeLoRA.Tests;

/// <summary>Values that break readers.</summary>
internal static class Hostile
{
    public static readonly string[] Numbers =
    [
        "0", "-0", "1", "-1", "2", "3", "7", "16", "127", "128", "255", "256", "1000", "32767", "65535", "65536", "1000000", "2147483584", "2147483647", "2147483648",
        "-2147483648", "4294967295", "4294967296", "9007199254740993", "4611686018427387904", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "18446744073709551615", "18446744073709551616", "0.5", "1.0", "1e2", "1e38", "1e39", "1e308", "1e309", "-1e309", "1e-400", "NaN",
        "Infinity", "-Infinity", "\"NaN\"", "\"Infinity\"", "0x10", "007", "1_000", "\u0663", new('9', 400), "",
    ];

    /// <summary>As they stand between the quotes of JSON; also good as fields of tables.</summary>
    public static readonly string[] Texts =
    [
        "", " ", ".", "..", "/", "../canary", "../canary.safetensors", "../canary.png", "../../canary", "x/../../canary.png", "..\\\\canary.png", "/etc/hostname", "C:\\\\canary",
        "file:///etc/hostname", "\\u0000", "a\\u0000b", "a\0b", "\\ud800", "\\udc00x", "\\u001b[2J", "\u001b[2J", "\\n", "\\r\\n", "\\u2028", "\u0085", "\ufeff", "\u202e", "%s%n", "{0}",
        "\\", "\\x", "\\u12", "__metadata__", "weight_map", "F32", "F4", "BOOL", "U64", "null", "LORA", "true", "a.b.c", "-", "'", "\"", ",", ";", "XXXX", "\u0663", "\U0001F600",
        "................", new('A', 300), new('/', 300), new(' ', 3000), new('-', 3000), new('A', 20_000),
    ];

    public static readonly string[] Values =
        ["null", "true", "false", "[]", "{}", "\"\"", "[null]", "[[]]", "{\"a\":1}", "[1,2]", "[\"a\"]", "3", "\"3\"", Deep('[', 20), Deep('[', 70), Deep('[', 2000), Deep('{', 300)];

    public static readonly byte[] Bytes = [0, 1, 2, 4, 8, 16, 31, 32, 64, 127, 128, 200, 254, 255, (byte)'\n', (byte)'"', (byte)'\\', (byte)'/', (byte)'.', (byte)'{', (byte)'['];

    public static readonly ulong[] Words =
        [0, 1, 2, 8, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x3fffffffffffffff, 0x7fffffffffffffff, 0x8000000000000000, ulong.MaxValue];

    private static string Deep(char open, int depth) =>
        open == '[' ? new string('[', depth) + new string(']', depth) : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    /// <summary>What lies outside every folder that is fuzzed: a reader that opens it says these.</summary>
    public static readonly byte[] Canary = Encoding.ASCII.GetBytes("CANARY!!CANARY!!");
}
