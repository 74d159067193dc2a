namespace SeLoRA.Engine;

/// <summary>
/// An error a user can act on. <see cref="Exception.Message"/> is one line that says where it happened (file, key, row
/// or op), what is wrong, and what would be right, so that a command line can print it without a stack trace.
/// </summary>
public class EngineException : Exception
{
    private const int LongestReason = 300;

    /// <summary>An error with its one-line message.</summary>
    /// <param name="message">Where, what is wrong, what would be right; line breaks become spaces, other control characters question marks.</param>
    public EngineException(string message)
        : base(OneLine(message))
    {
    }

    /// <summary>An error with its one-line message and the exception that led to it.</summary>
    /// <param name="message">Where, what is wrong, what would be right; line breaks become spaces, other control characters question marks.</param>
    /// <param name="innerException">The exception that led to this one, kept for debugging.</param>
    public EngineException(string message, Exception? innerException)
        : base(OneLine(Cut(message, innerException)), innerException)
    {
    }

    // What the framework says of a file may quote all of it.
    private static string Cut(string message, Exception? inner) => inner is { Message.Length: > LongestReason }
        ? message.Replace(inner.Message, inner.Message[..LongestReason] + "...", StringComparison.Ordinal) : message;

    // Names from hostile files and messages of drivers may hold line breaks, or sequences that a terminal obeys: a log line stays one line of text.
    private static string OneLine(string message)
    {
        message = message.ReplaceLineEndings(" ");
        return message.Any(char.IsControl) ? string.Concat(message.Select(c => char.IsControl(c) ? '?' : c)) : message;
    }
}
