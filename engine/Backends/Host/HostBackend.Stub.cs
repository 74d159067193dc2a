namespace SeLoRA.Engine;

#pragma warning disable
public sealed partial class HostBackend
{
    public void Conv2d(Tensor x, Tensor w, Tensor? bias, Tensor? residual, Tensor y, in Conv2dShape shape) => throw new NotSupportedException();
    public void Conv2dBackwardData(Tensor dy, Tensor w, Tensor dx, in Conv2dShape shape) => throw new NotSupportedException();
    public void Conv2dBackwardWeight(Tensor x, Tensor dy, Tensor dw, in Conv2dShape shape) => throw new NotSupportedException();
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape) => throw new NotSupportedException();
    public void AttentionBackward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv, in AttentionShape shape) => throw new NotSupportedException();
}
