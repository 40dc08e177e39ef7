// Memory that a model was given to read (`.data`, `.storage`, `.toNdarray()`). A recording cannot see writes to it, so what it held is kept
// and compared afterwards.
import { ingotError } from "../errors/error.ts";
import type { CallSite } from "../source/call-site.ts";
import type { Elements } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";
import { frameOfSite } from "./frame.ts";

/** The readers that give memory rather than a copy. */
const lenders = new Set(["data", "storage", "toNdarray"]);

export class LentMemory {
  readonly #lent = new Map<Storage, { readonly before: Elements; readonly how: string; readonly site: CallSite | undefined }>();

  note(storage: Storage, how: string, site: CallSite | undefined): void {
    if (lenders.has(how) && !this.#lent.has(storage)) this.#lent.set(storage, { before: storage.dense().slice(), how, site });
  }

  /** Puts back what was there; gives an error when that was not what is there now. */
  takeBack(): Error | undefined {
    let error: Error | undefined;
    for (const [storage, { before, how, site }] of this.#lent) {
      const now = storage.dense();
      if (now.every((v: unknown, i: number) => Object.is(v, before[i]))) continue;
      for (let i = 0; i < now.length; i++) now[i] = before[i] as never;
      error ??= ingotError(
        "TensorWrite",
        { what: `forward wrote into the memory that it had read with .${how}` },
        { frame: frameOfSite(site) },
      );
    }
    this.#lent.clear();
    return error;
  }
}
