/**
 * Layout of the block of tables from which the wasm loop (nic/rss/assembly) hashes. First the Toeplitz tables of 36 input
 * bytes, 256 words each, then these.
 */

/** By IP protocol: which flow type of its IP version it is, 0 to 4 of TCP, UDP, SCTP, AH, ESP, or 5 for none; bytes. */
export const BLOCK_FLOW = 36864;
/** By IPv6 next header: 1 where it is an extension header that is walked over; bytes. */
export const BLOCK_EXTENSION = 37120;
/** FIELD_* bits by flow type; bytes. */
export const BLOCK_FIELDS = 37376;
/** Queue by hash; 16 bits each, as many as the table is large. */
export const BLOCK_INDIRECTION = 37392;
