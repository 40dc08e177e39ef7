// Giving back the memory of chunks that were read from sockets. Node makes a buffer outside of the heap for each, and V8 does not count those as a
// reason to look for young garbage: it waits until they have become so many that it marks the whole heap, which holds the event loop up for
// 10 – 20 ms, many times a second while large bodies come in. Young garbage alone is found in about 1 ms.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** V8 begins to mark at 64 MiB. */
const mostGarbage = 4 * 1024 * 1024;

type Collect = (options: { readonly type: "minor" }) => void;

let garbage = 0;
let collect: Collect | undefined;

/** Says that `bytes` of chunks are not needed any more. */
export function dropped(bytes: number): void {
  garbage += bytes;
  if (garbage < mostGarbage) return;
  garbage = 0;
  collect ??= findCollector();
  collect({ type: "minor" });
}

/** The function that Node has under `--expose-gc`, without the option having to be given. */
function findCollector(): Collect {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as Collect;
}
