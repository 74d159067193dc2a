using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SeLoRA.Train;

/// <summary>
/// Shuffles things by their names: the place of each depends on the seed and its name alone, hence neither on the order in which a
/// file system or a table lists them nor on what else is there.
/// </summary>
internal static class SeededOrder
{
    /// <summary>Sorted by a hash of seed and name.</summary>
    public static IEnumerable<T> Shuffle<T>(IEnumerable<T> items, Func<T, string> name, ulong seed)
    {
        string prefix = seed.ToString(CultureInfo.InvariantCulture) + "/";
        return items.OrderBy(item => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(prefix + name(item)))), StringComparer.Ordinal);
    }
}
