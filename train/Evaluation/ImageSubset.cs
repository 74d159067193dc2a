namespace SeLoRA.Train;

/// <summary>Some images of a data set, as a data set.</summary>
/// <param name="data">The whole.</param>
/// <param name="indices">Which of it.</param>
/// <param name="description">What they are.</param>
internal sealed class ImageSubset(IImageTextData data, IReadOnlyList<int> indices, string description) : IImageTextData
{
    public int Count => indices.Count;

    public string Description => description;

    public string Caption(int index) => data.Caption(indices[index]);

    public float[] Pixels(int index, int size) => data.Pixels(indices[index], size);

    public string ContentKey(int index) => data.ContentKey(indices[index]);
}
