/** What is largest comes first; of equals, what was put in last. */
export class Heap<T> {
  private readonly items: { readonly rank: number; readonly turn: number; readonly item: T }[] = [];
  private turns = 0;

  get size(): number {
    return this.items.length;
  }

  /** Largest rank; -Infinity where it is empty. */
  get most(): number {
    return this.items[0]?.rank ?? -Infinity;
  }

  push(rank: number, item: T): void {
    const { items } = this;
    items.push({ rank, turn: this.turns++, item });
    for (let at = items.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!this.isBefore(at, above)) return;
      this.swap(at, above);
      at = above;
    }
  }

  pop(): T | undefined {
    const { items } = this;
    const [first] = items;
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first?.item;
    items[0] = last;
    for (let at = 0; ; ) {
      let next = at;
      if (2 * at + 1 < items.length && this.isBefore(2 * at + 1, next)) next = 2 * at + 1;
      if (2 * at + 2 < items.length && this.isBefore(2 * at + 2, next)) next = 2 * at + 2;
      if (next === at) return first.item;
      this.swap(at, next);
      at = next;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [x, y] = [this.items[a], this.items[b]];
    return x.rank > y.rank || (x.rank === y.rank && x.turn > y.turn);
  }

  private swap(a: number, b: number): void {
    const one = this.items[a];
    this.items[a] = this.items[b];
    this.items[b] = one;
  }
}
