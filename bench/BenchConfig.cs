using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace SeLoRA.Bench;

/// <summary>How benchmarks are run and shown.</summary>
internal static class BenchConfig
{
    /// <summary>Category of the rarely needed sizes.</summary>
    public const string Deep = "Deep";

    /// <summary>The configuration.</summary>
    /// <param name="quick">Few, short iterations: numbers good to some 10 %.</param>
    /// <param name="deep">Run the rarely needed sizes too.</param>
    public static IConfig Create(bool quick, bool deep)
    {
        // In this process: a GPU is opened once, and a kernel's size lets the process's own start disappear.
        Job job = Job.Default
            .WithToolchain(new InProcessEmitToolchain(TimeSpan.FromHours(1), logOutput: false))
            .WithWarmupCount(quick ? 1 : 3)
            .WithIterationCount(quick ? 3 : 10)
            .WithIterationTime(TimeInterval.FromMilliseconds(quick ? 100 : 300))
            .WithId(quick ? "quick" : "full");
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params, DefaultColumnProviders.Statistics)
            .AddColumn(new RateColumn())
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40))
            .WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared))
            .AddExporter(MarkdownExporter.GitHub, JsonExporter.BriefCompressed)
            .AddLogger(ConsoleLogger.Default);
        return deep ? config : config.AddFilter(new SimpleFilter(b => !b.Descriptor.HasCategory(Deep)));
    }
}
