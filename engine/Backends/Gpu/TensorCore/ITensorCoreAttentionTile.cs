namespace SeLoRA.Engine;

/// <summary>
/// What a group of four warps does in a walk of attention: it owns some rows of one side (queries, or keys with their values), whose
/// fragments stay in registers, and walks the rows of the other side, a block at a time. Sums, scores and fragments are PTX registers
/// with names of their own, as in <see cref="ITensorCoreTile"/>; TensorCoreAttentionGenerator of the tests writes them. "First" is q or k,
/// whose products are the scores; "second" is v or dy. Places are byte offsets into the group's shared memory.
/// </summary>
internal interface ITensorCoreAttentionTile
{
    /// <summary>Chunks of a row in shared memory.</summary>
    static abstract int Chunks { get; }

    /// <summary>Rows of the group, a multiple of 64, and twice those of a block: a tile of them fills a stage.</summary>
    static abstract int OwnRows { get; }

    /// <summary>Rows of the other side in a block.</summary>
    static abstract int OtherRows { get; }

    /// <summary>Rows of a block whose scores are in registers at a time.</summary>
    static abstract int Step { get; }

    /// <summary>Blocks in shared memory: one is worked on while the others arrive.</summary>
    static abstract int Stages { get; }

    /// <summary>Bytes of a block's statistics, 0 where the other side has none.</summary>
    static abstract int StatisticBytes { get; }

    /// <summary>Declares the registers and sets the sums to zero; once, at the head of the kernel.</summary>
    static abstract void Declare();

    /// <summary>
    /// Keeps this thread's places: <see cref="TensorCoreAttentionLayout.RowsFirst"/>, <see cref="TensorCoreAttentionLayout.ColumnsFirst"/>,
    /// that of its first copied chunk, and how many chunks of its row exist from there on.
    /// </summary>
    static abstract void Place(int rowsFirst, int columnsFirst, int copy, int chunks);

    /// <summary>
    /// Asks for this thread's chunks of half a stage, <see cref="OtherRows"/> rows: from its first chunk's address, each next row
    /// <paramref name="step"/> bytes on. Beyond <paramref name="rows"/> and beyond D zeros are filled in and nothing is read.
    /// </summary>
    static abstract void Copy(int to, long from, long step, int rows);

    /// <summary>Asks for a block's statistics, of which <paramref name="rows"/> exist; zeros beyond. This thread's at the address.</summary>
    static abstract void CopyStatistics(int to, long from, int rows);

    /// <summary>Waits until at most <see cref="Stages"/> - 2 blocks of this thread are still under way.</summary>
    static abstract void AwaitBlock();

    /// <summary>Loads this warp's fragments of the group's own first rows.</summary>
    static abstract void LoadFirst(int at);
}

/// <summary>y = P v and lse; the group owns queries, a step is a block.</summary>
internal interface ITensorCoreForwardTile : ITensorCoreAttentionTile
{
    /// <summary>Waits for the own rows, which were asked for before the first blocks.</summary>
    static abstract void AwaitOwn();

    /// <summary>Scores of a block's keys.</summary>
    static abstract void Scores(int keys);

    /// <summary>
    /// Makes scores of this lane minus infinity from column <paramref name="keys"/> on, and in its row i from <paramref name="ahead"/> + i on.
    /// </summary>
    static abstract void Hide(int keys, int ahead);

    /// <summary>Scores become powers of two relative to the rows' running maxima; what was summed so far follows where a maximum rose.</summary>
    static abstract void Exponentials(float scale);

    /// <summary>Sums += weights times a block's values, in bfloat16 or float16.</summary>
    static abstract void Values(int values);

    /// <summary>Divides the sums and stores ln of the rows' sums of exponentials from an address on, the first <paramref name="rows"/> rows.</summary>
    static abstract void Finish(long lse, int rows, float scale);

    /// <summary>Stores the result in 16 bits, a tile in shared memory; the lane's first pair at <paramref name="at"/>.</summary>
    static abstract void Store(int at);
}

/// <summary>dq = scale dS k; the group owns queries.</summary>
internal interface ITensorCoreQueryGradientTile : ITensorCoreAttentionTile
{
    /// <summary>As <see cref="ITensorCoreAttentionTile.LoadFirst"/>, of the second rows.</summary>
    static abstract void LoadSecond(int at);

    /// <summary>Reads the statistics of this lane's rows from the address of the first one's; zeros beyond <paramref name="rows"/>.</summary>
    static abstract void LoadStatistics(long from, int rows);

    /// <summary>Scores, and dP = dy v^T, of a step's keys.</summary>
    static abstract void Products(int keys, int values);

    /// <inheritdoc cref="ITensorCoreForwardTile.Hide"/>
    static abstract void Hide(int keys, int ahead);

    /// <summary>Scores become dS.</summary>
    static abstract void Gradients(float scale);

    /// <summary>Sums += dS k.</summary>
    static abstract void Accumulate(int keys);

    /// <summary>As <see cref="ITensorCoreForwardTile.Store"/>, times a factor.</summary>
    static abstract void Store(int at, float factor);
}

/// <summary>dk = scale dS^T q, dv = P^T dy, or one of them; the group owns keys, scores are transposed.</summary>
internal interface ITensorCoreKeyGradientTile : ITensorCoreAttentionTile
{
    static abstract bool GivesKeys { get; }

    static abstract bool GivesValues { get; }

    /// <inheritdoc cref="ITensorCoreQueryGradientTile.LoadSecond"/>
    static abstract void LoadSecond(int at);

    /// <summary>Scores, and dP, of a step's queries.</summary>
    static abstract void Products(int queries, int gradients);

    /// <summary>Makes scores minus infinity before column <paramref name="first"/> + i of this lane's row i.</summary>
    static abstract void Hide(int first);

    /// <summary>Scores become P, and dP becomes dS; the step's statistics lie at this lane's first column.</summary>
    static abstract void Gradients(int statistics, float scale);

    /// <summary>Sums += P^T dy and dS^T q.</summary>
    static abstract void Accumulate(int queries, int gradients);

    /// <inheritdoc cref="ITensorCoreQueryGradientTile.Store"/>
    static abstract void StoreKeys(int at, float factor);

    /// <inheritdoc cref="ITensorCoreForwardTile.Store"/>
    static abstract void StoreValues(int at);
}
