/** Errors that helpers return, negated (asm-generic/errno-base.h and errno.h). */
export const ENOENT: i32 = 2;
export const E2BIG: i32 = 7;
export const EACCES: i32 = 13;
export const EFAULT: i32 = 14;
export const EBUSY: i32 = 16;
export const ENODEV: i32 = 19;
export const EINVAL: i32 = 22;
export const ENOSPC: i32 = 28;
export const ERANGE: i32 = 34;
export const EAFNOSUPPORT: i32 = 97;
export const ENODATA: i32 = 61;
export const EOPNOTSUPP: i32 = 95;
export const EEXIST: i32 = 17;
export const EPERM: i32 = 1;
export const EPROTONOSUPPORT: i32 = 93;
export const EDEADLK: i32 = 35;
export const ENOMEM: i32 = 12;
