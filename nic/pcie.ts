/**
 * The bus between NIC and host: what a transaction takes on it. Model and figures: Neugebauer et al., "Understanding PCIe
 * performance for end host networking", SIGCOMM 2018, and its pcie-bench/pcie-model: a transfer of n bytes is
 * ceil(n / MPS) packets with a header each; the rest of the raw rate goes to acknowledgements and flow control.
 */

import { PCIE_MPS as MPS, PCIE_WRITE_HEADER as MWR_HEADER } from "./runtime/abi.js";

/** Bytes of header with framing: read request (64-bit addresses), completion with data. */
const MRD_HEADER = 24;
const CPLD_HEADER = 20;
/** Largest read request, bytes, as hosts set it. */
const MRRS = 512;

/** Gigatransfers a second of a lane, and payload bits of each, by generation from 1. Generation 6 is taken without its forward error correction. */
const LANES: readonly (readonly [gts: number, code: number])[] = [[2.5, 8 / 10], [5, 8 / 10], [8, 128 / 130], [16, 128 / 130], [32, 128 / 130], [64, 242 / 256]];

export interface PcieSpec {
  readonly generation: number;
  readonly lanes: number;
}

/** Raw rate of one direction, Gb/s. */
export function pcieRawGbps({ generation, lanes }: PcieSpec): number {
  const [gts, code] = LANES[generation - 1] ?? LANES[2];
  return gts * code * lanes;
}

/** Rate left for transactions, Gb/s: published 57.88 of 63.02 with 8 lanes, 113.7 of 126.03 with 16. */
export function pcieTlpGbps(spec: PcieSpec): number {
  return pcieRawGbps(spec) * (spec.lanes > 8 ? 0.90217 : 0.91844);
}

/** Bytes on the bus of a DMA write of `size` bytes. */
export function dmaWriteBytes(size: number): number {
  return Math.ceil(size / MPS) * MWR_HEADER + size;
}

/** Bytes on the bus, towards the NIC, of the answers to a DMA read of `size` bytes. */
export function dmaReadBytes(size: number): number {
  return Math.ceil(size / MPS) * CPLD_HEADER + size;
}

/** Gb/s of payload with writes (or reads) of `size` bytes alone. */
export function pcieWriteGbps(spec: PcieSpec, size: number): number {
  return (pcieTlpGbps(spec) * size) / dmaWriteBytes(size);
}
export function pcieReadGbps(spec: PcieSpec, size: number): number {
  return (pcieTlpGbps(spec) * size) / dmaReadBytes(size);
}

/**
 * Gb/s each way of packets that are received and sent at once: the direction from NIC to host carries the received packet,
 * the requests for the sent one, and `overheadBytes` of descriptors, doorbells and interrupts.
 */
export function pcieBothWaysGbps(spec: PcieSpec, size: number, overheadBytes: number): number {
  return (pcieTlpGbps(spec) * size) / (dmaWriteBytes(size) + Math.ceil(size / MRRS) * MRD_HEADER + overheadBytes);
}

/** Median latency, ns, of a DMA read (or of a write and a read behind it) of `size` bytes: NFP-6000 on a Haswell host, straight lines through the published sizes. */
export function dmaReadNs(size: number): number {
  return 582 + 0.302 * size;
}
export function dmaWriteReadNs(size: number): number {
  return 784 + 0.535 * size;
}

/** DMA reads that the NFP-6000's engines have in flight: 64 bytes at 28.65 Gb/s, each 600 ns. */
const READS_IN_FLIGHT = 33.6;

/** Gb/s of DMA reads of `size` bytes: as many as are in flight, or as the bus carries. */
export function dmaReadGbps(spec: PcieSpec, size: number): number {
  return Math.min((READS_IN_FLIGHT * size * 8) / dmaReadNs(size), pcieReadGbps(spec, size));
}
