namespace SeLoRA.Engine;

// Convolutions are matrix products whose operands are gathered from images on the fly (implicit GEMM): K runs over taps, then over the
// contiguous channels of a tap's pixel; a pixel outside the image is a pointer to zeros. No patch matrix is ever stored. Where it pays, 3x3
// convolutions of stride 1 go through Winograd's products instead.
public sealed unsafe partial class HostBackend
{
    // Up to here the weights are worth more as the streamed operand than as the packed one: they are the larger, and read once.
    private const int FewPixels = 32;

    /// <inheritdoc/>
    public void Conv2d(Tensor x, Tensor w, Tensor? bias, Tensor? residual, Tensor y, in Conv2dShape shape)
    {
        using Operands.Scope operands = Enter();
        if (shape is { KH: 3, KW: 3, Stride: 1 } && TryWinograd(new WinogradJob
        {
            X = Ptr(x), W = new WeightReader(w), Y = Ptr(y), Bias = bias is null ? null : Ptr(bias), Residual = residual is null ? null : Ptr(residual),
            N = shape.N, Height = shape.H, Width = shape.W, Depth = shape.C, OutHeight = shape.OutH, OutWidth = shape.OutW,
            Columns = shape.O, PadTop = shape.PadTop, PadLeft = shape.PadLeft,
        })) return;
        Conv2dShape s = MergeWindowRow(shape);
        int taps = s.KH * s.KW, pixels = s.N * s.OutH * s.OutW;
        int* tapY = stackalloc int[taps], tapX = stackalloc int[taps];
        Taps(s, tapY, tapX);
        var job = new GemmJob
        {
            A = Window(x, shape, tapY, tapX),
            B = GemmOperand.OfWeights(w, GemmLayout.Lines, taps * s.C),
            Rows = pixels,
            Columns = s.O,
            Batch = 1,
            Depth = new GemmDepth(taps, s.C),
            Result = new GemmResult
            {
                C = Ptr(y),
                Ld = s.O,
                Alpha = 1f,
                Bias = bias is null ? null : Ptr(bias),
                Residual = residual is null ? null : Ptr(residual),
            },
        };
        if (pixels <= FewPixels && s.O > pixels)
        {
            (job.A, job.B) = (job.B, job.A);
            (job.Rows, job.Columns) = (job.Columns, job.Rows);
            job.Transposed = true;
        }
        RunKeepingResidual(ref job, y, residual);
    }

    /// <inheritdoc/>
    public void Conv2dBackwardData(Tensor dy, Tensor w, Tensor dx, in Conv2dShape shape)
    {
        using Operands.Scope operands = Enter();
        if (shape is { KH: 3, KW: 3, Stride: 1 } && TryWinograd(new WinogradJob
        {
            X = Ptr(dy), W = new WeightReader(w), Y = Ptr(dx), Turned = true, N = shape.N, Height = shape.OutH, Width = shape.OutW, Depth = shape.O,
            OutHeight = shape.H, OutWidth = shape.W, Columns = shape.C, PadTop = 2 - shape.PadTop, PadLeft = 2 - shape.PadLeft,
        })) return;
        // Pixels of dx fall into Stride x Stride classes; a class sees only the taps whose window positions hit it. With those, its
        // gradient is a stride-1 convolution of dy, written to every Stride-th pixel.
        Conv2dShape s = shape;
        int taps = s.KH * s.KW;
        int* tapY = stackalloc int[taps], tapX = stackalloc int[taps];
        nint* weights = stackalloc nint[taps];
        for (int y = 0; y < Math.Min(s.Stride, s.H); y++)
            for (int x = 0; x < Math.Min(s.Stride, s.W); x++)
            {
                int count = 0;
                for (int kh = 0; kh < s.KH; kh++)
                    for (int kw = 0; kw < s.KW; kw++)
                    {
                        int sy = y + s.PadTop - kh, sx = x + s.PadLeft - kw;
                        if (sy % s.Stride != 0 || sx % s.Stride != 0) continue;
                        tapY[count] = sy / s.Stride;
                        tapX[count] = sx / s.Stride;
                        weights[count++] = (nint)(kh * s.KW + kw) * s.C;
                    }
                BackwardDataClass(dy, w, dx, s, y, x, count, tapY, tapX, weights);
            }
    }

