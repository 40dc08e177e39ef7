// The server's log: events as data, one line each.

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where events go. Never throws and never waits. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
