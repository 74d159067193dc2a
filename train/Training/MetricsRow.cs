using System.Globalization;

namespace SeLoRA.Train;

/// <summary>One row of <c>metrics.csv</c>; what was not measured in a step is empty.</summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="Epoch">Pass over the data, from 1.</param>
/// <param name="Loss">Training loss of the step.</param>
/// <param name="Validation">Validation loss after the step.</param>
/// <param name="RankTotal">Sum of all ranks.</param>
/// <param name="GradNorm">Joint gradient norm before clipping.</param>
/// <param name="Milliseconds">Time of the step.</param>
/// <param name="MemoryMb">Peak device memory so far, 10^6 bytes.</param>
/// <param name="LossScale">What the step's loss was multiplied by; with float16 only. A step without gradient norm was skipped for overflow.</param>
internal sealed record MetricsRow(int Step, int Epoch, double? Loss, double? Validation, int RankTotal, double? GradNorm,
    double? Milliseconds, double? MemoryMb, double? LossScale = null)
{
    /// <summary>Column names.</summary>
    public const string Header = "step,epoch,loss,validation,rank_total,grad_norm,ms,memory_mb,loss_scale";

    /// <summary>The row as text.</summary>
    public string ToCsv() => string.Create(CultureInfo.InvariantCulture,
        $"{Step},{Epoch},{Loss:G9},{Validation:G9},{RankTotal},{GradNorm:G6},{Milliseconds:F1},{MemoryMb:F0},{LossScale:G9}");

    /// <summary>Reads a row back.</summary>
    public static MetricsRow Parse(string line)
    {
        string[] f = line.Split(',');
        static double? Number(string text) => text.Length == 0 ? null : double.Parse(text, CultureInfo.InvariantCulture);
        return new MetricsRow(int.Parse(f[0], CultureInfo.InvariantCulture), int.Parse(f[1], CultureInfo.InvariantCulture), Number(f[2]),
            Number(f[3]), int.Parse(f[4], CultureInfo.InvariantCulture), Number(f[5]), Number(f[6]), Number(f[7]), f.Length > 8 ? Number(f[8]) : null);
    }
}
