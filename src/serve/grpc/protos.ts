// The .proto files of the gRPC services, read and parsed once. They stand beside this file, in the package too: clients may be made from them.
import { readFile } from "node:fs/promises";
import type { Namespace, ReflectionObject, Service } from "protobufjs";
import { fileDescriptor } from "./file-descriptor.ts";
import { loadProtobuf, type Protobuf } from "./packages.ts";

/** File, and the name by which others import it. */
const files = {
  "google/protobuf/empty.proto": "empty.proto",
  "grpc/health/v1/health.proto": "health.proto",
  "grpc/reflection/v1/reflection.proto": "reflection-v1.proto",
  "grpc/reflection/v1alpha/reflection.proto": "reflection-v1alpha.proto",
  "open-inference.proto": "open-inference.proto",
  "torchserve-inference.proto": "torchserve-inference.proto",
  "torchserve-management.proto": "torchserve-management.proto",
} as const;

export interface ProtoFile {
  readonly name: string;
  readonly dependencies: readonly string[];
  /** Its FileDescriptorProto. */
  readonly descriptor: Uint8Array;
  /** Whether it declares something of this full name. */
  declares(symbol: string): boolean;
}

export interface Protos {
  readonly files: readonly ProtoFile[];
  /** By full name, such as `inference.GRPCInferenceService`. Throws an Error for another. */
  service(name: string): Service;
}

let loaded: Promise<Protos> | undefined;

export const loadProtos = (): Promise<Protos> => {
  loaded ??= parseAll();
  return loaded;
};

async function parseAll(): Promise<Protos> {
  const protobuf = await loadProtobuf();
  const root = new protobuf.Root();
  const parsed = await Promise.all(
    Object.entries(files).map(async ([name, file]) => {
      const text = await readFile(new URL(`./protos/${file}`, import.meta.url), "utf8");
      return { name, ...protobuf.parse(text, root, { keepCase: true }) };
    }),
  );
  root.resolveAll();
  return {
    files: parsed.map(({ name, imports = [], package: where = "" }) => {
      const content = root.lookup(where) as Namespace;
      return {
        name,
        dependencies: imports,
        descriptor: fileDescriptor(protobuf, name, content, imports),
        // Names within the package only: a package may lie in another one's.
        declares: (symbol) => symbol.startsWith(`${where}.`) && isDeclared(protobuf, content, symbol.slice(where.length + 1).split(".")),
      };
    }),
    service: (name) => root.lookupService(name),
  };
}

/** Follows a path of names from a package: to messages, enums and services, and to what is in them. */
function isDeclared(protobuf: Protobuf, content: ReflectionObject, [name, ...rest]: readonly string[]): boolean {
  // A package is one only as long as it has names to follow.
  const isPackage = content instanceof protobuf.Namespace && !(content instanceof protobuf.Type) && !(content instanceof protobuf.Service);
  if (name === undefined) return !isPackage;
  const member = memberOf(protobuf, content, name);
  return member !== null && isDeclared(protobuf, member, rest);
}

function memberOf(protobuf: Protobuf, content: ReflectionObject, name: string): ReflectionObject | null {
  if (content instanceof protobuf.Service) return content.methods[name] ?? null;
  if (content instanceof protobuf.Type) return content.fields[name] ?? content.get(name);
  return content instanceof protobuf.Namespace ? content.get(name) : null;
}
