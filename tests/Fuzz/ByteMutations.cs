using System.Text;

namespace SeLoRA.Tests;

/// <summary>Changes to bytes that know nothing of a format.</summary>
internal static class ByteMutations
{
    /// <summary>One to four changes.</summary>
    /// <param name="bytes">A valid file; not changed.</param>
    /// <param name="others">Files to take pieces of.</param>
    /// <param name="random">Decides.</param>
    /// <param name="tokens">Pieces that mean something in the format.</param>
    public static byte[] Apply(byte[] bytes, IReadOnlyList<byte[]> others, FuzzRandom random, IReadOnlyList<byte[]>? tokens = null)
    {
        for (int changes = 1 + random.Below(4); changes > 0; changes--) bytes = Once(bytes, others, random, tokens);
        return bytes;
    }

    private static byte[] Once(byte[] bytes, IReadOnlyList<byte[]> others, FuzzRandom random, IReadOnlyList<byte[]>? tokens)
    {
        int at = random.Below(bytes.Length + 1);
        switch (random.Below(13))
        {
            case 0 or 1: return Changed(bytes, at, b => (byte)(b ^ 1 << random.Below(8)));
            case 2: return Changed(bytes, at, _ => random.Pick(Hostile.Bytes));
            case 3: return Changed(bytes, at, _ => random.Byte());
            case 4: return Changed(bytes, at, b => (byte)(b + (random.OneIn(2) ? 1 : -1)));
            case 5 or 6: return WithWord(bytes, at, random);
            case 7: return bytes[..at];
            case 8: return Replaced(bytes, at, random.Below(Math.Min(64, bytes.Length - at + 1)), []);
            case 9:
                byte[] piece = Piece(bytes, random);
                return Replaced(bytes, at, 0, random.OneIn(20) ? [.. Enumerable.Repeat(piece, 50).SelectMany(p => p)] : piece);
            case 10:
                byte[] other = random.Pick(others);
                return random.OneIn(2) ? [.. bytes[..at], .. other[random.Below(other.Length + 1)..]] : Replaced(bytes, at, 0, Piece(other, random));
            case 11: return Replaced(bytes, at, 0, Encoding.UTF8.GetBytes(random.Pick(Hostile.Texts)));
            default:
                if (tokens is null) return Changed(bytes, at, _ => 0);
                byte[] token = random.Pick(tokens);
                return Replaced(bytes, at, random.OneIn(2) ? Math.Min(token.Length, bytes.Length - at) : 0, token);
        }
    }

    /// <summary>A number of 2, 4 or 8 bytes, in either order, that is huge or near the file's length.</summary>
    public static byte[] WithWord(byte[] bytes, int at, FuzzRandom random)
    {
        ulong value = random.OneIn(3) ? (ulong)(bytes.Length + random.Below(9) - 4) : random.Pick(Hostile.Words);
        byte[] word = BitConverter.GetBytes(value)[..random.Pick((int[])[2, 4, 8])];
        if (random.OneIn(2)) Array.Reverse(word);
        return Replaced(bytes, at, Math.Min(word.Length, bytes.Length - at), word);
    }

    public static byte[] Replaced(byte[] bytes, int at, int count, byte[] with) => [.. bytes.AsSpan(0, at), .. with, .. bytes.AsSpan(at + count)];

    private static byte[] Changed(byte[] bytes, int at, Func<byte, byte> change)
    {
        if (at >= bytes.Length) return bytes;
        byte[] result = [.. bytes];
        result[at] = change(result[at]);
        return result;
    }

    private static byte[] Piece(byte[] bytes, FuzzRandom random)
    {
        int from = random.Below(bytes.Length);
        return bytes[from..(from + random.Below(Math.Min(80, bytes.Length - from) + 1))];
    }
}
