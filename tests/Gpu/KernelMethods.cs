using System.Reflection;
using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>Every kernel of the engine, generic ones closed over every struct of the engine that satisfies their constraints.</summary>
internal static class KernelMethods
{
    /// <summary>What unconstrained element types stand for: elements are moved as 4-byte or 2-byte values, or 16 bytes of them at once.</summary>
    private static readonly Type[] Elements = [typeof(int), typeof(ushort), typeof(I4)];

    /// <summary>Name and method, by name.</summary>
    public static IReadOnlyDictionary<string, MethodInfo> All { get; } = Find().ToDictionary(Name);

    /// <summary>Every method with the mark, generic ones open.</summary>
    public static IEnumerable<MethodInfo> Marked
    {
        get
        {
            const BindingFlags Any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
            return typeof(Tensor).Assembly.GetTypes().SelectMany(t => t.GetMethods(Any))
                .Where(m => m.GetCustomAttribute<KernelAttribute>() is not null);
        }
    }

    private static string Name(MethodInfo method)
    {
        string name = $"{method.DeclaringType!.Name}.{method.Name}";
        return method.IsGenericMethod ? $"{name}<{string.Join(",", method.GetGenericArguments().Select(t => t.Name))}>" : name;
    }

    private static IEnumerable<MethodInfo> Find()
    {
        Type[] structs = [.. typeof(Tensor).Assembly.GetTypes().Where(t => t.IsValueType && !t.IsEnum && !t.ContainsGenericParameters && t.GetInterfaces().Length > 0)];
        foreach (MethodInfo method in Marked)
        {
            if (!method.IsGenericMethodDefinition) yield return method;
            else foreach (MethodInfo closed in Close(method, structs)) yield return closed;
        }
    }

    private static IEnumerable<MethodInfo> Close(MethodInfo method, Type[] structs)
    {
        IEnumerable<Type[]> choices = [[]];
        foreach (Type parameter in method.GetGenericArguments())
        {
            // "unmanaged" shows as a constraint to ValueType; a shape of operation as an interface.
            bool isElement = !parameter.GetGenericParameterConstraints().Any(t => t.IsInterface);
            Type[] fitting = isElement ? Elements : [.. structs.Where(s => Fits(s, parameter))];
            choices = [.. choices.SelectMany(chosen => fitting.Select(type => (Type[])[.. chosen, type]))];
        }
        return choices.Select(types => method.MakeGenericMethod(types));
    }

    private static bool Fits(Type type, Type parameter) => parameter.GetGenericParameterConstraints().Where(t => t.IsInterface)
        .All(wanted => type.GetInterfaces().Any(i => Same(i, wanted)));

    // IProduct<TProduct> is named by its definition here: the argument is the parameter itself.
    private static bool Same(Type candidate, Type wanted) => wanted.IsGenericType
        ? candidate.IsGenericType && candidate.GetGenericTypeDefinition() == wanted.GetGenericTypeDefinition()
        : candidate == wanted;
}
