/**
 * What the 32-bit integers before the data mean. `native/node/src/layout.rs` says the same; a change of either is a new ABI.
 *
 * @internal
 */

/** Both sides have to have been built for the same. */
export const abi = 2

/** The data of both directions begins at this slot; the integers before it are half a slot each. */
export const header = 4

/** Of a call. */
export const input = { handle: 0, command: 1, slots: 2, text: 3, bytes: 4, id: 5, transport: 6, kind: 7 } as const

/** Of an answer. */
export const output = { status: 0, slots: 1, bytes: 2, handle: 3 } as const

/** Added to the status of an answer that has to be fetched, because the areas are too small. */
export const unfetched = 0x100

/** How the input and the answer are written. */
export const transports = { positional: 0, json: 1, bytes: 2 } as const

/** What an asynchronous call does. */
export const kinds = { call: 0, open: 1, next: 2, create: 3, control: 4 } as const

/** What can be asked of an instance besides its commands. */
export const controls = {
  health: 0,
  pressure: 1,
  shed: 2,
  heal: 3,
  shutdown: 4,
  metrics: 5,
  list: 6,
  get: 7,
  set: 8,
  initialize: 9
} as const

/** How a call ended. */
export const statuses = { ok: 0, failure: 1, defect: 2, unavailable: 3, interrupted: 4, end: 5 } as const
