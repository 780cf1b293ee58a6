/** What of a card changes the code that is made for it. */
import type { NfpTarget } from "../nfp/meta.js";
import type { OffloadProfile } from "./schema.js";

export function nfpTarget({ adjustHeadSub, adjustHeadAdd }: OffloadProfile): NfpTarget {
  return { guaranteedSub: adjustHeadSub, guaranteedAdd: adjustHeadAdd };
}
