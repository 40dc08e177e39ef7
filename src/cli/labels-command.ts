// ingot labels: the names of a data set's classes, in the form that TorchServe's handlers read.
import { Argument, type Command } from "commander";
import { imagenetClasses } from "../models/imagenet-classes.ts";
import { action, makeCommand, type Session } from "./command.ts";

/** By the name of the data set. */
const dataSets = { imagenet: imagenetClasses } as const;

export function labelsCommand(session: Session): Command {
  return makeCommand(
    session,
    "labels",
    "Print the names of a data set's classes as JSON, for index_to_name.json.",
    "ingot labels imagenet > index_to_name.json",
    "ingot labels imagenet | head",
  )
    .addArgument(new Argument("<set>", "the data set").choices(Object.keys(dataSets)))
    .action(
      action<[keyof typeof dataSets], object>(session, async ({ streams }, set) => {
        const rows = dataSets[set].map(
          (label, i) => `  ${JSON.stringify(String(i))}: [${label.map((text) => JSON.stringify(text)).join(", ")}]`,
        );
        streams.out(`{\n${rows.join(",\n")}\n}\n`);
        return 0;
      }),
    );
}
