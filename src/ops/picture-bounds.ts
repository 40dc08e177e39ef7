// What the readers of picture formats refuse alike: files that break their format, and sizes beyond memory.
import { ingotError } from "../errors/error.ts";

/** What errors call a picture that has no name. */
export const picture = "the picture";

/** In pixels. */
export const maxPixels = 2 ** 28;

export const corruptPicture = (why: string): Error => ingotError("ImageCorrupt", { image: picture, why });

/** Throws `ImageTooLarge` before memory is asked for. */
export function checkPictureSize(width: number, height: number): void {
  if (width * height > maxPixels) throw ingotError("ImageTooLarge", { image: picture, width, height, limit: maxPixels });
}
