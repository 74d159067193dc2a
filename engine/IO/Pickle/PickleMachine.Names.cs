namespace SeLoRA.Engine;

/// <summary>Names, and the calls that rebuild tensors.</summary>
internal sealed partial class PickleMachine
{
    private bool Name(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'c': Push(Global(input.Line(), input.Line())); return true;
            case 0x93:
                (object? name, object? module) = (Pop(), Pop());
                Push(Global(module as string ?? throw Untold(), name as string ?? throw Untold()));
                return true;
            case (byte)'R':
            case 0x81:
                object? arguments = Pop();
                Push(Call(Pop(), arguments));
                return true;
            case (byte)'b': Build(); return true;
            case (byte)'Q':
                object? reference = Pop();
                Push(storage(reference) ?? throw input.Error("refers to something outside the pickle that is no storage"));
                return true;
            default: return false;
        }
    }

    private PickleGlobal Global(string module, string name) => PickleGlobal.Find($"{module}.{name}")
        ?? throw input.Error($"asks for {SafetensorsText.Quote($"{module}.{name}")}, which no state dict needs; nothing of it is run, the file is refused");

    private object Call(object? callee, object? arguments)
    {
        if (callee is not PickleGlobal global) throw input.Error("calls a value that is no name");
        if (arguments is not PickleTuple { Items: var items }) throw input.Error($"calls {global.Name} without a tuple of arguments");
        return global.Call switch
        {
            PickleCall.Dict => Dict(items),
            PickleCall.Tensor => Tensor(global, items, null),
            PickleCall.TypedTensor => Tensor(global, items, items is [_, _, _, _, _, _, PickleGlobal { DType: { } dtype }, ..] ? dtype : null),
            PickleCall.Parameter => items is [PickleTensor tensor, ..] ? tensor : throw Arguments(global),
            PickleCall.Opaque => PickleOpaque.Instance,
            _ => throw input.Error($"calls {global.Name}, which no state dict does; nothing of it is run, the file is refused"),
        };
    }

    // OrderedDict(), or in old files OrderedDict([[key, value], ...]).
    private PickleDict Dict(object?[] arguments)
    {
        var dict = new PickleDict();
        if (arguments is not [PickleList pairs]) return dict;
        foreach (object? pair in pairs.Items)
        {
            (object? key, object? value) = pair switch
            {
                PickleList { Items: [var k, var v] } => (k, v),
                PickleTuple { Items: [var k, var v] } => (k, v),
                _ => throw input.Error("makes a dictionary of what are no pairs"),
            };
            dict.Add(key, value);
        }
        return dict;
    }

    private PickleTensor Tensor(PickleGlobal global, object?[] arguments, SafetensorsDType? dtype)
    {
        if (arguments is not [PickleStorage from, long offset, PickleTuple size, PickleTuple stride, ..]) throw Arguments(global);
        if ((dtype ?? from.DType) is not { } type) throw input.Error($"{global.Name} says no element type");
        var tensor = new PickleTensor(from, type, offset, Numbers(global, size), Numbers(global, stride));
        return tensor.Fault() is { } fault ? throw input.Error(fault) : tensor;
    }

    private long[] Numbers(PickleGlobal global, PickleTuple tuple)
    {
        var numbers = new long[tuple.Items.Length];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = tuple.Items[i] is long number ? number : throw Arguments(global);
        return numbers;
    }

    // Attributes of a dictionary (_metadata of a state dict) or of a value that is not looked at: dropped.
    private void Build()
    {
        Pop();
        if (Peek() is not (PickleDict or PickleOpaque or PickleTensor)) throw input.Error("sets attributes of what has none; the file is refused");
    }

    private EngineException Arguments(PickleGlobal global) => input.Error($"calls {global.Name} with arguments of another kind than a state dict's");

    private EngineException Untold() => input.Error("asks for a name that is no text");
}
