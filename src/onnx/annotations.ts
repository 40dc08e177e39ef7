// Annotations and the fields of ONNX's messages that hold them, which graphs, nodes, values and tensors have alike.
import type { Annotations, GraphAnnotations } from "../ir/annotations.ts";
import type { Message, ModelProto, NodeProto } from "./schema.ts";

type Entries = readonly Message<"StringStringEntryProto">[];

/** The fields that all annotated messages share. */
interface Annotated {
  readonly docString?: string | undefined;
  readonly metadataProps?: Entries | undefined;
  readonly unknown?: readonly Uint8Array[] | undefined;
}

/** What a message says beyond its meaning; undefined when that is nothing. `known` are entries of its metadata that the graph holds itself. */
export function annotationsOf({ docString, metadataProps, unknown }: Annotated, known: Entries = []): Annotations | undefined {
  const metadata = metadataProps?.filter(({ key, value }) => !known.some((k) => k.key === key && k.value === value));
  return present({ docString: docString || undefined, metadata: metadata?.length ? metadata : undefined, unknown });
}

/**
 * Of the initializer that stands for a Constant: what the file says of its node, its tensor and its value, in this order. Unknown fields of the
 * node are left out: their numbers mean something else in a tensor.
 */
export function constantAnnotations(
  { docString, metadataProps, attribute }: NodeProto,
  ofValue: Annotations | undefined,
): Annotations | undefined {
  const tensor = attribute?.find(({ t }) => t)?.t;
  const said = [annotationsOf({ docString, metadataProps }), tensor && annotationsOf(tensor), ofValue];
  const metadata = new Map(
    said
      .flatMap((s) => s?.metadata ?? [])
      .reverse()
      .map((entry) => [entry.key, entry]),
  );
  return present({
    docString: said.find((s) => s?.docString !== undefined)?.docString,
    metadata: metadata.size > 0 ? [...metadata.values()].reverse() : undefined,
    unknown: said[1]?.unknown,
  });
}

/** The fields to write; `own` entries of the metadata come first, and stand for others of their keys. */
export function annotated(annotations: Annotations | undefined, own: Entries = []): Annotated {
  const others = annotations?.metadata?.filter(({ key }) => !own.some((o) => o.key === key)) ?? [];
  const metadataProps = [...own, ...others];
  return {
    ...(annotations?.docString !== undefined && { docString: annotations.docString }),
    ...(metadataProps.length > 0 && { metadataProps }),
    ...(annotations?.unknown && { unknown: annotations.unknown }),
  };
}

/** What the file says of the model as a whole. Its metadata is the graph's own. */
export function modelAnnotations({ docString, domain, modelVersion, unknown }: ModelProto): GraphAnnotations["model"] {
  return present({ docString: docString || undefined, domain: domain || undefined, version: modelVersion || undefined, unknown });
}

/** The fields of the model to write. */
export function annotatedModel({ docString, domain, version, unknown }: NonNullable<GraphAnnotations["model"]> = {}): Partial<ModelProto> {
  return {
    ...(docString !== undefined && { docString }),
    ...(domain !== undefined && { domain }),
    ...(version !== undefined && { modelVersion: version }),
    ...(unknown && { unknown }),
  };
}

function present<T extends object>(fields: T): T | undefined {
  return Object.values(fields).some((v) => v !== undefined) ? fields : undefined;
}
