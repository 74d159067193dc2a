using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>Sizes of a row-major tensor, outermost first; at most <see cref="MaxRank"/> axes. A value type: no allocation.</summary>
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>Largest number of axes.</summary>
    public const int MaxRank = 5;

    private readonly Sizes sizes;
    private readonly long count;

    [InlineArray(MaxRank)]
    private struct Sizes
    {
        private int first;
    }

    /// <summary>A shape with the given sizes. A size of zero or below, or more than five axes, is an error.</summary>
    public Shape(params ReadOnlySpan<int> dims)
    {
        if (dims.Length > MaxRank) Check.Fail($"Shape: {dims.Length} axes, at most {MaxRank} are supported");
        Rank = dims.Length;
        count = 1;
        for (int i = 0; i < dims.Length; i++)
        {
            if (dims[i] <= 0) Check.Fail($"Shape: axis {i} has size {dims[i]}, sizes must be positive");
            sizes[i] = dims[i];
            count = checked(count * dims[i]);
        }
    }

    /// <summary>Number of axes; 0 for a scalar.</summary>
    public int Rank { get; }

    /// <summary>Number of elements: the product of all sizes, 1 for a scalar.</summary>
    public long Count => Rank == 0 ? 1 : count;

    /// <summary>Size of axis <paramref name="axis"/>; negative axes count from the end.</summary>
    public int this[int axis]
    {
        get
        {
            int i = axis < 0 ? axis + Rank : axis;
            if ((uint)i >= (uint)Rank) Check.Fail($"Shape: axis {axis} of a tensor with {Rank} axes ({this})");
            return sizes[i];
        }
    }

    /// <summary>Product of all sizes but the last: the number of rows when the tensor is seen as a matrix.</summary>
    public long Rows => Rank == 0 ? 1 : Count / this[-1];

    /// <summary>Product of the sizes of the axes from <paramref name="begin"/> up to, not including, <paramref name="end"/>.</summary>
    public long Product(int begin, int end)
    {
        long p = 1;
        for (int i = begin; i < end; i++) p *= this[i];
        return p;
    }

    /// <summary>The same shape with the size of one axis replaced.</summary>
    public Shape With(int axis, int size)
    {
        Span<int> dims = stackalloc int[Rank];
        for (int i = 0; i < Rank; i++) dims[i] = sizes[i];
        dims[axis < 0 ? axis + Rank : axis] = size;
        return new Shape(dims);
    }

    /// <summary>The sizes as a new array.</summary>
    public int[] ToArray()
    {
        var dims = new int[Rank];
        for (int i = 0; i < Rank; i++) dims[i] = sizes[i];
        return dims;
    }

    /// <inheritdoc/>
    public bool Equals(Shape other)
    {
        if (Rank != other.Rank) return false;
        for (int i = 0; i < Rank; i++)
            if (sizes[i] != other.sizes[i]) return false;
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        for (int i = 0; i < Rank; i++) hash.Add(sizes[i]);
        return hash.ToHashCode();
    }

    /// <summary>Sizes joined with x, as error messages print them: <c>2x64x64x320</c>; <c>scalar</c> without axes.</summary>
    public override string ToString() => Rank == 0 ? "scalar" : string.Join('x', ToArray());

    /// <summary>Equality of all sizes.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    /// <summary>Inequality of any size.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);
}
