/** Sockets of the scenario's network. */

/** Whether a number is a socket that a lookup gave. */
export function is_socket(value: u64): bool {
  return false;
}
