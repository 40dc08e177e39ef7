// The pass manager: runs a list of passes to a fixed point, counts what fired, can stop after any step, verifies in between when asked.
import { ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { verifyGraph } from "../ir/verify.ts";
import type { Pass, Step, Target } from "./pass.ts";
import { PassReport, type PassRow } from "./report.ts";

export interface PipelineOptions {
  readonly target?: Target;
  /** Names of passes or rules that are switched off. Throws `UnknownPass` for a name that no pass or rule has. */
  readonly disable?: readonly string[];
  /** Stop after so many rewrites; for bisecting. */
  readonly stopAfter?: number;
  /** Verify the graph after every pass. Default: when the environment variable INGOT_VERIFY is set, as the tests do. */
  readonly verify?: boolean;
  /** Called after each pass that changed the graph. */
  readonly onPass?: (pass: Pass, graph: Graph, fired: number) => void;
}

/** A pipeline that is not at rest after so many rounds is going in circles. */
const maxRounds = 32;

/**
 * Changes the graph until no pass finds anything more. Each round must fire fewer rewrites than there are nodes and initializers for
 * each pass; rules lower the measure (nodes, then operators that are not canonical), so rounds are few.
 */
export function runPasses(graph: Graph, passes: readonly Pass[], options: PipelineOptions = {}): PassReport {
  const { target = "portable", stopAfter = Number.POSITIVE_INFINITY, verify = process.env.INGOT_VERIFY !== undefined } = options;
  const disabled = new Set(options.disable);
  const journal: Step[] = [];
  const tallies = passes.map((pass) => ({ pass, fired: {} as Record<string, number>, total: 0, ms: 0 }));
  const nodesBefore = graph.nodeCount;
  let stopped = false;
  let rounds = 0;
  for (let changed = true; changed && !stopped; rounds++) {
    if (rounds === maxRounds)
      throw ingotError("PassesDoNotSettle", { rounds, passes: [...new Set(journal.slice(-50).map((s) => s.rule))].join(", ") });
    changed = false;
    for (const tally of tallies) {
      const { pass } = tally;
      if (disabled.has(pass.name) || stopped) continue;
      const before = journal.length;
      const since = performance.now();
      pass.run(graph, {
        target,
        enabled: (rule) => !disabled.has(rule),
        step: (rule, node) => {
          if (journal.length >= stopAfter) {
            stopped = true;
            return false;
          }
          journal.push({ number: journal.length + 1, pass: pass.name, rule, op: node.op, provenance: node.provenance });
          tally.fired[rule] = (tally.fired[rule] ?? 0) + 1;
          return true;
        },
      });
      tally.ms += performance.now() - since;
      const fired = journal.length - before;
      tally.total += fired;
      if (fired === 0) continue;
      changed = true;
      if (verify) verifyGraph(graph);
      options.onPass?.(pass, graph, fired);
    }
  }
  const rows = tallies.map(
    ({ pass, fired, total, ms }): PassRow => ({ pass: pass.name, about: pass.about, accuracy: pass.accuracy, fired, total, ms }),
  );
  return new PassReport({ rows, journal, rounds, nodesBefore, nodesAfter: graph.nodeCount, stopped });
}
