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
