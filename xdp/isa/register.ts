/** Registers (RFC 9669, section 2). */
/** Return value of functions and of the program. */
export const R0 = 0;
/** First of five argument registers; the context when a program starts. */
export const R1 = 1;
export const R2 = 2;
export const R3 = 3;
export const R4 = 4;
export const R5 = 5;
/** First of four registers that a callee preserves. */
export const R6 = 6;
export const R7 = 7;
export const R8 = 8;
export const R9 = 9;
/** Frame pointer, read only: the end of the function's stack. */
export const R10 = 10;

/** Registers that a program can name. */
export const REGISTER_COUNT = 11;
/** Arguments of a call, r1 to r5. */
export const MAX_ARGUMENTS = 5;
/** Bytes of stack that one function may use. */
export const STACK_SIZE = 512;
