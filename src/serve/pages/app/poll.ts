// Asking the server again and again, while somebody looks.
import { useEffect, useRef, useState } from "preact/hooks";
import { json, messageOf, onTokenNeeded } from "./api.ts";

export interface Polled<T> {
  readonly data: T | undefined;
  /** Why the newest figures are missing. */
  readonly problem: string | undefined;
  /** Asks at once. */
  readonly refresh: () => void;
}

const everyMs = 1000;

/** What a path gives, every second; a tab that is hidden asks for nothing. */
export function usePoll<T>(path: string): Polled<T> {
  const [data, setData] = useState<T>();
  const [problem, setProblem] = useState<string>();
  const refresh = useRef(() => {});
  useEffect(() => {
    let timer = 0;
    let round = 0;
    const ask = async () => {
      clearTimeout(timer);
      const own = ++round;
      if (document.hidden) return;
      let failure: string | undefined;
      try {
        const next = await json<T>(path);
        if (own === round) setData(next);
      } catch (error) {
        failure = messageOf(error);
      }
      if (own !== round) return;
      setProblem(failure);
      timer = window.setTimeout(ask, everyMs);
    };
    refresh.current = () => void ask();
    const again = () => void ask();
    document.addEventListener("visibilitychange", again);
    const forget = onTokenNeeded((needed) => {
      if (!needed) again();
    });
    void ask();
    return () => {
      round++;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", again);
      forget();
    };
  }, [path]);
  return { data, problem, refresh: () => refresh.current() };
}
