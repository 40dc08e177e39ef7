// A model whose loop never ends: y ← x + x + x + …
import type { ModelProto } from "../../../src/onnx/schema.ts";
import { model, node, value } from "../onnx-models.ts";

/** s ← s + x; whether it goes on is handed through. */
export const addingBody = {
  name: "body",
  input: [value("i", [], 7), value("going", [], 9), value("s", [2])],
  output: [value("going", [], 9), value("t", [2])],
  node: [node("Add", ["s", "x"], ["t"])],
};

export const endlessModel: ModelProto = model({
  inputs: [value("x", [2])],
  outputs: [value("y", [2])],
  nodes: [node("Loop", ["", "", "x"], ["y"], { body: addingBody })],
});
