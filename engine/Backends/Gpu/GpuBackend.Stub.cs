namespace SeLoRA.Engine;

#pragma warning disable
public sealed partial class GpuBackend
{
    public void Reduce(Reduction kind, Tensor x, Tensor y, long outer, long middle, long inner, float scale) => throw new NotSupportedException();
    public void GroupNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, in GroupNormShape shape) => throw new NotSupportedException();
    public void GroupNormBackward(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db, in GroupNormShape shape) => throw new NotSupportedException();
    public void LayerNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, float eps) => throw new NotSupportedException();
    public void LayerNormBackward(Tensor x, Tensor w, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db) => throw new NotSupportedException();
    public void Softmax(Tensor x, Tensor y) => throw new NotSupportedException();
    public void SoftmaxBackward(Tensor y, Tensor dy, Tensor dx) => throw new NotSupportedException();
}
