// `@spanwright/viewer/commands`: the code of the commands that the `spanwright` program runs from this package, by name.
// Loaded by cli/viewer/load.ts; the rows of these commands (options, help) are in cli/viewer/commands.ts.

import type { ViewerCommands } from '../cli/viewer/load.js';

export const commands: ViewerCommands['commands'] = {
  view: async () => (await import('./view/command.js')).runView,
  diff: async () => (await import('./view/diff-command.js')).runDiff,
  receive: async () => (await import('./receiver/command.js')).runReceive,
  traces: async () => (await import('./traces/command.js')).runTraces,
};
