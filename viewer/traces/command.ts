// `spanwright traces RECIPE`: what operators ask of a trace backend, a Collector and a log, each as one command with a table for
// people and JSON for programs. Checks the words against the recipe's row, then runs it.

import { type CommandCode, type Invocation, UsageError } from '../../cli/command.js';
import { optionsOfRecipe, RECIPES, type Recipe, type RecipeName } from '../../cli/viewer/recipes.js';
import { counted } from '../../runtime/text/counted.js';
import { didYouMean } from '../../runtime/text/nearest.js';
import { printable } from '../../runtime/text/printable.js';

const CODE: Readonly<Record<RecipeName, () => Promise<CommandCode>>> = {
  show: async () => (await import('./show.js')).runShow,
  'from-log': async () => (await import('./from-log.js')).runFromLog,
  slow: async () => (await import('./search.js')).runSlow,
  errors: async () => (await import('./search.js')).runErrors,
  find: async () => (await import('./search.js')).runFind,
  spike: async () => (await import('./spike.js')).runSpike,
  map: async () => (await import('./map.js')).runMap,
  verify: async () => (await import('./verify.js')).runVerify,
  broken: async () => (await import('./broken.js')).runBroken,
  sampling: async () => (await import('./sampling.js')).runSampling,
  collector: async () => (await import('./collector.js')).runCollector,
};

const recipeNames = (): string[] => RECIPES.map(({ name }) => name);

function recipeNamed(name: string): Recipe {
  const found = RECIPES.find((recipe) => recipe.name === name);
  if (found !== undefined) return found;
  const known = `Expected one of ${recipeNames().join(', ')}.`;
  throw new UsageError(`traces has no recipe "${printable(name, 60)}".${didYouMean(name, recipeNames())} ${known}`);
}

/** Exit code 0, or 1 where a recipe that judges (verify, broken, collector) finds a fault. @throws UsageError for wrong words. */
export async function runTraces(invocation: Invocation): Promise<number> {
  const [name = '', ...words] = invocation.arguments;
  const recipe = recipeNamed(name);
  const [least, most] = recipe.arity;
  if (words.length < least || words.length > most) {
    const found = counted(words.length, 'argument');
    throw new UsageError(`traces ${name} got ${found}. Usage: ${`spanwright traces ${name} ${recipe.usage}`.trim()}`);
  }
  const known = optionsOfRecipe(recipe);
  for (const option of invocation.options.keys()) {
    if (known.includes(option)) continue;
    throw new UsageError(`"spanwright traces ${name}" has no option --${option}; it has --${known.join(', --')}.`);
  }
  return (await CODE[recipe.name]())({ ...invocation, arguments: words });
}
