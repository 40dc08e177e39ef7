// Renders the pictures of this project: `node --import tsx scripts/render-images.ts` makes examples/images/scene.jpg (a cat on a hill at
// sunset); with seeds (`… 1 2 3`) it writes the seeded pictures of src/image/render.ts as PNG files into out/images, to look at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { renderImage } from "../src/image/render.ts";
import type { RgbImage } from "../src/image/rgb.ts";
import { renderScene } from "./render-scene.ts";

const root = join(import.meta.dirname, "..");
const encoder = ({ data, width, height }: RgbImage) => sharp(data, { raw: { width, height, channels: 3 } });

const seeds = process.argv.slice(2).map(Number);
if (seeds.length === 0) {
  const path = join(root, "examples", "images", "scene.jpg");
  mkdirSync(join(path, ".."), { recursive: true });
  const { size } = await encoder(renderScene(480, 360)).jpeg({ quality: 88 }).toFile(path);
  console.log(`${path} (${size} bytes)`);
}
for (const seed of seeds) {
  const path = join(root, "out", "images", `${seed}.png`);
  mkdirSync(join(path, ".."), { recursive: true });
  await encoder(renderImage(seed, { width: 320, height: 240 }))
    .png()
    .toFile(path);
  console.log(path);
}
