namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Rows of a table by index.</summary>
    /// <param name="table">(V, C).</param>
    /// <param name="ids">Row indices, row-major in <paramref name="shape"/>; each in 0..V-1, or an error names the first that is not.</param>
    /// <param name="shape">Shape of the indices; the result is this shape followed by C.</param>
    public static Tensor Embedding(Tensor table, ReadOnlySpan<int> ids, Shape shape)
    {
        Check.Rank("Embedding", "table", table, 2);
        if (table.RequiresGrad) Check.Float32("Embedding", "a trained table", table);
        if (ids.Length != shape.Count) Check.Fail($"Embedding: {ids.Length} ids for shape {shape}");
        RowIds.Check(ids, table.Shape[0]);
        using var scope = new TensorScope();
        return scope.Return(Embedding(table, Tensor.From(ids, shape, table.Device)));
    }

    /// <summary>Rows of a table by indices that lie on its device and were checked, see <see cref="RowIds"/>.</summary>
    /// <param name="table">(V, C).</param>
    /// <param name="ids">Row indices, I32.</param>
    /// <returns>The indices' shape followed by C.</returns>
    public static Tensor Embedding(Tensor table, Tensor ids)
    {
        Check.Rank("Embedding", "table", table, 2);
        if (table.RequiresGrad) Check.Float32("Embedding", "a trained table", table);
        if (ids.DType != DType.I32) Check.Fail($"Embedding: ids are {ids.DType}, I32 is needed");
        Check.SameDevice("Embedding", table, ids);
        Shape shape = ids.Shape;
        Span<int> dims = stackalloc int[shape.Rank + 1];
        for (int i = 0; i < shape.Rank; i++) dims[i] = shape[i];
        dims[^1] = table.Shape[1];
        Tensor y = table.EmptyOf(new Shape(dims));
        table.Backend.Embedding(table, ids, y);
        return Autograd.Record("Embedding", y, [table], [ids], table.Shape, static (ctx, tableShape) =>
        {
            Tensor dtable = ctx.Dy.EmptyOf(tableShape);
            dtable.Backend.EmbeddingBackward(ctx[0], ctx.Dy, dtable);
            ctx.Give(0, dtable);
        });
    }

    /// <summary>
    /// Sinusoidal timestep embedding (Ho et al., 2020), (N, channels): row n is [cos(t f_i), sin(t f_i)],
    /// f_i = exp(-ln(10000) i / (half - freqShift)), half = channels / 2. Computed in float32 on the host, as diffusers does.
    /// </summary>
    /// <param name="timesteps">t of each row.</param>
    /// <param name="channels">Even width of the result.</param>
    /// <param name="device">Where the result lies.</param>
    /// <param name="flipSinToCos">Cosines first, as Stable Diffusion has it; false puts the sines first.</param>
    /// <param name="freqShift">Shift in the frequencies; 0 in Stable Diffusion.</param>
    public static Tensor TimestepEmbedding(ReadOnlySpan<float> timesteps, int channels, Device device, bool flipSinToCos = true,
        float freqShift = 0f) =>
        Tensor.From(TimestepValues(timesteps, channels, flipSinToCos, freqShift), new Shape(timesteps.Length, channels), device);

    /// <summary>The values of <see cref="TimestepEmbedding"/>, row by row.</summary>
    /// <inheritdoc cref="TimestepEmbedding" path="/param"/>
    public static float[] TimestepValues(ReadOnlySpan<float> timesteps, int channels, bool flipSinToCos = true, float freqShift = 0f)
    {
        if (channels < 2 || channels % 2 != 0) Check.Fail($"TimestepEmbedding: {channels} channels, an even number is needed");
        int half = channels / 2, cosines = flipSinToCos ? 0 : half, sines = half - cosines;
        if (half - freqShift <= 0) Check.Fail($"TimestepEmbedding: freqShift {freqShift} must be below {half}, half the channels");
        var values = new float[timesteps.Length * channels];
        for (int i = 0; i < half; i++)
        {
            float exponent = -MathF.Log(10000f) * i / (half - freqShift);
            float frequency = MathF.Exp(exponent);
            for (int n = 0; n < timesteps.Length; n++)
            {
                float phase = timesteps[n] * frequency;
                values[n * channels + cosines + i] = MathF.Cos(phase);
                values[n * channels + sines + i] = MathF.Sin(phase);
            }
        }
        return values;
    }
}
