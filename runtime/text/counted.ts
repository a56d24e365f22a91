// Numbers with their nouns in messages, tables and pages: "1 site", "2 sites". Browser code may import it.

/** The noun in the form that fits the count. */
export const nounFor = (count: number, noun: string, plural = `${noun}s`): string => (count === 1 ? noun : plural);

export const counted = (count: number, noun: string, plural?: string): string => `${count} ${nounFor(count, noun, plural)}`;
