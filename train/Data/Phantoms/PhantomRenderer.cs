namespace SeLoRA.Train;

/// <summary>
/// Draws a stylised frontal chest radiograph. Per pixel it adds up how much each structure attenuates the beam and passes
/// the sum through the film's tone curve; every edge is a smooth step about a pixel wide, so no pixel is jagged at any size.
/// </summary>
internal sealed class PhantomRenderer
{
    private const double SoftTissue = 0.95, AeratedLung = 0.24, FreeAir = 0.03, Bone = 0.20;
    private const int RibCount = 9;

    private readonly PhantomAnatomy _body;
    private readonly PhantomExposure _film;
    private readonly PhantomFindings _findings;
    private readonly PhantomDraws _texture;
    private readonly double _pixel;

    private PhantomRenderer(PhantomAnatomy body, PhantomExposure film, PhantomFindings findings, PhantomDraws texture, int size)
    {
        _body = body;
        _film = film;
        _findings = findings;
        _texture = texture;
        _pixel = 2.0 / size;
    }

    /// <summary>The grey levels, size x size bytes, row by row.</summary>
    public static byte[] Render(
        PhantomAnatomy body, PhantomExposure film, PhantomFindings findings, PhantomDraws texture, PhantomDraws noise, int size)
    {
        var renderer = new PhantomRenderer(body, film, findings, texture, size);
        var grey = new byte[size * size];
        for (int row = 0; row < size; row++)
            for (int column = 0; column < size; column++)
            {
                double x = (column + 0.5) * renderer._pixel - 1, y = (row + 0.5) * renderer._pixel - 1;
                double value = renderer.Brightness(x, y) + film.Noise * noise.Normal(row * size + column);
                grey[row * size + column] = (byte)Math.Clamp(Math.Round(255 * value), 0, 255);
            }
        return grey;
    }

    private double Brightness(double x, double y)
    {
        double cos = Math.Cos(_body.Rotation), sin = Math.Sin(_body.Rotation);
        double bx = (cos * x + sin * y) / _body.Scale - _body.ShiftX, by = (cos * y - sin * x) / _body.Scale - _body.ShiftY;
        double exposed = Math.Pow(1 - Math.Exp(-_film.Density * Attenuation(bx, by)), _film.Gamma);
        double value = _film.Floor + (_film.Gain - _film.Floor) * exposed;
        if (!_film.Collimated) return value;

        double field = Field(x, y);
        // Bedside films carry a lead letter at the patient's left.
        return Math.Max(value, 0.98 * Marker(x, y)) * field + 0.02 * (1 - field);
    }

    private double Attenuation(double x, double y)
    {
        double halfWidth = BodyHalfWidth(y);
        double inBody = Step(halfWidth - Math.Abs(x), 1.5 * _pixel);
        if (inBody <= 0) return 0;

        // The beam crosses less tissue towards the flanks.
        double across = Math.Min(1, Math.Abs(x) / halfWidth);
        double thickness = 0.42 + 0.58 * Math.Sqrt(Math.Max(0, 1 - across * across));
        double u = Math.Abs(x);
        bool left = x > 0;
        double lung = Lung(u, y, left);
        double heart = Heart(x, y);
        double tissue = SoftTissue * (1 - lung) + lung * LungTissue(u, y, left);
        // The heart lies within the lung's outline: it replaces air, so it adds only where there is some.
        tissue += heart * Math.Max(0, SoftTissue + 0.10 - tissue);
        tissue += Abdomen(x, y);
        return inBody * (thickness * tissue + Bones(u, y) + Spine(u, y) - Trachea(u, y));
    }

    private double BodyHalfWidth(double y)
    {
        double shoulders = Smooth((y + 1.08) / 0.46);
        double waist = 1 - 0.05 * Math.Sin(Math.PI * Math.Clamp((y + 0.5) / 1.5, 0, 1));
        return 0.24 + (_body.BodyHalfWidth * waist - 0.24) * shoulders;
    }

    /// <summary>1 inside the outline of the lung, whatever fills it.</summary>
    private double Lung(double u, double y, bool left)
    {
        double t = (y - _body.ApexY) / (_body.DiaphragmY - _body.ApexY);
        if (t <= 0) return 0;
        double rest = Math.Max(0, 1 - t);
        double lateral = 0.29 + (_body.LungHalfWidth - 0.29) * Math.Pow(1 - rest * rest, 0.6);
        double medial = _body.MediastinumHalfWidth + 0.13 * Math.Pow(rest, 8);
        double edge = 2 * _pixel;
        return Step(lateral - u, edge) * Step(u - medial, edge) * Step(Diaphragm(u, left) - y, edge);
    }

