// The program of a worker process: one model on one engine. Frames come and go on file descriptor 3; it ends with the acceptor.
import { Socket } from "node:net";
import process from "node:process";
import { ortEnvironment } from "../../engines/onnxruntime/environment.ts";
import { FrameReader, writeFrame } from "../wire/frames.ts";
import type { FromWorker, ToWorker } from "../wire/messages.ts";
import { WorkerService } from "./worker-service.ts";

const socket = new Socket({ fd: 3, readable: true, writable: true });
const send = (message: FromWorker, body: readonly Uint8Array[] = []) => {
  if (!socket.destroyed) writeFrame(socket, message, body);
};
const service = new WorkerService(send);
// A process that waits for its model has the library ready when it comes. Where there is none, opening the model says so, or does without.
ortEnvironment().catch(() => {});
const reader = new FrameReader((head, body) => void service.handle(head as ToWorker, body));

socket.on("data", (chunk) => reader.push(chunk));
// Without the acceptor there is nobody to answer. Ctrl-C in a terminal goes to the whole group of processes: the acceptor decides.
socket.on("close", () => process.exit(0));
socket.on("error", () => process.exit(0));
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
