// Requests of several kinds to a server, from many clients at once, while its workers are killed one after the other: what became of each.
import { Agent, request } from "node:http";
import process from "node:process";

/** One kind of request, with what its answer has to be. */
export interface Kind {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly expected: (body: Buffer) => boolean;
}

export interface MixedLoad {
  readonly inference: string;
  readonly management: string;
  /** Whose workers are killed. */
  readonly models: readonly string[];
  readonly kinds: readonly Kind[];
  readonly clients: number;
  readonly seconds: number;
  /** A worker is killed this often, in s. */
  readonly killEvery: number;
}

export interface Outcome {
  readonly right: number;
  /** 200 with another answer than expected. */
  readonly wrong: number;
  /** `Worker died.`, by whatever status. */
  readonly died: number;
  /** Connections that ended without an answer. */
  readonly lost: number;
  /** Other answers, with how often each came. */
  readonly others: ReadonlyMap<string, number>;
  readonly kills: number;
  /** Answers of /ping that were not 200. */
  readonly unhealthy: number;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Runs the load until its time is over. */
export async function mixedLoad(load: MixedLoad): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.clients + 2 });
  const end = performance.now() + load.seconds * 1000;
  const counts = { right: 0, wrong: 0, died: 0, lost: 0, kills: 0, unhealthy: 0 };
  const others = new Map<string, number>();
  const client = async (first: number) => {
    for (let i = first; performance.now() < end; i++) {
      const kind = load.kinds[i % load.kinds.length] as Kind;
      const answer = await send(agent, load.inference, kind);
      if (answer === undefined) counts.lost++;
      else if (answer.status === 200) counts[kind.expected(answer.body) ? "right" : "wrong"]++;
      else if (answer.body.includes("Worker died.")) counts.died++;
      else {
        const text = `${answer.status} ${answer.body}`;
        others.set(text, (others.get(text) ?? 0) + 1);
      }
    }
  };
  const killer = async () => {
    for (let i = 0; performance.now() + load.killEvery * 1000 < end; i++) {
      await new Promise((resolve) => setTimeout(resolve, load.killEvery * 1000));
      if (await killWorker(load.management, load.models[i % load.models.length] as string)) counts.kills++;
      const ping = await fetch(`${load.inference}/ping`);
      await ping.arrayBuffer();
      if (ping.status !== 200) counts.unhealthy++;
    }
  };
  await Promise.all([killer(), ...Array.from({ length: load.clients }, (_, i) => client(i))]);
  agent.destroy();
  return { ...counts, others };
}

/** Ends one worker of a model as a crash of native code does. */
async function killWorker(management: string, model: string): Promise<boolean> {
  const [described] = (await (await fetch(`${management}/models/${model}`)).json()) as {
    readonly workers: readonly { readonly pid: number }[];
  }[];
  const pids = (described?.workers ?? []).map((w) => w.pid).filter((pid) => pid > 0);
  const pid = pids[Math.floor(Math.random() * pids.length)];
  return pid !== undefined && process.kill(pid, "SIGSEGV");
}

function send(agent: Agent, base: string, { path, headers, body }: Kind): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const call = request(
      `${base}${path}`,
      { method: "POST", agent, headers: { ...headers, "content-length": body.byteLength } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on("error", () => resolve(undefined));
      },
    );
    call.on("error", () => resolve(undefined));
    call.end(body);
  });
}

const near = (a: unknown, b: readonly number[]) => Array.isArray(a) && a.length === b.length && a.every((v, i) => v === b[i]);

/** Small requests to a model that doubles, by TorchServe's way and by the Open Inference Protocol's. */
export function doublerKinds(model: string): Kind[] {
  const json = { "content-type": "application/json" };
  return [1, 2, 3].flatMap((n): Kind[] => [
    {
      path: `/predictions/${model}`,
      headers: json,
      body: Buffer.from(JSON.stringify([n, 2 * n, -n])),
      expected: (body) => near(JSON.parse(body.toString()), [2 * n, 4 * n, -2 * n]),
    },
    {
      path: `/v2/models/${model}/infer`,
      headers: json,
      body: Buffer.from(JSON.stringify({ inputs: [{ name: "x", shape: [1, 3], datatype: "FP32", data: [n, 0, n] }] })),
      expected: (body) => near((JSON.parse(body.toString()) as { outputs: { data: unknown }[] }).outputs[0]?.data, [2 * n, 0, 2 * n]),
    },
  ]);
}
