// A clock that acceptor and workers share, and that nobody can set.
import process from "node:process";

/** ms since the machine started, in every process of it. */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;
