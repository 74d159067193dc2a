namespace SeLoRA.Model;

/// <summary>The clipping of predicted clean samples that pixel-space models use.</summary>
internal static class Clipping
{
    /// <summary>The bound, infinite without clipping. Dynamic thresholding is refused: it is for pixels only.</summary>
    public static double Range(SchedulerConfig config, bool ifMissing)
    {
        RefuseThresholding(config);
        return config.Flag("clip_sample", ifMissing) ? config.Number("clip_sample_range", 1) : double.PositiveInfinity;
    }

    public static void RefuseThresholding(SchedulerConfig config)
    {
        if (config.Flag("thresholding", false))
            throw config.Error("thresholding is not supported (it is meant for models in pixel space); false is expected");
    }
}