    /// <inheritdoc/>
    public void Conv2dBackwardWeight(Tensor x, Tensor dy, Tensor dw, in Conv2dShape shape)
    {
        using Operands.Scope operands = Enter();
        Conv2dShape s = MergeWindowRow(shape);
        int taps = s.KH * s.KW;
        int* tapY = stackalloc int[taps], tapX = stackalloc int[taps];
        Taps(s, tapY, tapX);
        // One product a tap: dw[:, tap, :] = dy^T (x seen through the tap), K running over all pixels.
        GemmOperand pixels = Window(x, shape, tapY, tapX);
        pixels.Layout = GemmLayout.Channels;
        var job = new GemmJob
        {
            A = new GemmOperand { Layout = GemmLayout.Steps, Base = Ptr(dy), Stride = s.O },
            B = pixels,
            Rows = s.O,
            Columns = s.C,
            Batch = taps,
            Depth = new GemmDepth(1, s.N * s.OutH * s.OutW),
            Result = new GemmResult { C = Ptr(dw), Ld = taps * s.C, BatchStride = s.C, Alpha = 1f },
        };
        GemmDriver.Run(ref job);
    }

    private static void BackwardDataClass(Tensor dy, Tensor w, Tensor dx, in Conv2dShape s, int y, int x, int taps, int* tapY,
        int* tapX, nint* weights)
    {
        int gridH = (s.H - y + s.Stride - 1) / s.Stride, gridW = (s.W - x + s.Stride - 1) / s.Stride;
        GemmOperand filters = GemmOperand.OfWeights(w, GemmLayout.Steps, s.KH * s.KW * s.C);
        filters.SegmentOffsets = weights;
        var job = new GemmJob
        {
            A = new GemmOperand
            {
                Layout = GemmLayout.Pixels,
                Grid = new PixelGrid
                {
                    Image = Ptr(dy), Zeros = (float*)GemmDriver.Zeros, TapY = tapY, TapX = tapX, Height = s.OutH, Width = s.OutW,
                    Channels = s.O, GridHeight = gridH, GridWidth = gridW, Step = 1,
                },
            },
            B = filters,
            Rows = s.N * gridH * gridW,
            Columns = s.C,
            Batch = 1,
            Depth = new GemmDepth(taps, s.O),
            Result = new GemmResult
            {
                C = Ptr(dx), Ld = s.C, Alpha = 1f, Scatter = s.Stride > 1, GridHeight = gridH, GridWidth = gridW, Height = s.H,
                Width = s.W, Step = s.Stride, Y = y, X = x,
            },
        };
        GemmDriver.Run(ref job);
    }

    private static GemmOperand Window(Tensor x, in Conv2dShape s, int* tapY, int* tapX) => new()
    {
        Layout = GemmLayout.Pixels,
        Grid = new PixelGrid
        {
            Image = Ptr(x), Zeros = (float*)GemmDriver.Zeros, TapY = tapY, TapX = tapX, Height = s.H, Width = s.W, Channels = s.C,
            GridHeight = s.OutH, GridWidth = s.OutW, Step = s.Stride,
        },
    };

    private static void Taps(in Conv2dShape s, int* tapY, int* tapX)
    {
        for (int kh = 0; kh < s.KH; kh++)
            for (int kw = 0; kw < s.KW; kw++)
            {
                tapY[kh * s.KW + kw] = kh - s.PadTop;
                tapX[kh * s.KW + kw] = kw - s.PadLeft;
            }
    }

    /// <summary>
    /// Where no window sticks out to the left or right, its pixels in a row are neighbours in x and in w: one wide tap instead of KW
    /// narrow ones. It makes patch embeddings (14x14 pixels of 3 channels) 14 times fewer, longer segments.
    /// </summary>
    private static Conv2dShape MergeWindowRow(in Conv2dShape s) =>
        s.PadLeft == 0 && (s.OutW - 1) * s.Stride + s.KW <= s.W ? s with { KW = 1, C = s.KW * s.C } : s;
}
