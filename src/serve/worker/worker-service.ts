// What a worker does with each message of the acceptor.
import { IngotError } from "../../errors/error.ts";
import type { AnswerHead, FromWorker, RequestHead, ToWorker, WorkerModel } from "../wire/messages.ts";
import { codecs, type ServedModel } from "./codecs.ts";
import { createHandler } from "./handlers.ts";
import { openModel } from "./open-model.ts";
import { type Outcome, readBatch, runBatch } from "./run-batch.ts";

type Send = (message: FromWorker, body?: readonly Uint8Array[]) => void;

export class WorkerService {
  readonly #send: Send;
  #served: ServedModel | undefined;
  /** The batch that is run last. */
  #turn: Promise<void> = Promise.resolve();

  constructor(send: Send) {
    this.#send = send;
  }

  async handle(message: ToWorker, body: Uint8Array<ArrayBuffer>): Promise<void> {
    if (message.kind === "start") await this.#start(message.model);
    else if (message.kind === "batch") await this.#batch(message.id, message.requests, body);
    else this.#send({ kind: "description", id: message.id, value: this.#served?.io });
  }

  async #start(model: WorkerModel): Promise<void> {
    const warn = (text: string) => this.#send({ kind: "log", level: "warn", message: text });
    try {
      const { executable, io } = await openModel(model, warn);
      const { name, version, folder, handlerConfig, maxImagePixels } = model;
      const context = { model: { name, version }, io, folder, config: handlerConfig, maxImagePixels, warn };
      this.#served = { model, executable, io, handler: await createHandler(model.handler, context) };
      this.#send({ kind: "ready", io });
    } catch (error) {
      this.#send({ kind: "failed", message: describe(error) });
    }
  }

  /** Reads the requests at once, also while those before them are run; runs them when their turn comes. */
  async #batch(id: number, requests: readonly RequestHead[], body: Uint8Array<ArrayBuffer>): Promise<void> {
    const served = this.#served;
    if (!served) throw new Error("requests came before the model was ready");
    let at = 0;
    const decoders = requests.map((request) => {
      const bytes = body.subarray(at, at + request.bytes);
      at += request.bytes;
      return () => codecs[request.protocol](request, bytes, served);
    });
    const log = (error: unknown) => this.#send({ kind: "log", level: "error", message: describe(error) });
    const read = readBatch(decoders, served.io.batches, log);
    const before = this.#turn;
    this.#turn = (async () => {
      await before;
      const outcomes = await runBatch(await read, served.executable, log);
      const parts = outcomes.map((o) => ("answer" in o ? o.answer.body : new Uint8Array()));
      this.#send({ kind: "answers", id, answers: outcomes.map(headOf) }, parts);
    })();
    await this.#turn;
  }
}

function headOf(outcome: Outcome): AnswerHead {
  if ("fault" in outcome) return { status: outcome.fault.status, headers: {}, bytes: 0, fault: outcome.fault };
  const { answer, timing } = outcome;
  return { status: answer.status ?? 200, headers: answer.headers, bytes: answer.body.byteLength, timing };
}

/** For the operator's log: an error of ours has a full message, another one its stack. */
function describe(error: unknown): string {
  if (error instanceof IngotError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
