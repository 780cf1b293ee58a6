/** Names without what only tells one version of a type from another: `sk_buff` of `sk_buff___old`. */

/** Three underscores, and on both sides something that is none. */
const FLAVOUR = /^(.*[^_])___[^_].*$/s;

/** A name up to the last `___flavour`. */
export function essentialName(name: string): string {
  // Most names have none, and this is asked of very many.
  if (!name.includes("___")) return name;
  const match = FLAVOUR.exec(name);
  return match ? (match[1] as string) : name;
}
