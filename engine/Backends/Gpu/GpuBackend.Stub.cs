namespace SeLoRA.Engine;

#pragma warning disable
public sealed partial class GpuBackend
{
    public void CopyColumns(Tensor x, long xOffset, long xStride, Tensor y, long yOffset, long yStride, long rows, long columns) => throw new NotSupportedException();
    public void Fill(Tensor y, float value) => throw new NotSupportedException();
    public void Cast(Tensor x, Tensor y) => throw new NotSupportedException();
    public void FillUniform(Tensor y, ulong seed, ulong offset) => throw new NotSupportedException();
    public void FillNormal(Tensor y, ulong seed, ulong offset) => throw new NotSupportedException();
    public void Reduce(Reduction kind, Tensor x, Tensor y, long outer, long middle, long inner, float scale) => throw new NotSupportedException();
    public void Conv2d(Tensor x, Tensor w, Tensor? bias, Tensor? residual, Tensor y, in Conv2dShape shape) => throw new NotSupportedException();
    public void Conv2dBackwardData(Tensor dy, Tensor w, Tensor dx, in Conv2dShape shape) => throw new NotSupportedException();
    public void Conv2dBackwardWeight(Tensor x, Tensor dy, Tensor dw, in Conv2dShape shape) => throw new NotSupportedException();
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape) => throw new NotSupportedException();
    public void AttentionBackward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv, in AttentionShape shape) => throw new NotSupportedException();
    public void GroupNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, in GroupNormShape shape) => throw new NotSupportedException();
    public void GroupNormBackward(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db, in GroupNormShape shape) => throw new NotSupportedException();
    public void LayerNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, float eps) => throw new NotSupportedException();
    public void LayerNormBackward(Tensor x, Tensor w, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db) => throw new NotSupportedException();
    public void Softmax(Tensor x, Tensor y) => throw new NotSupportedException();
    public void SoftmaxBackward(Tensor y, Tensor dy, Tensor dx) => throw new NotSupportedException();
    public void Embedding(Tensor table, Tensor ids, Tensor y) => throw new NotSupportedException();
    public void EmbeddingBackward(Tensor ids, Tensor dy, Tensor dtable) => throw new NotSupportedException();
    public void UpsampleNearest(Tensor x, Tensor y) => throw new NotSupportedException();
    public void UpsampleNearestBackward(Tensor dy, Tensor dx) => throw new NotSupportedException();
    public void Pool2d(PoolKind kind, Tensor x, Tensor y, in Conv2dShape shape) => throw new NotSupportedException();
    public void Pool2dBackward(PoolKind kind, Tensor x, Tensor dy, Tensor dx, in Conv2dShape shape) => throw new NotSupportedException();
    public void AdamWStep(Tensor p, Tensor g, Tensor m, Tensor v, in AdamWFactors factors) => throw new NotSupportedException();
}
