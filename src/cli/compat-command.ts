// ingot compat: TorchServe's commands by their own names, for scripts that call them.
import { Command } from "commander";
import { installLaunchers, launchers } from "../archive/launchers.ts";
import { action, connect, makeCommand, type Session, withCommonOptions } from "./command.ts";
import { thisProgram } from "./this-program.ts";

export function compatCommand(session: Session): Command {
  const install = makeCommand(
    session,
    "install",
    `Write the commands ${Object.keys(launchers).join(" and ")} into a folder; they call this ingot.`,
    "ingot compat install ~/.local/bin",
    "ingot compat install ./bin --force",
  )
    .argument("<folder>", "a folder of your PATH; it is made if need be")
    .option("-f, --force", "replace commands of these names")
    .action(
      action<[string], { readonly force?: boolean }>(session, async ({ options: { force = false }, print }, folder) => {
        const paths = await installLaunchers(folder, thisProgram(), { force });
        print({ paths }, () => paths.join("\n"));
        return 0;
      }),
    );
  return connect(new Command("compat"), session)
    .description("Install TorchServe's command names for this program.")
    .usage("install <folder>")
    .addHelpText("after", "\nExamples:\n  ingot compat install ~/.local/bin\n  ingot compat install ./bin --force")
    .enablePositionalOptions()
    .addCommand(withCommonOptions(install));
}
