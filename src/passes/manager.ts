// The pass manager: runs a list of passes to a fixed point, counts what fired, can stop after any step, and checks as it goes.
import { ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import type { Patch } from "../ir/patch.ts";
import { verifyGraph } from "../ir/verify.ts";
import { fingerprint } from "./fingerprint.ts";
import { checkPassNames, namesOf } from "./names.ts";
import type { Pass, PassContext, Step, Target } from "./pass.ts";
import { PassReport, type PassRow } from "./report.ts";
import { RewriteValidator } from "./validation/validator.ts";

export interface PipelineOptions {
  readonly target?: Target;
  /** Names of passes or rules that are switched off. Throws `UnknownPass` for a name that no pass or rule has. */
  readonly disable?: readonly string[];
  /**
   * Stop early: after so many rewrites, or once the pass (or the pass with the rule) of this name has run for the first time. Throws
   * `UnknownPass`.
   */
  readonly stopAt?: string | number;
  /** Verify the graph after every pass. Default: when the environment variable INGOT_VERIFY is set, as the tests do. */
  readonly verify?: boolean;
  /**
   * Compare every rewrite, before it is applied, with the nodes it replaces, on small random inputs. Default true; costs about one
   * multiplication per weight.
   */
  readonly validate?: boolean;
  /** Called before each rewrite that is a patch, with the step it will be; the graph is still as it was. */
  readonly onRewrite?: (patch: Patch, step: Step) => void;
  /** Called after each pass that changed the graph, with the number of rewrites. `onPass: (pass, graph) => console.log(pass.name, String(graph))` prints it. */
  readonly onPass?: (pass: Pass, graph: Graph, fired: number) => void;
}

/** Fuel per node and constant of the graph at the start. */
const stepsPerNode = 16;
/** Fuel of a small graph. */
const leastSteps = 512;
/** A structure that comes back so often is a circle (once more may be a change of constants alone). */
const repeats = 3;

/**
 * Changes the graph until no pass finds anything more.
 *
 * What falls, so that it ends: the fuel. A run has 16 steps for each node and constant that the graph has at the start (at least 512), and
 * each rewrite takes one. A circle is found earlier: no structure of the graph may stand at the end of three rounds. Throws
 * `PassesDoNotSettle` with the rules of the circle, `UnknownPass`, `RewriteNotEquivalent`.
 */
export function runPasses(graph: Graph, passes: readonly Pass[], options: PipelineOptions = {}): PassReport {
  const { target = "portable", verify = process.env.INGOT_VERIFY !== undefined, validate = true, stopAt } = options;
  checkPassNames([...(options.disable ?? []), ...(typeof stopAt === "string" ? [stopAt] : [])], passes);
  const disabled = new Set(options.disable);
  const stopAfter = typeof stopAt === "number" ? stopAt : Number.POSITIVE_INFINITY;
  const validator = validate ? new RewriteValidator() : undefined;
  const journal: Step[] = [];
  const tallies = passes.map((pass) => ({ pass, fired: {} as Record<string, number>, total: 0, ms: 0 }));
  const nodesBefore = graph.nodeCount;
  const fuel = Math.max(leastSteps, stepsPerNode * (nodesBefore + graph.initializers.size));
  const seen = new Map<string, number[]>();
  let stopped = false;
  let rounds = 0;
  for (let changed = true; changed && !stopped; rounds++) {
    changed = false;
    for (const tally of tallies) {
      const { pass } = tally;
      if (stopped) break;
      const before = journal.length;
      const since = performance.now();
      const context: PassContext = {
        target,
        enabled: (rule) => !disabled.has(rule),
        step: (rule, node) => {
          if (journal.length >= stopAfter) {
            stopped = true;
            return false;
          }
          if (journal.length >= fuel) throw circle(rounds + 1, journal.slice(-fuel / 2));
          journal.push({ number: journal.length + 1, pass: pass.name, rule, op: node.op, provenance: node.provenance });
          tally.fired[rule] = (tally.fired[rule] ?? 0) + 1;
          return true;
        },
        check: (patch, claim, node) => {
          options.onRewrite?.(patch, journal[journal.length - 1] as Step);
          if (claim) validator?.check(patch, claim, node);
          else validator?.accept();
        },
      };
      if (!disabled.has(pass.name)) pass.run(graph, context);
      tally.ms += performance.now() - since;
      const fired = journal.length - before;
      tally.total += fired;
      if (fired > 0) {
        changed = true;
        if (verify) verifyGraph(graph);
        options.onPass?.(pass, graph, fired);
      }
      if (typeof stopAt === "string" && namesOf(pass).includes(stopAt)) stopped = true;
    }
    if (!changed) continue;
    const structure = fingerprint(graph);
    const visits = seen.get(structure) ?? [];
    seen.set(structure, [...visits, journal.length]);
    if (visits.length + 1 >= repeats) throw circle(rounds + 1, journal.slice(visits[visits.length - 1]));
  }
  const rows = tallies.map(
    ({ pass, fired, total, ms }): PassRow => ({ pass: pass.name, about: pass.about, accuracy: pass.accuracy, fired, total, ms }),
  );
  const validation = validator?.tally;
  return new PassReport({ rows, journal, rounds, nodesBefore, nodesAfter: graph.nodeCount, stopped, validation });
}

function circle(rounds: number, steps: readonly Step[]): Error {
  return ingotError("PassesDoNotSettle", { rounds, passes: [...new Set(steps.map((s) => s.rule))].join(", ") });
}
