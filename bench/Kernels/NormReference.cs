namespace SeLoRA.Bench;

/// <summary>Single elements of a normalisation and of its gradient, in double precision.</summary>
internal static class NormReference
{
    /// <summary>xhat of element <paramref name="i"/> of the set <paramref name="members"/>.</summary>
    public static double Normalised(float[] x, long[] members, long i, double eps)
    {
        (double mean, double scale) = Statistics(x, members, eps);
        return (x[i] - mean) * scale;
    }

    /// <summary>dx_i = scale (g_i - mean(g) - xhat_i mean(g xhat)), g being the gradient of xhat.</summary>
    public static double BackwardData(float[] x, long[] members, long i, double eps, Func<long, double, double> gradient)
    {
        (double mean, double scale) = Statistics(x, members, eps);
        double sum = 0, sumXhat = 0;
        foreach (long j in members)
        {
            double xhat = (x[j] - mean) * scale, g = gradient(j, xhat);
            sum += g;
            sumXhat += g * xhat;
        }
        double own = (x[i] - mean) * scale;
        return scale * (gradient(i, own) - sum / members.Length - own * sumXhat / members.Length);
    }

    private static (double Mean, double Scale) Statistics(float[] x, long[] members, double eps)
    {
        double mean = members.Average(j => (double)x[j]);
        double variance = members.Average(j => (x[j] - mean) * (x[j] - mean));
        return (mean, 1 / Math.Sqrt(variance + eps));
    }
}
