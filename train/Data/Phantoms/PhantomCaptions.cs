namespace SeLoRA.Train;

/// <summary>Says what was drawn in the words of radiology reports, in a few ways each, with some 80 words in all.</summary>
internal static class PhantomCaptions
{
    public static string Write(PhantomFindings findings, PhantomStyle style, PhantomDraws draws)
    {
        string opening = style == PhantomStyle.Source
            ? draws.Pick("chest x-ray", "chest x-ray", "frontal chest x-ray", "pa chest x-ray", "x-ray of the chest")
            : draws.Pick("portable chest radiograph", "portable chest radiograph", "portable ap radiograph", "bedside chest radiograph");
        string caption = $"{opening}, {Finding(findings, draws)}";
        return draws.Chance(0.25) ? $"{caption}, {Negative(findings, draws)}" : caption;
    }

    private static string Finding(PhantomFindings f, PhantomDraws draws)
    {
        string side = f.Side == PhantomSide.Left ? "left" : "right";
        string zone = f.Zone switch { PhantomZone.Upper => "upper", PhantomZone.Lower => "lower", _ => "middle" };
        string size = f.Extent switch { PhantomExtent.Small => "small", PhantomExtent.Large => "large", _ => "moderate" };
        string severity = f.Extent switch { PhantomExtent.Small => "mild", PhantomExtent.Large => "severe", _ => "moderate" };
        switch (f.Finding)
        {
            case PhantomFinding.PleuralEffusion:
                return draws.Pick($"{size} {side} pleural effusion", $"{size} {side} pleural effusion",
                    $"{size} pleural effusion on the {side}", $"{size} {side} sided effusion", $"{side} pleural effusion, {size}");
            case PhantomFinding.Nodule:
                return draws.Pick($"nodule in the {side} {zone} lung", $"{side} {zone} lung nodule", $"round nodule in the {side} {zone} zone");
            case PhantomFinding.Mass:
                return draws.Pick($"large mass in the {side} {zone} lung", $"{side} {zone} lung mass", $"large round mass in the {side} {zone} zone");
            case PhantomFinding.Pneumothorax:
                string collapse = f.Extent == PhantomExtent.Large ? "collapsed lung" : "partly collapsed lung";
                return draws.Pick($"{size} {side} pneumothorax", $"{size} {side} pneumothorax",
                    $"{size} pneumothorax on the {side}", $"{size} {side} sided pneumothorax with {collapse}");
            case PhantomFinding.Cardiomegaly:
                string adverb = f.Extent switch { PhantomExtent.Small => "mildly", PhantomExtent.Large => "severely", _ => "moderately" };
                return draws.Pick($"{severity} cardiomegaly", $"{severity} cardiomegaly", $"{adverb} enlarged heart", $"{severity} enlargement of the heart");
            case PhantomFinding.Consolidation:
                string density = f.Extent == PhantomExtent.Large ? "dense" : "patchy";
                return draws.Pick($"{density} consolidation in the {side} {zone} lung", $"{density} {side} {zone} lung consolidation",
                    $"{density} {side} {zone} zone opacity");
            default:
                return draws.Pick("no acute findings", "no acute findings", "normal chest", "clear lungs and normal heart", "no acute abnormality");
        }
    }

    private static string Negative(PhantomFindings f, PhantomDraws draws) => f.Finding switch
    {
        PhantomFinding.Cardiomegaly => draws.Pick("lungs are clear", "no pleural effusion", "no pneumothorax"),
        PhantomFinding.PleuralEffusion => draws.Pick("no pneumothorax", "heart size is normal"),
        PhantomFinding.Pneumothorax => draws.Pick("no pleural effusion", "heart size is normal"),
        _ => draws.Pick("no pleural effusion", "no pneumothorax", "heart size is normal"),
    };
}
