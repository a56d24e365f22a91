// Anchors of headings as GitHub makes them, which the links of the documents are written for. Used by build.ts and config.mts.

export const slugify = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

/** Anchors of a Markdown text in order; a repeated one gets a number. */
function anchorsOf(markdown: string): string[] {
  const count = new Map<string, number>();
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => {
    const slug = slugify(heading as string);
    const before = count.get(slug) ?? 0;
    count.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

/** TypeDoc numbers anchors by headings that it does not print. Those go to the last heading of the name. */
export function withPrintedAnchors(markdown: string): string {
  const printed = anchorsOf(markdown);
  return markdown.replace(/\]\(#([^)]+)\)/g, (link, anchor: string) => {
    if (printed.includes(anchor)) return link;
    const name = anchor.replace(/-\d+$/, '');
    const found = printed.findLast((candidate) => candidate.replace(/-\d+$/, '') === name);
    return found === undefined ? link : `](#${found})`;
  });
}
