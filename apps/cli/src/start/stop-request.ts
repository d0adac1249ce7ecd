/** Whoever sends one Ctrl-C may cause two signals: the terminal's, and the same passed on by npm. */
const ONE_PRESS_MS = 1_000;
/** How often a command of npm looks whether its shell is still there. */
const PARENT_LOOK_MS = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens for the wish to stop. */
export interface StopRequest {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Stops listening: from here on a signal has its default effect. */
  dispose(): void;
}

/**
 * Turns SIGINT, SIGTERM and SIGHUP into an orderly stop; one that comes a second or more after the first calls
 * `onImpatience`. Under npm the end of the shell between counts as one: a service manager's signal to npm ends that shell,
 * which does not pass it on.
 */
export function listenForStop(environment: NodeJS.ProcessEnv, onImpatience: () => void): StopRequest {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const listener = (): void => {
    firstAt ??= Date.now();
    if (!controller.signal.aborted) controller.abort();
    else if (Date.now() - firstAt >= ONE_PRESS_MS) onImpatience();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  const { ppid } = process;
  const lookForParent = (): void => {
    if (process.ppid !== ppid) controller.abort();
  };
  // Started by hand, a program may outlive its parent on purpose.
  const isUnderNpm = environment['npm_lifecycle_event'] !== undefined;
  const looks = isUnderNpm ? setInterval(lookForParent, PARENT_LOOK_MS).unref() : undefined;
  return {
    signal: controller.signal,
    dispose: () => {
      clearInterval(looks);
      SIGNALS.forEach((signal) => process.off(signal, listener));
    },
  };
}
