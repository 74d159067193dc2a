using System.Globalization;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>What users of the packages get: their contents, and that a new project and an installed tool work with them.</summary>
/// <param name="packages">The packages.</param>
public sealed partial class PackageTests(PackageFeed packages) : IClassFixture<PackageFeed>
{
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    [Fact]
    public void Packages_are_three_libraries_and_two_tools()
    {
        RequireSdk();
        string[] files = [.. Directory.GetFiles(packages.Feed).Select(file => Path.GetFileName(file).Replace($".{PackageFeed.Version}.", " ")).Order()];
        Assert.Equal(
        [
            "SeLoRA.Adapters nupkg", "SeLoRA.Adapters snupkg", "SeLoRA.Engine nupkg", "SeLoRA.Engine snupkg", "SeLoRA.Model nupkg",
            "SeLoRA.Model snupkg", "SeLoRA.Train nupkg", "SeLoRA.WeightsConvert nupkg",
        ], files);
    }

    [Theory]
    [InlineData("SeLoRA.Engine", "ILGPU")]
    [InlineData("SeLoRA.Model", "MathNet.Numerics", "Microsoft.ML.Tokenizers", "SeLoRA.Engine")]
    [InlineData("SeLoRA.Adapters", "SeLoRA.Engine")]
    [InlineData("SeLoRA.Train")]
    [InlineData("SeLoRA.WeightsConvert")]
    public void Package_describes_itself_and_names_its_own_dependencies_only(string id, params string[] dependencies)
    {
        RequireSdk();
        using ZipArchive package = packages.Open(id);
        Assert.NotNull(package.GetEntry("LICENSE"));
        XElement metadata = XElement.Parse(packages.ReadText(id, $"{id}.nuspec")).Elements().Single();
        foreach (string name in (string[])["description", "tags", "authors", "copyright"]) Assert.NotEmpty(Value(name));
        Assert.Equal("MIT", Value("license"));
        Assert.StartsWith($"# {id}\n", packages.ReadText(id, Value("readme")), StringComparison.Ordinal);
        XElement[] found = [.. metadata.Descendants().Where(element => element.Name.LocalName == "dependency")];
        Assert.Equal(dependencies, found.Select(element => element.Attribute("id")!.Value).Order());
        Assert.All(found.Where(element => element.Attribute("id")!.Value.StartsWith("SeLoRA", StringComparison.Ordinal)),
            element => Assert.Equal(PackageFeed.Version, element.Attribute("version")!.Value));

        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
    }

    [Theory]
    [InlineData("SeLoRA.Engine", "T:SeLoRA.Engine.Tensor")]
    [InlineData("SeLoRA.Model", "T:SeLoRA.Model.UNet2DConditionModel")]
    [InlineData("SeLoRA.Adapters", "T:SeLoRA.Adapters.SeLoRAConfig")]
    public void Library_has_documentation_and_symbols_with_their_sources(string id, string documented)
    {
        RequireSdk();
        Assert.Contains($"name=\"{documented}\"", packages.ReadText(id, $"lib/net10.0/{id}.xml"), StringComparison.Ordinal);
        using ZipArchive symbols = packages.Open(id, "snupkg");
        using var pdb = new MemoryStream();
        using (Stream stream = symbols.GetEntry($"lib/net10.0/{id}.pdb")!.Open()) stream.CopyTo(pdb);
        pdb.Position = 0;
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(pdb);
        MetadataReader reader = provider.GetMetadataReader();
        Assert.NotEmpty(reader.Documents);
        Assert.All(reader.Documents, document => Assert.Contains(reader.GetCustomDebugInformation(document),
            handle => reader.GetGuid(reader.GetCustomDebugInformation(handle).Kind) == EmbeddedSource));
    }

