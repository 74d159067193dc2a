namespace SeLoRA.Train;

/// <summary>Images with captions, by index; what every data set looks like to training.</summary>
internal interface IImageTextData
{
    /// <summary>Number of pairs.</summary>
    int Count { get; }

    /// <summary>One line for the console: what this is and how many.</summary>
    string Description { get; }

    /// <summary>Caption of pair <paramref name="index"/>.</summary>
    string Caption(int index);

    /// <summary>Pixels of pair <paramref name="index"/> as (size, size, 3) in [-1, 1].</summary>
    float[] Pixels(int index, int size);

    /// <summary>Text that changes whenever the pixels of a pair do: keys of the latent cache are made of it.</summary>
    string ContentKey(int index);
}
