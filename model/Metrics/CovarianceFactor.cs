using System.Numerics;

namespace SeLoRA.Model;

/// <summary>
/// Cholesky's factorisation with diagonal pivoting (Higham, Accuracy and Stability of Numerical Algorithms, section 10.3): a positive semi-definite
/// S (d, d) becomes F^T F with F (rank, d). It stops where what is left is rounding, so the rank of a covariance of few images shows as it is.
/// </summary>
internal static class CovarianceFactor
{
    /// <summary>The rows of F, each of d values.</summary>
    /// <param name="covariance">d x d values, row-major, symmetric.</param>
    /// <param name="d">Number of features.</param>
    public static double[][] Of(double[] covariance, int d)
    {
        var rows = new List<double[]>();
        var rest = new double[d];
        for (int i = 0; i < d; i++) rest[i] = covariance[(long)i * d + i];
        // Below d roundings of the largest variance the remaining diagonal is noise, and a root would magnify it.
        double noise = d * Math.ScaleB(1, -52) * Math.Max(0, rest.Max());
        for (int pivot = Largest(rest); rows.Count < d && rest[pivot] > noise; pivot = Largest(rest))
        {
            double root = Math.Sqrt(rest[pivot]);
            var row = new double[d];
            covariance.AsSpan(pivot * d, d).CopyTo(row);
            foreach (double[] earlier in rows) Subtract(row, earlier[pivot], earlier);
            for (int j = 0; j < d; j++)
            {
                row[j] /= root;
                rest[j] -= row[j] * row[j];
            }
            rest[pivot] = double.NegativeInfinity;
            rows.Add(row);
        }
        return [.. rows];
    }

    private static int Largest(double[] values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
            if (values[i] > values[largest]) largest = i;
        return largest;
    }

    private static void Subtract(Span<double> y, double a, ReadOnlySpan<double> x)
    {
        int i = 0;
        for (; i <= x.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(y[i..]) - a * new Vector<double>(x[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] -= a * x[i];
    }
}
