using System.Text;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Tables and reports of data sets. The images beside them are whole; what leads out of the folder must never be opened.</summary>
public class DataFuzzTests
{
    private static readonly byte[] s_image = PngSeeds.Grey8;

    [Fact]
    public void Csv_of_an_image_folder_is_read_or_refused() => Fuzz("metadata.csv", ["a.png", "b.png", "sub/c.png"], "metadata.csv",
        "file_name,text,note\na.png,\"left effusion, small\",1\nb.png,no finding,2\nsub/c.png,nodule,3\n", "imagefolder");

    [Fact]
    public void Jsonl_of_an_image_folder_is_read_or_refused() => Fuzz("metadata.jsonl", ["a.png", "b.png", "sub/c.png"], "metadata.jsonl", """
        {"file_name": "a.png", "text": "left effusion", "n": 1}
        {"file_name": "b.png", "text": "no finding", "n": [2]}
        {"file_name": "sub/c.png", "text": "nodule", "n": {"x": 3}}
        """, "imagefolder");

    [Fact]
    public void Tables_of_IU_XRay_are_read_or_refused() => Fuzz("tables of IU X-Ray", ["images/images_normalized/1_IM-0001-4001.dcm.png", "images/images_normalized/2_IM-0002-1.dcm.png"],
        ["indiana_reports.csv", "indiana_projections.csv"],
        [
            "uid,MeSH,findings,impression\n1,normal,\"The heart is XXXX, clear.\",Normal XXXX-XXXX chest.\n2,x,(XXXX) - size ..,Effusion\n",
            "uid,filename,projection\n1,1_IM-0001-4001.dcm.png,Frontal\n1,1_IM-0001-3001.dcm.png,Lateral\n2,2_IM-0002-1.dcm.png,Frontal\n",
        ], "iu-xray");

    [Fact]
    public void Reports_of_OpenI_are_read_or_refused() => Fuzz("reports of Open-i", ["NLMCXR_png/CXR1_1_IM-0001-4001.png"], ["ecgen-radiology/1.xml", "indiana_projections.csv"],
        [
            """
            <?xml version="1.0" encoding="utf-8"?>
            <eCitation><uId id="CXR1"/><MedlineCitation><Article><Abstract><AbstractText Label="FINDINGS">Heart is <b>normal</b> &amp; XXXX.</AbstractText>
            <AbstractText Label="IMPRESSION">No effusion</AbstractText></Abstract></Article></MedlineCitation><!-- x --><![CDATA[y]]>
            <parentImage id="CXR1_1_IM-0001-4001"><figureId>F1</figureId></parentImage></eCitation>
            """,
            "uid,filename,projection\n1,1_IM-0001-4001.dcm.png,Frontal\n",
        ], "openi");

    [Fact]
    public void Readings_of_Montgomery_are_read_or_refused() => Fuzz("readings of Montgomery County", ["CXR_png/MCUCXR_0001_0.png", "CXR_png/MCUCXR_0002_0.png"],
        ["ClinicalReadings/MCUCXR_0001_0.txt", "ClinicalReadings/MCUCXR_0002_0.txt"],
        ["Patient's Sex: F\nPatient's Age: 027Y\nnormal\n", "Patient's Sex: M\nPatient's Age: 03M\ninfiltrate ( same pt as MCUCXR_0001_0 )\nNO REPORT\n"], "montgomery");

    [Fact]
    public void Captions_of_PatchGastric_are_read_or_refused() => Fuzz("captions of PatchGastric", ["patches_captions/aa_0.jpg", "patches_captions/aa_1.jpg", "patches_captions/bb_0.jpg"], "captions.csv",
        "id,subtype,text\naa,Tubular,\"glands, large\"\nbb,Papillary,fronds\n", "patchgastric");

    private static void Fuzz(string reader, string[] images, string table, string text, string dataset) => Fuzz(reader, images, [table], [text], dataset);

    private static void Fuzz(string reader, string[] images, string[] tables, string[] texts, string dataset)
    {
        using var run = new FuzzRun(reader, factor: 512, floor: 2 << 20);
        run.Run([.. tables, .. images], [.. texts.Select((t, i) => (i, Encoding.UTF8.GetBytes(t))), .. images.Select((_, i) => (tables.Length + i, s_image))], random =>
        {
            int file = random.Below(tables.Length);
            return (file, TextMutations.Apply(texts[file], random));
        }, folder => Read(folder, dataset));
    }

    private static void Read(string folder, string dataset)
    {
        // As training does in one half of the cases; in the other without the bad rows.
        bool skipBad = Directory.EnumerateFiles(folder, "*.*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) % 2 == 0;
        DataFolder data = DataFolder.Load(folder, dataset, seed: 42, skipBad);
        Assert.All(data.Images, image => Assert.StartsWith(folder + Path.DirectorySeparatorChar, image.Path, StringComparison.Ordinal));
        foreach (string line in data.Problems.Select(p => p.ToString()).Concat(data.Notes)) FuzzRun.CheckLine(line);
    }
}
