// Inputs that look like what models are made for: sound with pitch and pauses, pages with strokes on them. Seeded.
import { Generator } from "../../src/tensor/random.ts";
import { Storage } from "../../src/tensor/storage.ts";

/** `chunks` pieces of sound of `size` samples each, `[1, size]`: a voice-like tone with harmonics that comes and goes, over noise. */
export function soundChunks(chunks: number, size: number, rate: number, seed: number): Storage[] {
  const random = new Generator(seed);
  const pitch = 110 + 80 * random.uniform();
  return Array.from({ length: chunks }, (_, k) => {
    const samples = Float32Array.from({ length: size }, (_, i) => {
      const t = (k * size + i) / rate;
      const loudness = Math.max(0, Math.sin(2 * Math.PI * 3 * t + 1)) * 0.3;
      const tone = [1, 2, 3, 5].reduce((sum, h) => sum + Math.sin(2 * Math.PI * pitch * h * t + h) / h, 0);
      return loudness * tone + 0.01 * (2 * random.uniform() - 1);
    });
    return Storage.of("float32", samples, [1, size]);
  });
}

/** E, H, L, T and F as dots: five rows of four. */
const letters = [
  "#### #... ###. #... ####",
  "#..# #..# #### #..# #..#",
  "#... #... #... #... ####",
  "#### .##. .##. .##. .##.",
  "#### #... ###. #... #...",
].map((rows) => rows.split(" "));

/** Pages of `[n, 3, height, width]` with values from -1 to 1: lines of dark block letters on paper that darkens to one side. */
export function pages(n: number, height: number, width: number, seed: number): Storage {
  const random = new Generator(seed);
  const data = new Float32Array(n * 3 * height * width);
  const at = (page: number, c: number, y: number, x: number) => ((page * 3 + c) * height + y) * width + x;
  const dot = Math.max(2, Math.floor(Math.min(height, 48) / 10));
  for (let page = 0; page < n; page++) {
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) data[at(page, c, y, x)] = 0.9 - (0.2 * x) / width - 0.05 * c + 0.02 * random.uniform();
    for (let top = 2 * dot; top + 5 * dot <= height; top += 8 * dot)
      for (let left = 2 * dot; left + 4 * dot <= width; left += 5 * dot) {
        const letter = letters[random.integer(0, letters.length)] as string[];
        for (let y = 0; y < 5 * dot; y++)
          for (let x = 0; x < 4 * dot; x++)
            if (letter[Math.floor(y / dot)]?.[Math.floor(x / dot)] === "#")
              for (let c = 0; c < 3; c++) data[at(page, c, top + y, left + x)] = -0.9;
      }
  }
  return Storage.of("float32", data, [n, 3, height, width]);
}
