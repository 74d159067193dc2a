namespace SeLoRA.Engine;

#pragma warning disable
public sealed partial class HostBackend
{
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape) => throw new NotSupportedException();
    public void AttentionBackward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv, in AttentionShape shape) => throw new NotSupportedException();
}
