// A program that writes the graph of a compiled model to its standard output, as JSON. It is a process of its own: a worker that opened a kept
// session does not have the graph, and reading it would stop the requests that it has.
import { once } from "node:events";
import process from "node:process";
import { readGraph } from "../../onnx/read-file.ts";
import { registry } from "../../ops/registry.ts";
import { describeGraph } from "./describe-graph.ts";

const [path = "", engine = ""] = process.argv.slice(2);
const graph = await readGraph(path, registry);
if (!process.stdout.write(JSON.stringify(describeGraph(graph, engine)))) await once(process.stdout, "drain");
