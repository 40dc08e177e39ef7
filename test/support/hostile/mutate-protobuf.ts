// Damage inside of messages: the file stays well-formed protobuf, so that what is wrong reaches the importer behind the decoder.
import { decodeMessage } from "../../../src/onnx/decode.ts";
import { encodeToBytes } from "../../../src/onnx/encode.ts";
import { fieldPlans, isMessageKind, type MessageName, type ModelProto } from "../../../src/onnx/schema.ts";
import type { Draw } from "./draw.ts";
import type { Mutate } from "./mutate-bytes.ts";

type Draft = Record<string, unknown>;

/** A place in a message that can be changed. */
interface Place {
  readonly owner: Draft;
  readonly message: MessageName;
  readonly field: string;
  /** In a repeated field. */
  readonly index: number | undefined;
}

function placesOf(message: MessageName, owner: Draft, into: Place[] = []): Place[] {
  for (const plan of fieldPlans(message).values()) {
    const value = owner[plan.name];
    if (value === undefined) continue;
    const many = plan.label === "repeated";
    (many ? (value as unknown[]) : [value]).forEach((item, i) => {
      into.push({ owner, message, field: plan.name, index: many ? i : undefined });
      if (isMessageKind(plan.kind)) placesOf(plan.kind, item as Draft, into);
    });
  }
  return into;
}

const kindAt = ({ message, field }: Place) => [...fieldPlans(message).values()].find((p) => p.name === field)?.kind as string;
const valueAt = ({ owner, field, index }: Place) => (index === undefined ? owner[field] : (owner[field] as unknown[])[index]);

function put({ owner, field, index }: Place, value: unknown): void {
  if (index === undefined) owner[field] = value;
  else owner[field] = (owner[field] as unknown[]).map((old, i) => (i === index ? value : old));
}

function remove({ owner, field, index }: Place): void {
  if (index === undefined) delete owner[field];
  else owner[field] = (owner[field] as unknown[]).filter((_, i) => i !== index);
}

const words = ["", "x", "y", "..", "/etc/passwd", "__proto__", "constructor", "a".repeat(5000), "n*n", "floor(n/0)", "unk__1", "-1"];

/** Another value of the same kind of field. */
function otherValue(place: Place, draw: Draw, all: readonly Place[]): unknown {
  const kind = kindAt(place);
  const old = valueAt(place);
  if (ArrayBuffer.isView(old) && !(old instanceof Uint8Array)) {
    const list = (old as Float32Array).slice(0, draw.oneIn(3) ? draw.below(8) : undefined);
    const at = draw.below(list.length);
    if (list instanceof BigInt64Array || list instanceof BigUint64Array) (list as BigInt64Array)[at] = BigInt.asIntN(64, draw.integer());
    else list[at] = Number(draw.integer());
    return list;
  }
  if (kind === "int64") return BigInt.asIntN(64, draw.integer(old as bigint));
  if (kind === "uint64") return BigInt.asUintN(64, draw.integer(old as bigint));
  if (kind === "int32") return draw.oneIn(2) ? draw.below(30) : Number(BigInt.asIntN(32, draw.integer()));
  if (kind === "size") return draw.oneIn(2) ? draw.below(30) : Number(BigInt.asIntN(53, draw.integer()));
  if (kind === "float" || kind === "double") return draw.pick([0, -0, 1, -1, 1e38, Number.NaN, Number.POSITIVE_INFINITY, 0.5]);
  const same = all.filter((p) => kindAt(p) === kind);
  if (kind === "string") return draw.oneIn(3) ? draw.pick(words) : valueAt(draw.pick(same));
  if (kind === "bytes") {
    const bytes = old as Uint8Array;
    if (draw.oneIn(3)) return bytes.slice(0, draw.below(bytes.length));
    const out = Uint8Array.from(bytes.length > 4096 ? bytes.subarray(0, 4096) : bytes);
    out[draw.below(out.length)] = draw.byte();
    return out;
  }
  // A copy: a message that was put into itself would have no end.
  return structuredClone(valueAt(draw.pick(same)));
}

/**
 * Numbers of nodes, attributes, shapes and tensors: with other ones a file still says something. A name that is another is mostly a name that
 * nobody defines.
 */
function meaningful(places: readonly Place[]): readonly Place[] {
  const kinds = ["NodeProto", "AttributeProto", "Dimension", "ValueInfoProto", "TensorProto", "OperatorSetIdProto"];
  const chosen = places.filter((p) => kinds.includes(p.message) && kindAt(p) !== "string" && p.field !== "dataType");
  return chosen.length > 0 ? chosen : places;
}

/** Changes one to three fields of a model: other numbers, names of other things, fields that are gone, doubled or empty. */
export const mutateModel: Mutate = (bytes, draw) => {
  let model: Draft;
  try {
    model = decodeMessage("ModelProto", bytes, "seed") as Draft;
  } catch {
    return bytes;
  }
  for (let n = 1 + draw.below(3); n > 0; n--) {
    const places = placesOf("ModelProto", model);
    if (places.length === 0) break;
    const place = draw.pick(draw.oneIn(3) ? places : meaningful(places));
    const list = place.owner[place.field];
    const action = draw.below(8);
    if (action === 0) remove(place);
    else if (action === 1 && place.index !== undefined)
      place.owner[place.field] = [...(list as unknown[]), structuredClone(valueAt(place))];
    else if (action === 2 && place.index !== undefined) place.owner[place.field] = [...(list as unknown[])].reverse();
    else put(place, otherValue(place, draw, places));
  }
  return Uint8Array.from(encodeToBytes("ModelProto", model as ModelProto));
};