    /// <summary>Height of the dome; lowest at the chest wall, where it meets the ribs in a sharp angle.</summary>
    private double Diaphragm(double u, bool left)
    {
        double v = (u - 0.33) / 0.33;
        return _body.DiaphragmY - (left ? 0 : _body.RightDiaphragmRise) + 0.15 * v * v;
    }

    private double LungTissue(double u, double y, bool left)
    {
        double vessels = Vessels(u, y);
        double tissue = AeratedLung + vessels;
        if (_findings.Side == PhantomSide.None || left != (_findings.Side == PhantomSide.Left)) return tissue;

        double solid = SoftTissue + 0.12;
        switch (_findings.Finding)
        {
            case PhantomFinding.PleuralEffusion:
                double filled = _findings.Extent switch { PhantomExtent.Small => 0.21, PhantomExtent.Moderate => 0.46, _ => 0.78 };
                double bottom = _body.DiaphragmY + 0.10;
                double surface = bottom - filled * (bottom - _body.ApexY);
                double v = u / _body.LungHalfWidth;
                double fluid = Step(y - surface + 0.20 * v * v * v, Math.Max(3 * _pixel, 0.05));
                return tissue + fluid * (solid - tissue);

            case PhantomFinding.Nodule or PhantomFinding.Mass:
                bool mass = _findings.Finding == PhantomFinding.Mass;
                double size = _findings.Extent switch { PhantomExtent.Small => 0.88, PhantomExtent.Moderate => 1.0, _ => 1.12 };
                double radius = (mass ? 0.19 : 0.085) * size * _body.FocusRadius;
                double distance = Math.Sqrt(Square(u - _body.FocusU) + Square(y - _body.FocusY));
                return tissue + Step(radius - distance, Math.Max(2 * _pixel, 0.035)) * (solid - 0.05 - tissue);

            case PhantomFinding.Consolidation:
                double ex = (u - _body.FocusU) / 0.27, ey = (y - _body.FocusY) / (0.25 * _body.FocusRadius);
                double ragged = 0.55 * (_texture.Cloud(9 * u, 9 * y) - 0.5);
                double inside = Smooth((1.25 + ragged - Math.Sqrt(ex * ex + ey * ey)) / 0.5);
                double density = _findings.Extent == PhantomExtent.Large ? 0.92 : 0.35 + 0.75 * _texture.Cloud(40 + 13 * u, 13 * y);
                return tissue + inside * Math.Min(1, density) * (solid - tissue);

            case PhantomFinding.Pneumothorax:
                double shrink = _findings.Extent == PhantomExtent.Large ? 0.46 : 0.72;
                const double hilumU = 0.12;
                double hilumY = _body.DiaphragmY - 0.42;
                // The collapsed lung is its own outline drawn together towards the hilum, and denser for it.
                double inner = Lung(hilumU + (u - hilumU) / shrink, hilumY + (y - hilumY) / (0.35 + 0.65 * shrink), left);
                double line = 4 * inner * (1 - inner);
                return FreeAir + inner * (AeratedLung / shrink + vessels - FreeAir) + 0.38 * line;

            default:
                return tissue;
        }
    }

    /// <summary>Vessels fan out from the hilum, denser and wider near it.</summary>
    private double Vessels(double u, double y)
    {
        double hilumY = _body.DiaphragmY - 0.42;
        double dx = u - 0.12, dy = y - hilumY;
        double distance = Math.Sqrt(dx * dx + dy * dy);
        double rays = 0.5 + 0.5 * Math.Sin(11 * Math.Atan2(dy, dx) + 3 * Math.Sin(7 * distance));
        return 0.34 * Math.Exp(-Square(distance / 0.13)) + 0.10 * rays * rays * Math.Exp(-distance / 0.35);
    }

    private double Heart(double x, double y)
    {
        double scale = _body.HeartScale;
        // Grows to the patient's left, and rests on the diaphragm.
        double dx = x - (0.07 + 0.05 * scale), dy = y - (_body.DiaphragmY + 0.06 - 0.27 * scale);
        const double tilt = 0.45;
        double a = Math.Cos(tilt) * dx + Math.Sin(tilt) * dy, b = Math.Cos(tilt) * dy - Math.Sin(tilt) * dx;
        double along = a / (0.33 * scale);
        // Wider towards the base on the right, narrower towards the apex; beating blurs the edge.
        double radius = Math.Sqrt(Square(along) + Square(b / ((0.265 - 0.045 * along) * scale)));
        double chambers = Step((1 - radius) * 0.28 * scale, Math.Max(2.5 * _pixel, 0.06));
        // The aortic arch bulges a little beyond the mediastinum, fainter than the heart.
        double arch = Math.Sqrt(Square((x - 0.09) / 0.085) + Square((y - _body.ApexY - 0.40) / 0.12));
        return Math.Max(chambers, 0.8 * Smooth((1.35 - arch) / 0.7));
    }

