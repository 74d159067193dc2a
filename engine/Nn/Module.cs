namespace SeLoRA.Engine;

/// <summary>
/// A part of a network: parameters and child modules by name, and no mathematics of its own. Full names join with dots and are the
/// keys of state dicts, so they follow the Hugging Face checkpoints.
/// </summary>
public abstract class Module
{
    private readonly List<(string Name, Parameter Parameter)> parameters = [];
    private readonly List<(string Name, Module Module)> children = [];

    /// <summary>All parameters below this module with their full names, in order of registration.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters()
    {
        foreach ((string path, Module module) in NamedModules())
            foreach ((string name, Parameter parameter) in module.parameters)
                yield return (path.Length == 0 ? name : $"{path}.{name}", parameter);
    }

    /// <summary>This module (with the empty name) and everything below it, depth first.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules()
    {
        yield return ("", this);
        foreach ((string name, Module child) in children)
            foreach ((string path, Module module) in child.NamedModules())
                yield return (path.Length == 0 ? name : $"{name}.{path}", module);
    }

    /// <summary>The module with the given full name, or null.</summary>
    public Module? Find(string name) => NamedModules().FirstOrDefault(m => m.Name == name).Module;

    /// <summary>Type that activations of this module have; float32 unless <see cref="SetPrecision"/> said otherwise.</summary>
    public DType Precision { get; private set; } = DType.F32;

    /// <summary>
    /// Chooses the type in which this module and those below it compute on a GPU: that of activations and of frozen weights of two and more
    /// axes. Vectors (biases, scales and shifts) stay float32, and so do weights that are trained. What a model is given and what it returns
    /// is float32 whatever it computes in.
    /// </summary>
    public void SetPrecision(DType type)
    {
        if (!type.IsFloat()) Check.Fail($"SetPrecision: {type} is no type of floats");
        foreach ((_, Module module) in NamedModules())
        {
            module.Precision = type;
            foreach ((_, Parameter parameter) in module.parameters) parameter.Precision = type;
        }
    }

    /// <summary>Number of weights.</summary>
    public long ParameterCount => NamedParameters().Sum(p => p.Parameter.Shape.Count);

    /// <summary>Makes every parameter trainable or frozen.</summary>
    public void SetTrainable(bool trainable)
    {
        foreach ((_, Parameter parameter) in NamedParameters()) parameter.Trainable = trainable;
    }

    /// <summary>Draws every parameter; each depends only on the seed and its own name.</summary>
    public void Initialize(ulong seed, Device device)
    {
        foreach ((string name, Parameter parameter) in NamedParameters())
            parameter.Initialize(Philox.StreamSeed(seed, name), device);
    }

    /// <summary>Registers a parameter under its name within this module.</summary>
    protected Parameter Register(string name, Parameter parameter)
    {
        parameters.Add((name, parameter));
        return parameter;
    }

    /// <summary>Registers a child module; the name may contain dots (<c>to_out.0</c>).</summary>
    protected T Register<T>(string name, T module) where T : Module
    {
        children.Add((name, module));
        return module;
    }
}
