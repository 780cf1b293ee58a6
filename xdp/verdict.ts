/** Names of what an XDP program may return, by number (enum xdp_action). Anything above acts as XDP_ABORTED. */
export const VERDICTS = ["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"] as const;
export type XdpAction = (typeof VERDICTS)[number];
