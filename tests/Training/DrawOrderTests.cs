using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

public class DrawOrderTests
{
    [Fact]
    public void An_epoch_shows_every_image_once()
    {
        var order = new DrawOrder(seed: 3, count: 24, batch: 4, accumulation: 2);
        Assert.Equal(3, order.StepsPerEpoch);
        int[] seen = [.. Enumerable.Range(1, 3).SelectMany(step => order.Batch(step, 0).Concat(order.Batch(step, 1)))];
        Assert.Equal(Enumerable.Range(0, 24), seen.Order());
        int[] next = [.. Enumerable.Range(4, 3).SelectMany(step => order.Batch(step, 0).Concat(order.Batch(step, 1)))];
        Assert.Equal(Enumerable.Range(0, 24), next.Order());
        Assert.NotEqual(seen, next);
    }

    [Fact]
    public void A_step_asked_for_out_of_order_sees_the_same_images()
    {
        var forward = new DrawOrder(5, 10, 3, 1);
        int[][] all = [.. Enumerable.Range(1, 9).Select(step => forward.Batch(step, 0))];
        var later = new DrawOrder(5, 10, 3, 1);
        Assert.Equal(all[7], later.Batch(8, 0));
        Assert.Equal(all[1], later.Batch(2, 0));
    }

    [Fact]
    public void Every_image_of_every_step_has_its_own_seed()
    {
        var order = new DrawOrder(1, 8, 4, 2);
        var seeds = new HashSet<ulong>();
        for (int step = 1; step <= 50; step++)
            for (int micro = 0; micro < 2; micro++)
                for (int i = 0; i < 4; i++) Assert.True(seeds.Add(order.SampleSeed(step, micro, i)));
    }

    [Fact]
    public void Fewer_images_than_a_batch_are_repeated() =>
        Assert.Equal([0, 0, 1, 1, 2, 2], new DrawOrder(1, 3, 6, 1).Batch(1, 0).Order());
}
