// ingot archive inspect: what is in an archive, and what its model takes and gives.
import type { Command } from "commander";
import { type ArchiveInspection, inspectArchive, type ModelPort } from "../archive/inspect-archive.ts";
import { formatBytes } from "../errors/quantity.ts";
import { formatType } from "../ir/type.ts";
import { action, makeCommand, type Session } from "./command.ts";
import { paint, printWarnings } from "./console.ts";
import { interrupted, untilInterrupted } from "./interrupt.ts";

export function inspectArchiveCommand(session: Session): Command {
  return makeCommand(
    session,
    "inspect",
    "Print an archive's manifest, files and configuration, and its model's inputs and outputs.",
    "ingot archive inspect model_store/r152.mar",
    "ingot archive inspect model_store/r152.mar --json",
  )
    .argument("<file>", "a .mar, a .tar.gz, or a folder")
    .action(
      action<[string], object>(session, async ({ options, progress, print, streams }, file) => {
        progress.show(`reading ${file}`);
        const archive = await untilInterrupted((signal) => inspectArchive(file, { signal }));
        if (archive === interrupted) return interrupted;
        const { ports, ...rest } = archive;
        const data = ports ? { ...rest, inputs: ports.inputs.map(describe), outputs: ports.outputs.map(describe) } : rest;
        print(data, () => format(archive, streams.colors.out));
        if (!options.json) printWarnings(streams, archive.warnings);
        return 0;
      }),
    );
}

/** With dtype and shape as data where it is a tensor; sizes that are not known stand as `null`. */
function describe({ name, type }: ModelPort): object {
  if (type.kind !== "tensor") return { name, type: formatType(type) };
  const shape = type.shape?.map((dim) => (typeof dim === "number" ? dim : String(dim)));
  return { name, type: formatType(type), dtype: type.dtype, ...(shape && { shape }) };
}

function format({ path, manifest, files, config, ports }: ArchiveInspection, color: boolean): string {
  const { model, runtime, createdOn, archiverVersion } = manifest;
  const { backend, ...frontend } = config;
  const settings = Object.entries({ ...frontend, ...backend }).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const port = ({ name, type }: ModelPort) => `${name}: ${formatType(type)}`;
  const rows: (readonly [string, readonly string[]])[] = [
    ["archive", [`${path}, ${formatBytes(files.reduce((sum, file) => sum + file.bytes, 0))} unpacked`]],
    ["model", [`${model.modelName}, version ${model.modelVersion}`]],
    ["handler", model.handler === undefined ? [] : [model.handler]],
    ["made", [`runtime ${runtime}${createdOn ? `, on ${createdOn}` : ""}${archiverVersion ? `, archiver ${archiverVersion}` : ""}`]],
    ["inputs", ports?.inputs.map(port) ?? []],
    ["outputs", ports?.outputs.map(port) ?? []],
    [
      "files",
      files.map(({ path: name, bytes, role }) => `${formatBytes(bytes).padStart(10)}  ${name}${role === "extra" ? "" : ` (${role})`}`),
    ],
    ["config", settings],
  ];
  return rows
    .flatMap(([title, lines]) => lines.map((line, i) => `${paint("bold", (i === 0 ? title : "").padEnd(9), color)}${line}`.trimEnd()))
    .join("\n");
}
