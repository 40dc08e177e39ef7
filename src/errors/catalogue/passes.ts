// Errors of the optimiser.
import { errorFamily } from "../entry.ts";

export const passErrors = errorFamily({
  PassesDoNotSettle: {
    kind: "GraphError",
    message: "the passes did not come to rest after {rounds} rounds; the last ones to fire were {passes}",
    hint: "Two rules undo each other. Switch one of them off by name (disable), and report it.",
    about:
      "The optimiser runs its passes until none of them finds anything more. Rules that undo each other would go on for ever; this stops them.",
  },
  UnknownPass: {
    kind: "ArgumentError",
    message: "{name} is neither a pass nor a rule",
    hint: "The names are {known}.",
    about: "Passes and rules are switched off by their names, as the report prints them.",
  },
});
