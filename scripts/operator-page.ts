// Writes docs/operators.md: every operator with its versions, its element types, and which of them ONNX Runtime computes. The registry and
// the table of kernels are the only sources: the page is never edited. `node --import tsx scripts/operator-page.ts` writes; with `--check` it
// exits 1 where the page is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inlinedOperators, kernelsOf, kernelTypes } from "../src/onnx/onnxruntime-kernels.ts";
import type { OpDefinition } from "../src/ops/define.ts";
import { registry } from "../src/ops/registry.ts";
import { kernelSupport } from "../src/passes/rules/cast-for-kernel.ts";
import { allDTypes, type DType, floats, integers, numeric, signed, wideDTypes } from "../src/tensor/dtype.ts";

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs", "operators.md");
const marker = "<!-- Generated from the registry by scripts/operator-page.ts. Not to be edited. -->";

const domains: readonly (readonly [domain: string, title: string, about: string])[] = [
  ["", "ai.onnx", "The default domain."],
  ["ai.onnx.ml", "ai.onnx.ml", "Classical machine learning."],
  ["ai.onnx.preview", "ai.onnx.preview", "Not yet stable."],
  ["com.microsoft", "com.microsoft", "What exported models use of ONNX Runtime's own, and what the lowering for it writes."],
  ["ingot", "ingot", "This library's own: files hold standard operators in its place."],
];

/** Sets that have a name in the page. */
const named: readonly (readonly [name: string, dtypes: readonly DType[]])[] = [
  ["every", allDTypes],
  ["any", wideDTypes],
  ["numeric", numeric],
  ["signed", signed],
  ["floats", floats],
  ["integers", integers],
];

const same = (a: readonly DType[], b: readonly DType[]) => a.length === b.length && a.every((dtype) => b.includes(dtype));
const inOrder = (dtypes: readonly DType[]) => allDTypes.filter((dtype) => dtypes.includes(dtype));

/** A named set, one without few of its types, or a list. */
function setName(dtypes: readonly DType[]): string {
  const candidates = named.filter(([, set]) => dtypes.every((dtype) => set.includes(dtype)));
  const [name, set] = candidates.sort(([, a], [, b]) => a.length - b.length)[0] ?? ["", []];
  const missing = inOrder(set.filter((dtype) => !dtypes.includes(dtype)));
  if (missing.length === 0) return name;
  return missing.length <= 3 && missing.length < dtypes.length / 2 ? `${name} but ${missing.join(" ")}` : inOrder(dtypes).join(" ");
}

/** A type variable (or a fixed type) of an operator, and the first position that has it. */
interface Variable {
  readonly name: string;
  readonly place: string;
  readonly dtypes: readonly DType[];
}

function variablesOf({ inputs, outputs, types }: OpDefinition): readonly Variable[] {
  const found = new Map<string, Variable>();
  const add = (kind: string) => (formal: OpDefinition["inputs"][number], i: number) => {
    const name = /^seq\((\w+)\)$/.exec(formal.type)?.[1] ?? formal.type;
    const dtypes = types[name];
    if (dtypes && !found.has(name)) found.set(name, { name, place: `${kind}${i}`, dtypes });
  };
  inputs.forEach(add("i"));
  outputs.forEach(add("o"));
  return [...found.values()];
}

const perVariable = (variables: readonly Variable[], text: (variable: Variable) => string) =>
  variables.map((v) => (variables.length > 1 ? `${v.name.replace("*", "")}: ${text(v)}` : text(v))).join("; ");

/** What ONNX Runtime does with the types of a variable: those with a kernel, and in brackets those in a wider type. */
function runtimeText(op: string, { place, dtypes }: Variable): string {
  const by = (support: ReturnType<typeof kernelSupport>) => dtypes.filter((dtype) => kernelSupport(op, place, dtype) === support);
  const [kernel, inlined, wider] = [by("kernel"), by("inlined"), by("wider")];
  const direct = [...kernel, ...inlined];
  const all = same(direct, dtypes) ? "all" : direct.length > 0 ? setName(direct) : "";
  const rest = wider.length > 0 ? `(${setName(wider)})` : "";
  return [all, rest].filter((part) => part !== "").join(" ") || "–";
}

/** The types of an operator without variables; one that takes values of any kind has no such list. */
function fixedTypes({ inputs, outputs }: OpDefinition): string {
  const all = [...inputs, ...outputs].map(({ type }) => type);
  return all.includes("any") ? "all values" : allDTypes.filter((dtype) => all.includes(dtype)).join(" ");
}

/** What is no operator at run time. */
const atLoad: Readonly<Record<string, string>> = { Constant: "all (read and written as an initializer)" };

function row(definition: OpDefinition): string {
  const { name, opType, since } = definition;
  const variables = variablesOf(definition);
  const known = Object.hasOwn(kernelTypes, name) || inlinedOperators.includes(name);
  const runtime = atLoad[name] ?? (!known ? "–" : variables.length === 0 ? "yes" : perVariable(variables, (v) => runtimeText(name, v)));
  const types = perVariable(variables, ({ dtypes }) => setName(dtypes)) || fixedTypes(definition);
  return `| ${opType} | ${since.join(", ")} | ${types} | ${runtime} |`;
}

/** The page as it must be. */
export function renderPage(): string {
  const all = [...registry.all()];
  const intro = [
    marker,
    "# Operators",
    `${all.length} operators. Each has a kernel in the interpreter for all the element types of its row; files of every opset of it are read, and written in the lowest that a graph needs. ONNX Runtime has kernels for fewer types:`,
    [
      `- **ONNX Runtime** lists the types that ${kernelsOf} computes; \`all\` are all of the row. Those in brackets run in a wider type and are rounded after the operator. \`–\` is none: such a graph runs on the interpreter, with a warning, unless the engine was asked for by name.`,
      "- **Types**: a row with several type variables gives each by its name in the operator's schema. Shapes, axes and the like, whose type is fixed, are left out; operators on sequences, optionals and maps too say `all values`.",
      ...named.map(([name, dtypes]) => `- \`${name}\`: ${inOrder(dtypes).join(" ")}`),
    ].join("\n"),
  ];
  const missing = all.find(({ domain }) => !domains.some(([known]) => known === domain));
  if (missing) throw new Error(`scripts/operator-page.ts has no section for the domain ${missing.domain} of ${missing.name}`);
  const sections = domains.map(([domain, title, about]) => {
    const rows = all
      .filter((definition) => definition.domain === domain)
      .sort((a, b) => (a.opType < b.opType ? -1 : 1))
      .map(row);
    return [
      `## ${title}`,
      `${about} ${rows.length} operators.`,
      ["| operator | opsets | types | ONNX Runtime |", "|---|---|---|---|", ...rows].join("\n"),
    ].join("\n\n");
  });
  return `${[...intro, ...sections].join("\n\n")}\n`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const page = renderPage();
  const present = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (!process.argv.includes("--check")) {
    writeFileSync(file, page);
    console.log(`docs/operators.md: ${present === page ? "unchanged" : "written"}`);
  } else if (present !== page) {
    console.error("docs/operators.md is out of date: run node --import tsx scripts/operator-page.ts");
    process.exitCode = 1;
  }
}
