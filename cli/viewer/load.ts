// Loads the code of a command from `@spanwright/viewer`, a package of its own: a service installs `spanwright` and needs none of it.
// Its contract is the module `@spanwright/viewer/commands`: a record of loaders by command name.

import { type CommandCode, CommandFailure } from '../command.js';

const VIEWER_PACKAGE = '@spanwright/viewer';

type ViewerCommandName = 'view' | 'receive' | 'traces' | 'diff';

/** Exports of `@spanwright/viewer/commands`. */
export interface ViewerCommands {
  readonly commands: Readonly<Record<ViewerCommandName, () => Promise<CommandCode>>>;
}

/** @throws CommandFailure with the command that installs the package, when it is missing. */
export async function loadViewerCommand(
  name: ViewerCommandName,
  load: (entry: string) => unknown = require,
): Promise<CommandCode> {
  const entry = `${VIEWER_PACKAGE}/commands`;
  let viewer: ViewerCommands;
  try {
    viewer = load(entry) as ViewerCommands;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Only the package itself: a missing dependency of it is another fault.
    if (code !== 'MODULE_NOT_FOUND' || !message.includes(`'${entry}'`)) throw error;
    throw new CommandFailure(
      `"spanwright ${name}" is part of ${VIEWER_PACKAGE}, which is not installed. Install it with: npm install -D ${VIEWER_PACKAGE}`,
    );
  }
  const found = viewer.commands[name];
  if (found === undefined) {
    throw new CommandFailure(
      `The installed ${VIEWER_PACKAGE} has no command "${name}". Install the version of spanwright: npm install -D ${VIEWER_PACKAGE}@latest`,
    );
  }
  return found();
}
