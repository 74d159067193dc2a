using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Pool statistics are the process's: these tests run alone.</summary>
[CollectionDefinition(nameof(AutogradTests), DisableParallelization = true)]
public class AutogradTestsAlone;

[Collection(nameof(AutogradTests))]
public class AutogradTests
{
    private static readonly IBackend Host = Backend.Get(Device.Cpu);

    [Fact]
    public void Gradients_add_up_where_a_tensor_is_used_twice()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(3f, -2f);
        Ops.Sum(x + x).Backward();
        Assert.Equal([2f, 2f], x.Grad!.ToArray());

        // Diamond: (2x)(x^2) = 2x^3.
        x.ZeroGrad();
        Ops.Sum(Ops.Scale(x, 2f) * (x * x)).Backward();
        Assert.Equal([54f, 24f], x.Grad!.ToArray());
    }

    [Fact]
    public void Gradients_add_up_over_calls_until_zeroed()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(3f);
        Ops.Sum(x * x).Backward();
        Ops.Sum(x * x).Backward();
        Assert.Equal([12f], x.Grad!.ToArray());
        x.ZeroGrad();
        Assert.Null(x.Grad);
    }

    [Fact]
    public void A_gradient_shared_by_two_inputs_is_not_summed_in_place()
    {
        using var scope = new TensorScope();
        Tensor a = Leaf(1f, 2f), b = Leaf(3f, 4f);
        // Add hands the same memory to a and b; a then receives more.
        Tensor y = a + b;
        Ops.Sum(Ops.Add(y, Ops.Scale(a, 10f))).Backward();
        Assert.Equal([11f, 11f], a.Grad!.ToArray());
        Assert.Equal([1f, 1f], b.Grad!.ToArray());
    }

    [Fact]
    public void Backward_twice_is_an_error()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(3f), y = Ops.Sum(Ops.Silu(x));
        y.Backward();
        EngineException e = Assert.Throws<EngineException>(() => y.Backward());
        Assert.Contains("backward ran twice", e.Message);
    }

    [Fact]
    public void Backward_of_what_has_no_history_is_an_error()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.From([1f], new Shape(1));
        Assert.Contains("has no history", Assert.Throws<EngineException>(() => x.Backward()).Message);
        Tensor two = Ops.Silu(Leaf(1f, 2f));
        Assert.Contains("is not a scalar", Assert.Throws<EngineException>(() => two.Backward()).Message);
        using Tensor seed = Tensor.Full(new Shape(3), 1f);
        Assert.Contains("shapes 2 and 3", Assert.Throws<EngineException>(() => two.Backward(seed)).Message);
    }

    [Fact]
    public void A_seed_weights_the_elements()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(3f, 4f);
        (x * x).Backward(Tensor.From([1f, 10f], new Shape(2)));
        Assert.Equal([6f, 80f], x.Grad!.ToArray());
    }

    [Fact]
    public void Shape_mismatches_name_the_operation_and_both_shapes()
    {
        using var scope = new TensorScope();
        Tensor a = Tensor.Zeros(new Shape(2, 3)), b = Tensor.Zeros(new Shape(4)), c = Tensor.Zeros(new Shape(3, 2));
        AssertNames("Add", "4", "2x3", () => Ops.Add(a, b));
        AssertNames("MatMul", "2x3", "2x3", () => Ops.MatMul(a, a));
        AssertNames("Linear", "2x3", "3x2", () => Ops.Linear(a, c));
        AssertNames("MseLoss", "2x3", "3x2", () => Ops.MseLoss(a, c));
        AssertNames("Concat", "2x3", "3x2", () => Ops.Concat(a, c));
        AssertNames("GroupNorm", "2x3", "groups 2", () => Ops.GroupNorm(a, Tensor.Zeros(new Shape(3)), Tensor.Zeros(new Shape(3)), 2, 1e-5f));
        AssertNames("Reshape", "2x3", "5", () => a.Reshape(5));

        static void AssertNames(string op, string first, string second, Action run)
        {
            string message = Assert.Throws<EngineException>(run).Message;
            Assert.StartsWith(op, message);
            Assert.Contains(first, message);
            Assert.Contains(second, message);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Fact]
    public void A_frozen_input_gets_no_gradient_and_nothing_is_kept_for_it()
    {
        using var scope = new TensorScope();
        const int N = 64, C = 256;
        Tensor w = Tensor.Zeros(new Shape(C, C)), x = Tensor.Zeros(new Shape(N, C)), bias = Tensor.Zeros(new Shape(C));
        x.RequiresGrad = true;
        Tensor middle = Ops.Scale(x, 1f), y = Ops.Linear(middle, w, bias);
        long before = SettledMemory.Of(Device.Cpu).InUse;
        // Only dX is asked for: the layer's input is not kept.
        middle.Dispose();
        Assert.Equal(N * C * 4, before - Host.Memory.InUse);
        Ops.Sum(y).Backward();
        Assert.Null(w.Grad);
        Assert.Null(bias.Grad);
        Assert.NotNull(x.Grad);
    }

    [Fact]
    public void Nothing_is_recorded_where_nothing_needs_a_gradient()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Zeros(new Shape(1000)), y = Ops.Silu(x);
        Assert.False(y.RequiresGrad);
        long before = SettledMemory.Of(Device.Cpu).InUse;
        x.Dispose();
        Assert.True(Host.Memory.InUse < before);
    }

    [Fact]
    public void NoGrad_records_nothing_and_may_be_nested()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(1f);
        using (Autograd.NoGrad())
        {
            using (Autograd.NoGrad()) Assert.False(Ops.Silu(x).RequiresGrad);
            Assert.False(Autograd.Enabled);
            Assert.False(Ops.Silu(x).RequiresGrad);
        }
        Assert.True(Ops.Silu(x).RequiresGrad);
        Assert.False(Ops.Silu(x.Detach()).RequiresGrad);
    }

    [Fact]
    public void RetainGrad_keeps_the_gradient_of_an_intermediate_tensor()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(3f, 4f), h = Ops.Scale(x, 2f).RetainGrad(), other = Ops.Scale(x, 2f);
        Ops.Sum(h * other).Backward();
        Assert.Equal([6f, 8f], h.Grad!.ToArray());
        Assert.Null(other.Grad);
        Assert.Equal([24f, 32f], x.Grad!.ToArray());
        Assert.Throws<EngineException>(() => Tensor.Zeros(new Shape(1)).RetainGrad());
    }

    [Fact]
    public void An_operation_without_backward_is_an_error_when_recorded()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(1f);
        Tensor y = Tensor.Zeros(new Shape(1));
        Assert.Contains("has no backward", Assert.Throws<EngineException>(() => Autograd.RecordNone("To", y, x)).Message);
        using (Autograd.NoGrad()) Autograd.RecordNone("To", y, x);
    }

    [Fact]
    public void Integers_have_no_gradient()
    {
        using Tensor ids = Tensor.From([1, 2], new Shape(2));
        Assert.Contains("I32", Assert.Throws<EngineException>(() => ids.RequiresGrad = true).Message);
    }

    [Fact]
    public void Checkpointing_changes_no_bit_of_any_gradient()
    {
        using var scope = new TensorScope();
        float[] plain = Gradients(checkpoint: false), again = Gradients(checkpoint: true);
        Assert.Equal(plain, again);

        static float[] Gradients(bool checkpoint)
        {
            Tensor x = Random(1, 8, 16), w = Random(2, 16, 16), v = Random(3, 16), frozen = Random(4, 8, 16);
            x.RequiresGrad = w.RequiresGrad = v.RequiresGrad = true;
            // w is hidden in the block; v is used inside and outside; the block's second input needs no gradient.
            Tensor Block(Tensor[] i) => Ops.LayerNorm(Ops.Silu(Ops.Linear(i[0], w, v)) + i[1], v, v, 1e-5f);
            Tensor h = Ops.Scale(x, 1.5f);
            Tensor y = checkpoint ? Checkpoint.Run(Block, h, frozen) : Block([h, frozen]);
            Tensor z = checkpoint ? Checkpoint.Run(Block, y, frozen) : Block([y, frozen]);
            Ops.Sum(Ops.Add(z * z, v)).Backward();
            Assert.Null(frozen.Grad);
            return [.. x.Grad!.ToArray(), .. w.Grad!.ToArray(), .. v.Grad!.ToArray()];
        }
    }

    [Fact]
    public void A_checkpointed_block_trains_parameters_though_no_input_needs_a_gradient()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.From([2f, 3f], new Shape(2)), w = Leaf(5f, 7f);
        Ops.Sum(Checkpoint.Run(i => i[0] * w, x)).Backward();
        Assert.Equal([2f, 3f], w.Grad!.ToArray());
    }

    [Fact]
    public void Checkpointing_keeps_only_the_inputs()
    {
        using var scope = new TensorScope();
        const int Count = 1 << 16;
        Tensor x = Random(1, Count);
        x.RequiresGrad = true;
        long before = SettledMemory.Of(Device.Cpu).InUse;
        Tensor y;
        using (var inner = new TensorScope())
            y = inner.Return(Checkpoint.Run(i => Ops.Silu(Ops.Silu(Ops.Silu(Ops.Silu(i[0])))), x));
        Assert.Equal(before + Count * 4, Host.Memory.InUse);
        y.Dispose();
        Assert.Equal(before, Host.Memory.InUse);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void All_memory_returns_after_backward_and_the_end_of_the_scope(bool checkpoint)
    {
        long before = SettledMemory.Of(Device.Cpu).InUse;
        using (new TensorScope())
        {
            Tensor x = Random(1, 4, 100), w = Random(2, 100);
            x.RequiresGrad = w.RequiresGrad = true;
            for (int step = 0; step < 3; step++)
            {
                using var scope = new TensorScope();
                Tensor Block(Tensor[] i) => Ops.Softmax(Ops.Silu(Ops.LayerNorm(i[0], w, w, 1e-5f)));
                Tensor y = checkpoint ? Checkpoint.Run(Block, x) : Block([x]);
                Ops.Mean(y * y).Backward();
                x.ZeroGrad();
                w.ZeroGrad();
            }
        }
        Assert.Equal(before, Host.Memory.InUse);
    }

    [Fact]
    public void ReleaseGraph_frees_what_was_saved()
    {
        long before = SettledMemory.Of(Device.Cpu).InUse;
        using (new TensorScope())
        {
            Tensor x = Random(1, 1000);
            x.RequiresGrad = true;
            Tensor y = Ops.Silu(Ops.Silu(x));
            y.ReleaseGraph();
        }
        Assert.Equal(before, Host.Memory.InUse);
    }

    [Fact]
    public void Narrow_types_pass_gradients_through_casts()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(1f, 2f, 3f, 4f), half = Ops.Cast(x, DType.BF16);
        Tensor a = Ops.Cast(Ops.Slice(half, 1, 2), DType.F32), b = Ops.Cast(half, DType.F32);
        (Ops.Sum(a) + Ops.Sum(b)).Backward();
        Assert.Equal([1f, 2f, 2f, 1f], x.Grad!.ToArray());
    }

    [Fact]
    public void A_disposed_tensor_is_an_error_that_says_so()
    {
        Tensor x = Tensor.Zeros(new Shape(2, 3));
        x.Dispose();
        Assert.Contains("used after it was disposed", Assert.Throws<EngineException>(() => Ops.Silu(x)).Message);
    }

    private static Tensor Leaf(params float[] values)
    {
        Tensor x = Tensor.From(values, new Shape(values.Length));
        x.RequiresGrad = true;
        return x;
    }

    private static Tensor Random(ulong seed, params int[] dims)
    {
        var shape = new Shape(dims);
        return Tensor.From(Numbers.Normal(shape.Count, seed), shape);
    }
}