    private double Abdomen(double x, double y)
    {
        double below = Step(y - Diaphragm(Math.Abs(x), x > 0), 3 * _pixel);
        double liver = 0.16 * below * Smooth(0.5 - x);
        if (!_body.StomachBubble) return liver;
        double bubble = Math.Sqrt(Square((x - 0.36) / 0.17) + Square((y - _body.DiaphragmY - 0.17) / 0.085));
        return liver - 0.38 * below * Smooth(1.5 * (1.3 - bubble));
    }

    private double Bones(double u, double y)
    {
        double sum = 0;
        double v = u / _body.LungHalfWidth;
        if (u > 0.06 && v < 1.14)
        {
            double ends = Smooth((1.14 - v) / 0.12) * Smooth((u - 0.06) / 0.08);
            for (int i = 0; i < RibCount; i++)
            {
                double spine = _body.RibFirstY + i * _body.RibSpacing;
                // Upper ribs are shorter: their arc turns down earlier.
                double reach = Math.Min(1.0, 0.62 + 0.13 * i);
                double w = v / reach;
                if (w > 1.12) continue;
                double back = spine - 0.05 * Math.Sin(Math.PI * Math.Min(w, 1)) + _body.RibSlope * w * w * w;
                double slope = 3 * _body.RibSlope * w * w / (_body.LungHalfWidth * reach);
                sum += Bone * ends * Band((y - back) / Math.Sqrt(1 + slope * slope), 0.024);
                double front = spine + 0.05 + _body.RibSlope + 0.16 * (1 - w);
                if (w > 0.45) sum += 0.35 * Bone * ends * Smooth((w - 0.45) / 0.3) * Band(y - front, 0.022);
            }
        }
        double clavicle = _body.ClavicleY - 0.16 * (u - 0.08) + 0.03 * Math.Sin(6 * u);
        double along = Smooth((u - 0.07) / 0.05) * Smooth((0.82 - u) / 0.08);
        return sum + 1.3 * Bone * along * Band(y - clavicle, 0.032);
    }

    private double Spine(double u, double y)
    {
        double column = Step(0.085 - u, 0.05);
        double discs = 0.72 + 0.28 * Math.Sin(2 * Math.PI * y / 0.15);
        return 0.20 * column * discs + 0.08 * Step(_body.MediastinumHalfWidth - u, 0.05);
    }

    private double Trachea(double u, double y) =>
        0.30 * Step(0.045 - u, 0.03) * Smooth((_body.ApexY + 0.46 - y) / 0.1);

    private double Field(double x, double y)
    {
        double tx = x + _film.BorderTilt * y, ty = y - _film.BorderTilt * x;
        double edge = 1.5 * _pixel;
        return Step(tx + 1 - _film.BorderLeft, edge) * Step(1 - _film.BorderRight - tx, edge)
            * Step(ty + 1 - _film.BorderTop, edge) * Step(1 - _film.BorderBottom - ty, edge);
    }

    /// <summary>The letter L, two strokes.</summary>
    private double Marker(double x, double y)
    {
        double mx = x - (1 - _film.BorderRight - 0.22), my = y - (-1 + _film.BorderTop + 0.10);
        const double height = 0.20, width = 0.12, stroke = 0.028;
        double upright = Math.Min(stroke - Math.Abs(mx), Math.Min(my, height - my));
        double foot = Math.Min(stroke - Math.Abs(my - height + stroke), Math.Min(mx + stroke, width - mx));
        return Step(Math.Max(upright, foot), _pixel);
    }

    /// <summary>Smooth step from 0 to 1 as the distance inside an edge goes from -width / 2 to width / 2.</summary>
    private static double Step(double inside, double width) => Smooth(inside / width + 0.5);

    /// <summary>1 within half the thickness of a line, falling to 0 over at least a pixel; thin lines keep their weight.</summary>
    private double Band(double distance, double halfThickness)
    {
        double soft = Math.Max(_pixel, halfThickness);
        return Step(halfThickness - Math.Abs(distance), soft) * Math.Min(1, 2 * halfThickness / _pixel);
    }

    private static double Smooth(double t)
    {
        t = Math.Clamp(t, 0, 1);
        return t * t * (3 - 2 * t);
    }

    private static double Square(double x) => x * x;
}
