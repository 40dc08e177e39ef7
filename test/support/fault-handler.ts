// A handler of an operator that does on demand what a handler should not. The request is text: what to do, and an argument.
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { tensor } from "../../src/index.ts";
import { badRequest, type HandlerFactory, predictionError, reply } from "../../src/serve/index.ts";

const never = new Promise<never>(() => {});

/** By the first word of a request; what comes back is the row that the model is given. */
const deeds: Readonly<Record<string, (argument: string) => Promise<readonly number[]> | readonly number[]>> = {
  /** The model doubles it. */
  number: (argument) => [Number(argument), 0, 0],
  throw: () => {
    throw new Error("this handler throws");
  },
  refuse: (argument) => {
    throw badRequest(`refused: ${argument}`);
  },
  status: (argument) => {
    throw predictionError("of its own kind", Number(argument));
  },
  memory: () => [...new Float64Array(2 ** 52)],
  shape: () => [1, 2],
  crash: () => {
    process.kill(process.pid, "SIGSEGV");
    return never;
  },
  kill: () => {
    process.kill(process.pid, "SIGKILL");
    return never;
  },
  hang: () => {
    for (;;);
  },
  /** Runs until the other side of this port of the machine closes the connection. */
  hold: async (argument) => {
    const socket = connect(Number(argument), "127.0.0.1");
    await once(socket.resume(), "close");
    return [0, 0, 0];
  },
  answer: () => [0, 0, 0],
};

/** What `answer NAME` answers. */
const answers: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  function: () => () => 1,
  stream: async function* () {
    yield "a";
  },
  circle: () => {
    const circle: unknown[] = [];
    circle.push(circle);
    return circle;
  },
  nan: () => [Number.NaN],
  text: () => "plain",
  environment: () => [process.env.INGOT_TEST_SECRET ?? "hidden", process.env.INGOT_TEST_OPEN ?? "hidden"],
  bytes: () => Uint8Array.of(1, 2, 3),
  reply: () => reply({ ok: true }, { status: 202, headers: { "X-Kind": "own" } }),
  tensor: () => tensor([1, 2]),
  throw: () => {
    throw new Error("this postprocess throws");
  },
};

export const createHandler: HandlerFactory = () => ({
  async preprocess({ data }) {
    const [what = "", argument = ""] = String(data).split(" ");
    return [tensor([[...((await deeds[what]?.(argument)) ?? [])]])];
  },
  postprocess([output], { data }) {
    const [what, argument = ""] = String(data).split(" ");
    return what === "answer" ? answers[argument]?.() : output?.select(0, 0).select(0, 0).item();
  },
});
