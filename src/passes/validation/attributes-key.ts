// The attributes of a node as text, for telling nodes apart.
import type { Node } from "../../ir/graph.ts";
import { Storage } from "../../tensor/storage.ts";

/** Equal for equal attributes; tensors by type alone, graphs by name. */
export function attributesKey(node: Node): string {
  return Object.entries(node.attributes)
    .map(([name, value]) => {
      if (value instanceof Storage) return `${name}=${value.dtype}[${value.shape.join()}]`;
      return `${name}=${typeof value === "object" && "initializers" in value ? value.name : JSON.stringify(value)}`;
    })
    .join();
}
