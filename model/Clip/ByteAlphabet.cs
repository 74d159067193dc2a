using System.Text;

namespace SeLoRA.Model;

/// <summary>
/// GPT-2's and CLIP's alphabet: every byte is one visible character, so that vocabularies are readable text. Printable
/// Latin-1 bytes stand for themselves, the other 68 for U+0100 and up.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] SymbolOfByte = new char[256];
    private static readonly Dictionary<char, byte> ByteOfSymbol = [];
    private static readonly char[] InOrder = new char[256];

    static ByteAlphabet()
    {
        int position = 0;
        for (int b = 0; b < 256; b++)
            if (IsPrintable(b)) Add(b, (char)b);
        int other = 0;
        for (int b = 0; b < 256; b++)
            if (!IsPrintable(b)) Add(b, (char)(256 + other++));

        void Add(int b, char symbol)
        {
            SymbolOfByte[b] = symbol;
            ByteOfSymbol[symbol] = (byte)b;
            InOrder[position++] = symbol;
        }
    }

    /// <summary>The 256 symbols in the order in which a vocabulary begins: printable bytes first.</summary>
    public static ReadOnlySpan<char> Symbols => InOrder;

    /// <summary>The UTF-8 bytes of a word, one symbol each.</summary>
    public static string Encode(string word)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(word);
        return string.Create(bytes.Length, bytes, static (symbols, source) =>
        {
            for (int i = 0; i < source.Length; i++) symbols[i] = SymbolOfByte[source[i]];
        });
    }

    /// <summary>Appends the bytes that symbols stand for; characters outside the alphabet as UTF-8.</summary>
    public static void Decode(ReadOnlySpan<char> symbols, List<byte> bytes)
    {
        foreach (char symbol in symbols)
        {
            if (ByteOfSymbol.TryGetValue(symbol, out byte value)) bytes.Add(value);
            else bytes.AddRange(Encoding.UTF8.GetBytes([symbol]));
        }
    }

    private static bool IsPrintable(int b) => b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174;
}
