// Numbers and times as people read them.

/** Milliseconds with two or three digits that matter: `0.42 ms`, `18 ms`, `1.20 s`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return `${ms.toFixed(ms >= 10 ? 1 : 2)} ms`;
}

/** `1.3 MB`: powers of 1000, as disks and networks count. */
export function bytes(count: number | undefined): string {
  if (count === undefined) return "–";
  if (count < 1000) return `${count} B`;
  const units = ["kB", "MB", "GB", "TB"] as const;
  let value = count / 1000;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${value.toFixed(value >= 99.5 ? 0 : 1)} ${units[unit]}`;
}

/** `60.2 M` */
export function amount(count: number): string {
  if (count < 10_000) return whole(count);
  const units = ["k", "M", "G", "T"] as const;
  let value = count / 1000;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${value.toFixed(value >= 99.5 ? 0 : 1)} ${units[unit]}`;
}

const grouped = new Intl.NumberFormat("en-GB");
export const whole = (count: number): string => grouped.format(Math.round(count));

/** Requests per second. */
export const rate = (perSecond: number): string => (perSecond >= 100 ? whole(perSecond) : perSecond.toFixed(1));

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** Time of day, of ms since 1970. */
export const timeOfDay = (ms: number): string => clock.format(ms);

/** `3 min`: how long ago a time was. */
export function age(sinceMs: number, nowMs: number): string {
  const s = Math.max(0, Math.round((nowMs - sinceMs) / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${whole(count)} ${count === 1 ? one : many}`;
