const WARN = 40;

interface LogLine {
  level?: number;
  msg?: string;
  err?: { message?: string };
  faults?: string[];
}

/** Advice of Node.js to developers, such as a deprecation: for the file, not for whoever runs the product. */
const FOR_DEVELOPERS = /^\(node:\d+\) |^\(Use `node --trace-/;

/**
 * A child's output line for people. JSON lines are cut down to message and cause; they are worth showing from level
 * `warn` on. Other text is worth showing when it came from standard error.
 */
export function describeLogLine(line: string, isError: boolean): { text: string; worthShowing: boolean } {
  const parsed = parse(line);
  if (parsed === undefined) {
    return { text: line, worthShowing: isError && line.trim() !== '' && !FOR_DEVELOPERS.test(line) };
  }
  const causes = [parsed.err?.message, ...(parsed.faults ?? [])].filter(
    (cause) => cause !== undefined && cause !== parsed.msg,
  );
  return {
    text: [parsed.msg ?? line, ...causes].join(': '),
    worthShowing: (parsed.level ?? 0) >= WARN,
  };
}

function parse(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
