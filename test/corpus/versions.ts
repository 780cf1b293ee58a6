/** Where objects of the corpus come from, as their versions say it. */

/** Instruction sets that the XDP programs of the kernel's tree are compiled for. */
export const CPU_VERSIONS = ["v1", "v3", "v4"] as const;
/** Programs that were not written for XDP, and are loaded as such. */
export const AS_XDP = "as XDP";
