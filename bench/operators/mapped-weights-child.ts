// Opens the safetensors file given by its path, and says what that took.
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { resident, settle } from "./child.ts";

const path = process.argv[2] as string;
await settle();
const before = resident("VmRSS");
const since = performance.now();
const { tensors } = await readSafetensors(path);
const ms = performance.now() - since;
const grown = resident("VmRSS") - before;
const last = [...tensors.values()].at(-1)?.numbers().at(-1);
console.log(JSON.stringify({ ms, grown, last }));