    [Fact]
    public void Tool_has_the_mini_model_and_native_libraries_without_their_symbols()
    {
        RequireSdk();
        using ZipArchive package = packages.Open("SeLoRA.Train");
        string[] files = [.. package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith(Tool, StringComparison.Ordinal)).Select(name => name[Tool.Length..])];
        string mini = Path.Combine(Repository.Root!, "train");
        Assert.Equal(
            Directory.GetFiles(Path.Combine(mini, "Mini"), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(mini, file).Replace('\\', '/')).Order(),
            files.Where(name => name.StartsWith("Mini/", StringComparison.Ordinal)).Order());
        string[] native = [.. files.Where(name => name.StartsWith("runtimes/", StringComparison.Ordinal)).Order()];
        Assert.Equal(
        [
            "runtimes/linux-arm64/native/libSkiaSharp.so", "runtimes/linux-musl-arm64/native/libSkiaSharp.so",
            "runtimes/linux-musl-x64/native/libSkiaSharp.so", "runtimes/linux-x64/native/libSkiaSharp.so",
            "runtimes/osx/native/libSkiaSharp.dylib", "runtimes/win-arm64/native/libSkiaSharp.dll", "runtimes/win-x64/native/libSkiaSharp.dll",
        ], native);
        // A file that the list names and the package lacks would keep the program from starting.
        string needed = packages.ReadText("SeLoRA.Train", $"{Tool}SeLoRA.Train.deps.json");
        Assert.Equal(native, RuntimeFile().Matches(needed).Select(match => match.Value).Order());
    }

    [Theory]
    [InlineData("SeLoRA.Train")]
    [InlineData("SeLoRA.WeightsConvert")]
    public void Tool_has_the_licences_of_the_packages_that_it_carries(string id)
    {
        RequireSdk();
        JsonNode files = JsonNode.Parse(packages.ReadText(id, $"{Tool}{id}.deps.json"))!["targets"]!.AsObject().Single().Value!;
        string[] carried = [.. files.AsObject().Where(part => !part.Key.StartsWith("SeLoRA.", StringComparison.Ordinal))
            .Where(part => part.Value!["runtime"] is not null || part.Value["runtimeTargets"] is not null).Select(part => part.Key)];
        Assert.NotEmpty(carried);
        Assert.All(carried, part => Assert.Contains("<license", packages.ReadText(id, $"{Tool}licences/{part}/package.xml"), StringComparison.Ordinal));
        string ilgpu = carried.Single(part => part.StartsWith("ILGPU/", StringComparison.Ordinal));
        Assert.NotEmpty(packages.ReadText(id, $"{Tool}licences/{ilgpu}/LICENSE.txt"));
    }

    [Fact]
    public void New_project_trains_with_the_examples_of_the_readmes()
    {
        RequireSdk();
        string project = packages.Folder("consumer");
        foreach (string name in (string[])["Engine", "Model", "Adapters"])
            File.WriteAllText(Path.Combine(project, $"{name}Example.cs"), ReadmeExample.AsClass($"{name}Example", packages.ReadText($"SeLoRA.{name}", "README.md")));
        File.WriteAllText(Path.Combine(project, "Program.cs"), "EngineExample.Run();\nAdaptersExample.Run();\n");
        File.WriteAllText(Path.Combine(project, "Consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <OutputType>Exe</OutputType>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <UseAppHost>false</UseAppHost>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="SeLoRA.Adapters" Version="{PackageFeed.Version}" />
                <PackageReference Include="SeLoRA.Model" Version="{PackageFeed.Version}" />
              </ItemGroup>
            </Project>
            """);

        DotnetSdk.Run(project, "build", "-warnaserror", "-o", "out", $"-p:RestoreConfigFile={packages.NuGetConfig}");
        string output = DotnetSdk.Run(project, Path.Combine("out", "Consumer.dll"));

        foreach (string part in (string[])["engine", "adapters"])
        {
            float[] losses = [.. LossLine().Matches(output).Where(match => match.Groups["part"].Value == part)
                .Select(match => float.Parse(match.Groups["loss"].Value, CultureInfo.InvariantCulture))];
            Assert.True(losses.Length == 2 && losses[1] < 0.7f * losses[0], output);
        }
        Assert.True(File.Exists(Path.Combine(project, "adapter.safetensors")));
    }

    [Fact]
    public void Installed_tools_train_and_read_what_was_trained()
    {
        RequireSdk();
        string selora = packages.Install("SeLoRA.Train", "selora"), weights = packages.Install("SeLoRA.WeightsConvert", "selora-weights");
        string folder = packages.Folder("work");
        Assert.Contains("selora --model sd15/", DotnetSdk.RunProgram(selora, folder, "--help"), StringComparison.Ordinal);

        DotnetSdk.RunProgram(selora, folder, [.. TrainingProcess.Short, "--steps", "2", "--out", "run"]);

        string run = Path.Combine(folder, "run");
        Assert.NotEmpty(Directory.GetFiles(run, "*.png", SearchOption.AllDirectories));
        Assert.Contains("low-rank adapter in kohya keys", DotnetSdk.RunProgram(weights, run, "inspect", "adapter.safetensors", "--summary"), StringComparison.Ordinal);
    }

    private const string Tool = "tools/net10.0/any/";

    private static void RequireSdk()
    {
        if (DotnetSdk.Missing is { } reason) Assert.Skip(reason);
    }

    [GeneratedRegex(@"runtimes/[\w./-]+")]
    private static partial Regex RuntimeFile();

    [GeneratedRegex(@"^(?<part>\w+): step \d+, loss (?<loss>[\d.]+)", RegexOptions.Multiline)]
    private static partial Regex LossLine();
}
