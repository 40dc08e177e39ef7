// The lowest opset at which one node can be written in any form: the newest, or one that an older opset had.
import type { Node } from "../ir/graph.ts";
import { opsetForDTypes } from "../ops/dtype-versions.ts";
import { olderForm } from "./opset/older-forms.ts";

/** The lowest opset of its domain at which the node can be written in any form. */
export function anyFormOpset(node: Node): number {
  const newest = node.graph.schemas.opsetOf(node);
  const older = olderForm(node);
  return older ? Math.min(newest, Math.max(older.opset, opsetForDTypes(node))) : newest;
}
