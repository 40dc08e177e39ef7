// Triton's own Python clients against our server, over HTTP and gRPC: they are what people have who move here from Triton or KServe.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { datatypes } from "../src/serve/worker/v2-datatypes.ts";
import { type DType, dtypes } from "../src/tensor/dtype.ts";
import { serveStore, storeModel } from "../test/support/model-store.ts";
import { type TinyValue, tinyModel } from "../test/support/tiny-models.ts";
import { type Answer, ask } from "./python.ts";

/** Starts a server and has the clients judge it. `folder` is for its files. */
export async function* askTritonClients(python: string, folder: string): AsyncIterable<Answer> {
  const store = join(folder, "triton", "store");
  mkdirSync(store, { recursive: true });
  storeModel(store, "doubler", { extra: { "index_to_name.json": '{"0": "cat", "1": "dog", "2": "newt"}' } });
  storeModel(store, "echo", { model: echo() });
  storeModel(store, "spare");
  const server = await serveStore(store, { load_models: "doubler,echo", enable_model_api: "true" });
  try {
    const { inference } = server.addresses;
    yield* ask(python, "triton_client_peer.py", [inference.replace("http://", ""), server.grpcAddresses.inference]);
  } finally {
    await server.close();
  }
}

/** One input [n] of each datatype, and it again as an output. */
function echo(): Uint8Array {
  const value = (name: string, dtype: DType): TinyValue => ({ name, dtype: dtypes[dtype].onnx, shape: ["n"] });
  const types = Object.entries(datatypes);
  return tinyModel({
    inputs: types.map(([name, dtype]) => value(name, dtype)),
    outputs: types.map(([name, dtype]) => value(`${name}_OUT`, dtype)),
    nodes: types.map(([name]) => ({ op: "Identity", inputs: [name], outputs: [`${name}_OUT`] })),
  });
}
