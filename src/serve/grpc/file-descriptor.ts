// A google.protobuf.FileDescriptorProto of a parsed .proto file, for reflection: as protoc writes it, with full names of types.
import type { Enum, Field, MapField, Namespace, Service, Type, Writer } from "protobufjs";
import minimal from "protobufjs/minimal.js";
import type { Protobuf } from "./packages.ts";

const types: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
};
const [messageType, enumType] = [11, 14];

/** The descriptor of what a package holds, in bytes. */
export function fileDescriptor(protobuf: Protobuf, name: string, content: Namespace, dependencies: readonly string[]): Uint8Array {
  const writer = minimal.Writer.create();
  text(writer, 1, name);
  text(writer, 2, content.fullName.slice(1));
  for (const dependency of dependencies) text(writer, 3, dependency);
  for (const item of content.nestedArray) {
    if (item instanceof protobuf.Type) message(writer, 4, () => writeType(protobuf, writer, item));
    else if (item instanceof protobuf.Enum) message(writer, 5, () => writeEnum(writer, item));
    else if (item instanceof protobuf.Service) message(writer, 6, () => writeService(writer, item));
  }
  text(writer, 12, "proto3");
  return writer.finish();
}

function writeType(protobuf: Protobuf, writer: Writer, type: Type): void {
  text(writer, 1, type.name);
  for (const field of type.fieldsArray) message(writer, 2, () => writeField(protobuf, writer, field));
  for (const item of type.nestedArray) {
    if (item instanceof protobuf.Type) message(writer, 3, () => writeType(protobuf, writer, item));
    else if (item instanceof protobuf.Enum) message(writer, 4, () => writeEnum(writer, item));
  }
  // A map is a list of entries, each a message of its own.
  for (const field of type.fieldsArray)
    if (field instanceof protobuf.MapField) message(writer, 3, () => writeEntry(protobuf, writer, field));
  for (const oneof of type.oneofsArray) message(writer, 8, () => text(writer, 1, oneof.name));
}

function writeField(protobuf: Protobuf, writer: Writer, field: Field): void {
  const { parent } = field;
  const isMap = field instanceof protobuf.MapField;
  const own = isMap ? { type: messageType, name: `${parent?.fullName}.${entryName(field.name)}` } : typeOf(protobuf, field);
  text(writer, 1, field.name);
  number(writer, 3, field.id);
  number(writer, 4, field.repeated || isMap ? 3 : 1);
  writeTypeOf(writer, own);
  if (field.partOf) number(writer, 9, (parent as Type).oneofsArray.indexOf(field.partOf));
  text(
    writer,
    10,
    field.name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  );
}

function writeEntry(protobuf: Protobuf, writer: Writer, field: MapField): void {
  text(writer, 1, entryName(field.name));
  message(writer, 2, () => {
    text(writer, 1, "key");
    number(writer, 3, 1);
    number(writer, 4, 1);
    writeTypeOf(writer, { type: types[field.keyType] as number, name: undefined });
    text(writer, 10, "key");
  });
  message(writer, 2, () => {
    text(writer, 1, "value");
    number(writer, 3, 2);
    number(writer, 4, 1);
    writeTypeOf(writer, typeOf(protobuf, field));
    text(writer, 10, "value");
  });
  message(writer, 7, () => number(writer, 7, 1));
}

function writeEnum(writer: Writer, { name, values }: Enum): void {
  text(writer, 1, name);
  for (const [key, value] of Object.entries(values))
    message(writer, 2, () => {
      text(writer, 1, key);
      number(writer, 2, value);
    });
}

function writeService(writer: Writer, service: Service): void {
  text(writer, 1, service.name);
  for (const method of service.methodsArray)
    message(writer, 2, () => {
      text(writer, 1, method.name);
      text(writer, 2, method.resolvedRequestType?.fullName ?? "");
      text(writer, 3, method.resolvedResponseType?.fullName ?? "");
      if (method.requestStream) number(writer, 5, 1);
      if (method.responseStream) number(writer, 6, 1);
    });
}

interface FieldType {
  readonly type: number;
  readonly name: string | undefined;
}

function typeOf(protobuf: Protobuf, { type, resolvedType }: Pick<Field, "type" | "resolvedType">): FieldType {
  const known = types[type];
  if (known !== undefined) return { type: known, name: undefined };
  return { type: resolvedType instanceof protobuf.Enum ? enumType : messageType, name: resolvedType?.fullName };
}

function writeTypeOf(writer: Writer, { type, name }: FieldType): void {
  number(writer, 5, type);
  if (name !== undefined) text(writer, 6, name);
}

/** `model_stats` → `ModelStatsEntry`, as protoc has it. */
const entryName = (field: string) => `${field.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Entry`;

const text = (writer: Writer, field: number, value: string) => writer.uint32((field << 3) | 2).string(value);
const number = (writer: Writer, field: number, value: number) => writer.uint32(field << 3).int32(value);

function message(writer: Writer, field: number, content: () => void): void {
  writer.uint32((field << 3) | 2).fork();
  content();
  writer.ldelim();
}
