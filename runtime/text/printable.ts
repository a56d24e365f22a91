// Text from outside, made safe to write into a log line, an error message or a terminal: no control characters, no line
// breaks of any alphabet, no direction overrides, bounded. Used by the admin hook, its log and the command line program.

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** `text` on one line, at most `most` characters, with every run of unsafe characters replaced by one space. */
export function printable(text: string, most = 200): string {
  const line = text
    .slice(0, most * 4)
    .replace(UNSAFE, ' ')
    .trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

const UNSAFE_IN_LINES = /\r(?!\n)|[^\P{Cc}\r\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** The escape sequences that styled() of the command line program writes, and those of TypeScript's messages. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const STYLE = /(\u{1b}\[(?:[0127]|3[1-3]|9[013-6])m)/u;

/**
 * Lines for a terminal, as the last filter of a program: every other control, format and direction character becomes its JSON escape,
 * so that JSON stays what it was.
 * @param styles true: colours of the program and of the compiler are kept
 */
export function printableLines(text: string, styles = false): string {
  const clean = (part: string): string => part.replace(UNSAFE_IN_LINES, unicodeEscaped);
  // split() by a group puts what it matched at each odd place
  return styles
    ? text
        .split(STYLE)
        .map((part, at) => (at % 2 === 1 ? part : clean(part)))
        .join('')
    : clean(text);
}

function unicodeEscaped(found: string): string {
  let text = '';
  for (let at = 0; at < found.length; at++) text += `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return text;
}
