// Percent-encoded text of a header, a URL or a variable.

/** The decoded text, or undefined when the encoding is invalid. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
