using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// The two factors of a low-rank update with room to grow: A (capacity, in) and B (out, capacity), of which the first
/// <see cref="Rank"/> rows and columns are in use. The rest is zero, gets zero gradients and has zero moments, so that growing writes
/// one row of A and changes neither the layer's output nor anything the optimiser remembers. On a GPU, whose recorded launches a growth
/// must not change, the capacity is 8, to which products of 16 bits fill ranks up anyway, and doubles when full. Where no growth is expected it is the rank, and on the host too: the
/// optimiser walks over all of it in every step, which costs more than the copies of rare growths.
/// </summary>
public sealed class RankBuffer : IDisposable
{
    /// <summary>Smallest capacity of a buffer that grows on a GPU.</summary>
    public const int CapacityInitial = 8;

    private readonly string nameA;
    private readonly string nameB;
    private readonly bool hasRoom;

    /// <summary>A buffer of rank 0.</summary>
    /// <param name="name">Full name of the layer; the optimiser's entries are this with <c>.lora_A</c> and <c>.lora_B</c>.</param>
    /// <param name="inFeatures">Width of the layer's input.</param>
    /// <param name="outFeatures">Width of the layer's output.</param>
    /// <param name="device">Where the factors live.</param>
    /// <param name="grows">Keep room to grow, on a GPU; without it a growth costs a copy.</param>
    public RankBuffer(string name, int inFeatures, int outFeatures, Device device, bool grows = true)
    {
        hasRoom = grows && device.Kind != DeviceKind.Cpu;
        nameA = $"{name}.lora_A";
        nameB = $"{name}.lora_B";
        InFeatures = inFeatures;
        OutFeatures = outFeatures;
        A = Leaf(new Shape(CapacityFor(0), inFeatures), device);
        B = Leaf(new Shape(outFeatures, CapacityFor(0)), device);
    }

    /// <summary>Width of the layer's input.</summary>
    public int InFeatures { get; }

    /// <summary>Width of the layer's output.</summary>
    public int OutFeatures { get; }

    /// <summary>Down projection (capacity, in), float32, a leaf that requires a gradient.</summary>
    public Tensor A { get; private set; }

    /// <summary>Up projection (out, capacity), float32, a leaf that requires a gradient.</summary>
    public Tensor B { get; private set; }

    /// <summary>Rows of A and columns of B in use.</summary>
    public int Rank { get; private set; }

    /// <summary>Rows of A and columns of B there is room for.</summary>
    public int Capacity => A.Shape[0];

    /// <summary>Both factors with their names in the optimiser.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters => [(nameA, A), (nameB, B)];

    /// <summary>
    /// One rank more: <paramref name="k"/> becomes a row of A, the column of B is zero. Old values and the optimiser's moments stay as
    /// they are; where the capacity is full they are copied into larger buffers and the optimiser's entries exchanged.
    /// </summary>
    /// <param name="k">The new row, (in).</param>
    /// <param name="optimizer">The optimiser that holds this buffer's moments, or null.</param>
    /// <exception cref="EngineException"><paramref name="k"/> has another length or device.</exception>
    public void Grow(Tensor k, AdamW? optimizer = null)
    {
        if (k.Count != InFeatures || k.DType != DType.F32 || k.Device != A.Device)
            throw new EngineException($"{nameA}: a new row has {InFeatures} float32 values on {A.Device}, not {k.DType} {k.Shape} on {k.Device}");
        Reserve(Rank + 1, optimizer);
        A.Backend.CopyColumns(k, 0, InFeatures, A, (long)Rank * InFeatures, InFeatures, 1, InFeatures);
        Rank++;
    }

    /// <summary>Replaces both factors: the rank is their number of rows and columns. Moments in the optimiser become zero.</summary>
    /// <param name="a">A, (rank, in) row-major.</param>
    /// <param name="b">B, (out, rank) row-major.</param>
    /// <param name="optimizer">The optimiser that holds this buffer's moments, or null.</param>
    /// <exception cref="EngineException">The lengths fit no rank.</exception>
    public void Load(ReadOnlySpan<float> a, ReadOnlySpan<float> b, AdamW? optimizer = null)
    {
        int rank = a.Length / InFeatures;
        if (a.Length != (long)rank * InFeatures || b.Length != (long)rank * OutFeatures)
        {
            throw new EngineException($"{nameA}: {a.Length} and {b.Length} values are no (rank, {InFeatures}) and " +
                $"({OutFeatures}, rank) of one rank");
        }
        Rank = 0;
        int capacity = CapacityFor(rank);
        if (capacity != Capacity)
        {
            Exchange(Leaf(new Shape(capacity, InFeatures), A.Device), Leaf(new Shape(OutFeatures, capacity), A.Device));
        }
        A.CopyFrom(PadRows(a, capacity * InFeatures));
        B.CopyFrom(PadColumns(b, rank, capacity));
        Rank = rank;
        if (optimizer is null) return;
        optimizer.Set(nameA, A);
        optimizer.Set(nameB, B);
    }

    /// <summary>The rows of A in use, (rank, in).</summary>
    public float[] AValues() => A.ToArray()[..(Rank * InFeatures)];

    /// <summary>The columns of B in use, (out, rank).</summary>
    public float[] BValues() => Columns(B.ToArray());

