namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>x converted to another dtype, rounding to nearest even; the gradient is converted back.</summary>
    public static Tensor Cast(Tensor x, DType dtype)
    {
        if (x.DType == dtype) return x;
        Tensor y = Tensor.Empty(x.Shape, x.Backend, dtype);
        x.Backend.Cast(x, y);
        return Autograd.Record("Cast", y, [dtype.IsFloat() ? x : null], [], x.DType, static (ctx, before) =>
        {
            Tensor dx = Tensor.Empty(ctx.Dy.Shape, ctx.Dy.Backend, before);
            dx.Backend.Cast(ctx.Dy, dx);
            ctx.Give(0, dx);
        });
    }
}

public sealed partial class Tensor
{
    /// <summary>A copy on another device, through the host; the same tensor if it is there already. Records no gradient.</summary>
    public Tensor To(Device device)
    {
        if (device == Device) return this;
        var bytes = new byte[checked((int)(Count * DType.SizeInBytes()))];
        Backend.Download(this, bytes);
        Tensor y = Empty(Shape, device, DType);
        y.Backend.Upload(bytes, y);
        return Autograd.RecordNone("To", y, this);
    }
}
