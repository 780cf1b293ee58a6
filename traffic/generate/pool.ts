/** Pools of addresses to draw from: prefixes of both families. */
import { parsePrefix } from "../packet/prefix.js";
import type { Prefix } from "../packet/prefix.js";
import type { Random } from "./random.js";

/** Addresses and prefixes in CIDR notation, one or several, of either family. */
export type Addresses = string | readonly string[];

/** An address family by the length of its addresses in bytes. */
export type Family = 4 | 16;

/** Draws addresses: first a prefix, each as likely, then an address within. */
export class AddressPool {
  readonly #byFamily: Readonly<Record<Family, readonly Prefix[]>>;
  readonly #all: readonly Prefix[];

  /** @throws AddressError for text that is no address or prefix */
  constructor(addresses: Addresses) {
    this.#all = (typeof addresses === "string" ? [addresses] : addresses).map(parsePrefix);
    if (this.#all.length === 0) throw new RangeError("a pool of no addresses; give at least one address or prefix");
    const of = (family: Family): Prefix[] => this.#all.filter(({ address }) => address.length === family);
    this.#byFamily = { 4: of(4), 16: of(16) };
  }

  /** Whether it has addresses of `family`. */
  has(family: Family): boolean {
    return this.#byFamily[family].length > 0;
  }

  /** An address; of `family`, if one is given, which the pool must {@link has | have}. */
  draw(random: Random, family?: Family): Uint8Array {
    const { address, bits } = random.pick(family === undefined ? this.#all : this.#byFamily[family]);
    const drawn = address.slice();
    for (let i = bits >> 3; i < drawn.length; i++) {
      const host = Math.min(8, 8 * (i + 1) - bits);
      drawn[i] |= random.u32() & (0xff >> (8 - host));
    }
    return drawn;
  }
}

/** Two pools between which packets flow. */
export class Endpoints {
  readonly #from: AddressPool;
  readonly #to: AddressPool;
  /** The family that both have, when they have one only. */
  readonly #only: Family | undefined;

  /** @throws RangeError when the two have no family in common */
  constructor(from: Addresses, to: Addresses) {
    this.#from = new AddressPool(from);
    this.#to = new AddressPool(to);
    const common = ([4, 16] as const).filter((family) => this.#from.has(family) && this.#to.has(family));
    if (common.length === 0) throw new RangeError("from and to have no address family in common; give both IPv4 or both IPv6 addresses");
    this.#only = common.length === 1 ? common[0] : undefined;
  }

  /** A source and a destination of one family; the share of each family is its share of the prefixes of `from`. */
  draw(random: Random): { src: Uint8Array; dst: Uint8Array } {
    const src = this.#from.draw(random, this.#only);
    return { src, dst: this.#to.draw(random, src.length === 4 ? 4 : 16) };
  }
}
