/**
 * What a server bears of one client.
 *
 * @internal
 */
export interface Limits {
  /** Bytes, or characters of text, of one frame. Default 16 MiB. */
  readonly frameSize: number
  /** Calls of one connection that run at the same time. Default 256. */
  readonly concurrency: number
  /** How deeply a payload is nested. Default 64. */
  readonly depth: number
  /** Milliseconds that a call may take, whatever the caller asks for. Default: no limit. */
  readonly timeout: number
}

const defaultLimits: Limits = {
  frameSize: 16 * 1024 * 1024,
  concurrency: 256,
  depth: 64,
  timeout: Infinity
}

/** @internal */
export const limitsOf = (limits: Partial<Limits> | undefined): Limits => {
  const all = { ...defaultLimits, ...limits }
  for (const [name, value] of Object.entries(all)) {
    if (typeof value !== "number" || !(value > 0)) {
      throw new TypeError(`OperationServer: limits.${name} must be a positive number, not ${String(value)}.`)
    }
  }
  return all
}
