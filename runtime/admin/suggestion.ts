// The end of a message about an unknown name: what was most likely meant. For the admin hook and the command line program.

import { nearest } from '../text/nearest.js';

/** ` Did you mean "x"?`, or the empty string when nothing known is near. */
export function didYouMean(given: string, names: Iterable<string>): string {
  const name = nearest(given, names);
  return name === undefined ? '' : ` Did you mean "${name}"?`;
}