    /// <summary>Adds the factors in use and, where given, the optimiser's moments. A buffer of rank 0 adds nothing.</summary>
    internal void Save(IDictionary<string, HostTensor> state, AdamW? optimizer)
    {
        if (Rank == 0) return;
        int[] shapeA = [Rank, InFeatures], shapeB = [OutFeatures, Rank];
        state[nameA] = new HostTensor(shapeA, AValues());
        state[nameB] = new HostTensor(shapeB, BValues());
        if (optimizer is null) return;
        (Tensor m, Tensor v) = optimizer.Moments(nameA);
        state[$"{nameA}.m"] = new HostTensor(shapeA, m.ToArray()[..(Rank * InFeatures)]);
        state[$"{nameA}.v"] = new HostTensor(shapeA, v.ToArray()[..(Rank * InFeatures)]);
        (m, v) = optimizer.Moments(nameB);
        state[$"{nameB}.m"] = new HostTensor(shapeB, Columns(m.ToArray()));
        state[$"{nameB}.v"] = new HostTensor(shapeB, Columns(v.ToArray()));
    }

    /// <summary>Takes over what <see cref="Save"/> wrote; where it wrote nothing the rank becomes 0.</summary>
    internal void Restore(IReadOnlyDictionary<string, HostTensor> state, AdamW? optimizer)
    {
        int rank = state.TryGetValue(nameA, out HostTensor? a)
            ? a.Shape is [var rows, ..] ? rows : throw new EngineException($"adapter state: '{nameA}' is one number, a matrix is needed") : 0;
        Load(rank == 0 ? [] : Find(state, nameA, [rank, InFeatures]), rank == 0 ? [] : Find(state, nameB, [OutFeatures, rank]), optimizer);
        if (rank == 0 || optimizer is null) return;
        (Tensor m, Tensor v) = optimizer.Moments(nameA);
        m.CopyFrom(PadRows(Find(state, $"{nameA}.m", [rank, InFeatures]), (int)m.Count));
        v.CopyFrom(PadRows(Find(state, $"{nameA}.v", [rank, InFeatures]), (int)v.Count));
        (m, v) = optimizer.Moments(nameB);
        m.CopyFrom(PadColumns(Find(state, $"{nameB}.m", [OutFeatures, rank]), rank, Capacity));
        v.CopyFrom(PadColumns(Find(state, $"{nameB}.v", [OutFeatures, rank]), rank, Capacity));
    }

    /// <summary>Frees both factors and their gradients.</summary>
    public void Dispose()
    {
        Free(A);
        Free(B);
    }

    /// <summary>The capacity that a rank has: a function of the rank alone, so that a resumed run computes as the original did.</summary>
    private int CapacityFor(int rank)
    {
        if (!hasRoom) return Math.Max(1, rank);
        int capacity = CapacityInitial;
        while (capacity < rank) capacity *= 2;
        return capacity;
    }

    private void Reserve(int rank, AdamW? optimizer)
    {
        int capacity = CapacityFor(rank);
        if (capacity == Capacity) return;
        Shape shapeA = new(capacity, InFeatures), shapeB = new(OutFeatures, capacity);
        Tensor a = Widened(A, shapeA), b = Widened(B, shapeB);
        if (optimizer is not null)
        {
            (Tensor m, Tensor v) = optimizer.Moments(nameA);
            optimizer.Set(nameA, a, Widened(m, shapeA), Widened(v, shapeA));
            (m, v) = optimizer.Moments(nameB);
            optimizer.Set(nameB, b, Widened(m, shapeB), Widened(v, shapeB));
        }
        a.RequiresGrad = true;
        b.RequiresGrad = true;
        Exchange(a, b);
    }

    /// <summary>A copy in the upper left corner of zeros.</summary>
    private static Tensor Widened(Tensor old, Shape shape)
    {
        Tensor wide = TensorScope.Detach(Tensor.Zeros(shape, old.Device));
        old.Backend.CopyColumns(old, 0, old.Shape[1], wide, 0, shape[1], old.Shape[0], old.Shape[1]);
        return wide;
    }

    private static Tensor Leaf(Shape shape, Device device)
    {
        Tensor leaf = TensorScope.Detach(Tensor.Zeros(shape, device));
        leaf.RequiresGrad = true;
        return leaf;
    }

    private void Exchange(Tensor a, Tensor b)
    {
        Free(A);
        Free(B);
        A = a;
        B = b;
    }

    private static void Free(Tensor leaf)
    {
        leaf.ZeroGrad();
        leaf.Dispose();
    }

    private float[] Columns(float[] padded)
    {
        int capacity = Capacity;
        var values = new float[OutFeatures * Rank];
        for (int i = 0; i < OutFeatures; i++) Array.Copy(padded, i * capacity, values, i * Rank, Rank);
        return values;
    }

    private static float[] PadRows(ReadOnlySpan<float> values, int count)
    {
        var padded = new float[count];
        values.CopyTo(padded);
        return padded;
    }

    private float[] PadColumns(ReadOnlySpan<float> values, int rank, int capacity)
    {
        var padded = new float[OutFeatures * capacity];
        for (int i = 0; i < OutFeatures; i++) values.Slice(i * rank, rank).CopyTo(padded.AsSpan(i * capacity));
        return padded;
    }

    /// <summary>The values of a saved tensor.</summary>
    /// <exception cref="EngineException">It is missing or has another shape.</exception>
    internal static float[] Find(IReadOnlyDictionary<string, HostTensor> state, string name, ReadOnlySpan<int> shape)
    {
        if (!state.TryGetValue(name, out HostTensor? tensor)) throw new EngineException($"adapter state: no tensor '{name}'");
        return tensor.Shape.AsSpan().SequenceEqual(shape)
            ? tensor.Values
            : throw new EngineException($"adapter state: '{name}' is {string.Join('x', tensor.Shape)}, " +
                $"{string.Join('x', shape.ToArray())} is needed");
    }
}
