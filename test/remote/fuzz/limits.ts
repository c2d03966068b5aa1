/** Small, so that frames are found on both sides of each. */
export const limits = { frameSize: 20_000, concurrency: 16, depth: 12, timeout: 300 }
