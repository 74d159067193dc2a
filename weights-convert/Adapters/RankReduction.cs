using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;
using SeLoRA.Adapters;

namespace SeLoRA.WeightsConvert;

/// <summary>
/// The nearest update of lower rank (Eckart and Young, 1936). With up = Q1 R1 and down^T = Q2 R2 the singular values of up down are those of
/// R1 R2^T, which is no larger than the rank: the full weight is never formed.
/// </summary>
internal static class RankReduction
{
    // Sums whose order depends on the number of threads would make results depend on the machine.
    static RankReduction() => Control.UseSingleThread();

    /// <summary>The module with fewer ranks and the same scale.</summary>
    /// <param name="module">The module.</param>
    /// <param name="rankMax">Most ranks to keep.</param>
    /// <param name="share">As few ranks as hold this share of the energy; infinity for all that <paramref name="rankMax"/> allows.</param>
    /// <returns>The module itself where nothing is to do, null where its update is zero; and the share of the energy that is kept.</returns>
    public static (AdapterFileModule? Module, double Energy) Reduce(AdapterFileModule module, int rankMax, double share)
    {
        Matrix<double> up = Matrix<double>.Build.Dense(module.Slot.Out, module.Rank, (i, j) => module.Up[i * module.Rank + j]);
        Matrix<double> downT = Matrix<double>.Build.Dense(module.Slot.In, module.Rank, (i, j) => module.Down[j * module.Slot.In + i]);
        (Matrix<double> q1, Matrix<double> r1) = Orthogonal(up);
        (Matrix<double> q2, Matrix<double> r2) = Orthogonal(downT);
        Svd<double> core = r1.TransposeAndMultiply(r2).Svd();

        double[] energies = [.. core.S.Select(s => s * s)];
        double total = energies.Sum();
        if (total == 0) return (null, 1);
        int rank = 0;
        double kept = 0;
        while (rank < Math.Min(rankMax, energies.Length) && kept < share * total) kept += energies[rank++];
        if (rank == module.Rank) return (module, 1);

        // The singular values' roots go to both sides, so that both factors have entries of like size for 16-bit types.
        Vector<double> root = core.S.SubVector(0, rank).PointwiseSqrt();
        Matrix<double> newUp = q1 * core.U.SubMatrix(0, core.U.RowCount, 0, rank).MapIndexed((_, j, value) => value * root[j]);
        Matrix<double> newDown = core.VT.SubMatrix(0, rank, 0, core.VT.ColumnCount).MapIndexed((i, _, value) => value * root[i]).TransposeAndMultiply(q2);
        AdapterFileModule reduced = module with
        {
            Rank = rank,
            Alpha = module.Alpha / module.Rank * rank,
            Up = RowMajor(newUp),
            Down = RowMajor(newDown),
        };
        return (reduced, Math.Min(1, kept / total));
    }

    /// <summary>Orthonormal columns times a square matrix; a factor with more ranks than rows is its own second part.</summary>
    private static (Matrix<double> Q, Matrix<double> R) Orthogonal(Matrix<double> tall)
    {
        if (tall.RowCount < tall.ColumnCount) return (Matrix<double>.Build.DenseIdentity(tall.RowCount), tall);
        QR<double> qr = tall.QR(QRMethod.Thin);
        return (qr.Q, qr.R);
    }

    private static float[] RowMajor(Matrix<double> matrix) => [.. matrix.ToRowMajorArray().Select(value => (float)value)];
}
