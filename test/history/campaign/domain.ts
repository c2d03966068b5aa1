/**
 * The application under test, as pure data: what each operation does to the documents, and how it is taken back.
 *
 * Handlers and mappings of the executor are thin shells around these functions, and so are the steps of the model; neither
 * side learns anything about the history from here.
 */
import type { LeafName } from "./program.ts"

export interface Note {
  title: string
  /** Another note, or a document. */
  parent: string
}

/** Everything the operations write. Undo restores all of it but `journal` and `nextId`. */
export interface World {
  registers: Record<string, string>
  counters: Record<string, number>
  lists: Record<string, Array<string>>
  notes: Record<string, Note>
  journal: Array<string>
  nextId: number
}

export type InverseName = "note.restore" | "registers.restore" | "text.restore"
export type OperationName = LeafName | InverseName

export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** `n` names the action; `inv` tells that this takes it back. */
export type Input = { readonly n: number; readonly inv?: boolean } & { readonly [name: string]: Json | undefined }
export type Output = { readonly [name: string]: Json }

export const leafNames: ReadonlyArray<OperationName> = [
  "register.set",
  "register.put",
  "text.type",
  "text.drag",
  "counter.add",
  "list.insert",
  "list.remove",
  "note.create",
  "note.delete",
  "note.rename",
  "note.move",
  "layout.set",
  "journal.append",
  "mail.send",
  "document.read",
  "note.restore",
  "registers.restore",
  "text.restore"
]

export const emptyWorld = (): World => ({
  registers: Object.create(null),
  counters: Object.create(null),
  lists: Object.create(null),
  notes: Object.create(null),
  journal: [],
  nextId: 1
})

/** The part that undo and redo answer for, in a canonical form. */
export const canonical = (world: World): string => {
  const sorted = (record: Record<string, unknown>, isEmpty: (value: unknown) => boolean) =>
    Object.keys(record).sort().filter((key) => !isEmpty(record[key])).map((key) => [key, record[key]])
  return JSON.stringify({
    registers: sorted(world.registers, (value) => value === ""),
    counters: sorted(world.counters, (value) => value === 0),
    lists: sorted(world.lists, (value) => (value as Array<unknown>).length === 0),
    notes: Object.keys(world.notes).sort().map((id) => [id, world.notes[id]!.title, world.notes[id]!.parent])
  })
}

const isDocument = (id: string): boolean => id.length === 1

/** The document that a register, counter, list or note stands in. */
const documentOf = (world: World, id: string): string => {
  let at = id
  for (let hops = 0; !isDocument(at) && hops < 1000; hops++) at = world.notes[at]?.parent ?? "?"
  return at
}

const subtree = (world: World, id: string): ReadonlyArray<string> => {
  const out = [id]
  for (let i = 0; i < out.length; i++) {
    for (const child of Object.keys(world.notes).sort()) if (world.notes[child]!.parent === out[i]) out.push(child)
  }
  return out
}

export const isLane = (op: string): boolean => op === "list.insert" || op === "list.remove"
export const isMapped = (op: OperationName): boolean => op in mappings
export const isReadonly = (op: OperationName): boolean => op === "document.read"
export const isIrreversible = (op: OperationName): boolean => op === "mail.send"
export const isSync = (op: OperationName): boolean => op === "layout.set"

const text = (value: Json | undefined): string => String(value)
const number = (value: Json | undefined): number => Number(value)
const register = (world: World, name: string): string => world.registers[name] ?? ""

/** What a handler reads when it starts; the write relies on it, which is a race unless the operation holds a lane. */
export type Memory = { readonly index: number } | undefined

export const begin = (world: World, op: OperationName, input: Input): Memory => {
  if (op === "list.insert") {
    return { index: number(input["at"]) % ((world.lists[text(input["list"])] ?? []).length + 1) }
  }
  if (op === "list.remove") {
    const length = (world.lists[text(input["list"])] ?? []).length
    return { index: length === 0 ? 0 : number(input["at"]) % length }
  }
  return undefined
}

/** One atomic write. A string says why it is impossible; then nothing was written. */
export const write = (world: World, op: OperationName, input: Input, memory: Memory): Output | string => {
  switch (op) {
    case "register.set": {
      const previous = register(world, text(input["register"]))
      world.registers[text(input["register"])] = text(input["value"])
      return { previous }
    }
    case "register.put":
    case "layout.set":
    case "text.drag":
    case "text.restore": {
      world.registers[text(input["register"])] = text(input["value"])
      return {}
    }
    case "text.type": {
      world.registers[text(input["register"])] = register(world, text(input["register"])) + text(input["text"])
      return {}
    }
    case "counter.add": {
      const name = text(input["counter"])
      world.counters[name] = (world.counters[name] ?? 0) + number(input["by"])
      return {}
    }
    case "list.insert": {
      const list = world.lists[text(input["list"])] ??= []
      list.splice(memory!.index, 0, text(input["item"]))
      return { index: memory!.index }
    }
    case "list.remove": {
      const list = world.lists[text(input["list"])] ??= []
      if (memory!.index >= list.length) return "the list is too short"
      return { index: memory!.index, item: list.splice(memory!.index, 1)[0]! }
    }
    case "note.create": {
      const parent = text(input["parent"])
      if (!isDocument(parent) && world.notes[parent] === undefined) return "no such parent"
      const id = input["id"] === undefined ? `g${world.nextId++}` : text(input["id"])
      if (world.notes[id] !== undefined) return "there is such a note"
      world.notes[id] = { title: text(input["title"]), parent }
      return { id, document: documentOf(world, id) }
    }
    case "note.delete": {
      const id = text(input["id"])
      const note = world.notes[id]
      if (note === undefined) return "no such note"
      const document = documentOf(world, id)
      const ids = subtree(world, id)
      for (const gone of ids) delete world.notes[gone]
      return { ids, document, parent: note.parent }
    }
    case "note.restore": {
      const notes = input["notes"] as { [id: string]: { title: string; parent: string } }
      const ids = Object.keys(notes)
      const parent = text(input["parent"])
      if (!isDocument(parent) && world.notes[parent] === undefined) return "no such parent"
      if (ids.some((id) => world.notes[id] !== undefined)) return "there is such a note"
      for (const id of ids) world.notes[id] = { title: notes[id]!.title, parent: notes[id]!.parent }
      return { id: text(input["id"]), document: documentOf(world, text(input["id"])) }
    }
    case "note.rename": {
      const note = world.notes[text(input["id"])]
      if (note === undefined) return "no such note"
      const previous = note.title
      note.title = text(input["title"])
      return { previous, document: documentOf(world, text(input["id"])) }
    }
    case "note.move": {
      const id = text(input["id"])
      const to = text(input["parent"])
      const note = world.notes[id]
      if (note === undefined) return "no such note"
      if (!isDocument(to) && world.notes[to] === undefined) return "no such parent"
      if (subtree(world, id).includes(to)) return "a note cannot move into itself"
      const previous = note.parent
      const from = documentOf(world, id)
      note.parent = to
      return { previous, from, document: documentOf(world, id) }
    }
    case "journal.append":
    case "mail.send": {
      world.journal.push(text(input["line"]))
      return {}
    }
    case "document.read":
      return { notes: Object.keys(world.notes).length }
    case "registers.restore":
      throw new Error("it writes through its children")
  }
}

/** How an operation is taken back; the shape of an `UndoMapping`, without the history. */
export interface Mapping {
  readonly inverse: OperationName
  readonly capture?: (world: World, input: Input) => Json
  readonly derive: (input: Input, output: Output, captured: Json | undefined) => Input
  readonly redo?: (input: Input, output: Output, inverseOutput: Output) => Input
  readonly scope: (input: Input, output: Output) => ReadonlyArray<string>
  readonly touches: (input: Input, output: Output) => ReadonlyArray<string>
  readonly coalesce?: {
    readonly key: (input: Input) => string
    readonly merge?: (
      older: { readonly inverseInput: Input; readonly redoInput: Input },
      newer: { readonly inverseInput: Input; readonly redoInput: Input }
    ) => { readonly inverseInput: Input; readonly redoInput: Input }
  }
}

export const coalesceMillis = 1000

const inverseOf = (input: Input, rest: { readonly [name: string]: Json }): Input => ({ n: input.n, inv: true, ...rest })

const onRegister: Pick<Mapping, "scope" | "touches"> = {
  scope: (input) => [text(input["register"])[0]!],
  touches: (input) => [text(input["register"])]
}

const captureRegister = (world: World, input: Input): Json => ({ value: register(world, text(input["register"])) })

const restoreRegister = (input: Input, _output: Output, captured: Json | undefined): Input =>
  inverseOf(input, { register: input["register"]!, value: (captured as { value: string }).value })

const unique = (values: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(values)]

export const mappings: { readonly [name in OperationName]?: Mapping } = {
  "register.set": {
    ...onRegister,
    inverse: "register.set",
    derive: (input, output) => inverseOf(input, { register: input["register"]!, value: output["previous"]! })
  },
  "register.put": { ...onRegister, inverse: "register.put", capture: captureRegister, derive: restoreRegister },
  "layout.set": { ...onRegister, inverse: "layout.set", capture: captureRegister, derive: restoreRegister },
  "text.type": {
    ...onRegister,
    inverse: "text.restore",
    capture: captureRegister,
    derive: restoreRegister,
    coalesce: {
      key: (input) => text(input["register"]),
      merge: (older, newer) => ({
        inverseInput: older.inverseInput,
        redoInput: { ...older.redoInput, text: text(older.redoInput["text"]) + text(newer.redoInput["text"]) }
      })
    }
  },
  "text.drag": {
    ...onRegister,
    inverse: "text.restore",
    capture: captureRegister,
    derive: restoreRegister,
    coalesce: { key: (input) => text(input["register"]) }
  },
  "counter.add": {
    inverse: "counter.add",
    derive: (input) => inverseOf(input, { counter: input["counter"]!, by: -number(input["by"]) }),
    scope: (input) => [text(input["counter"])[0]!],
    // Additions commute, so nobody's undo can revert somebody else's.
    touches: () => []
  },
  "list.insert": {
    inverse: "list.remove",
    derive: (input, output) => inverseOf(input, { list: input["list"]!, at: output["index"]! }),
    scope: (input) => [text(input["list"])[0]!],
    touches: (input) => [text(input["list"])]
  },
  "list.remove": {
    inverse: "list.insert",
    derive: (input, output) => inverseOf(input, { list: input["list"]!, at: output["index"]!, item: output["item"]! }),
    scope: (input) => [text(input["list"])[0]!],
    touches: (input) => [text(input["list"])]
  },
  "note.create": {
    inverse: "note.delete",
    derive: (input, output) => inverseOf(input, { id: output["id"]! }),
    redo: (input, output) => ({ ...input, id: output["id"]! }),
    scope: (_input, output) => [text(output["document"])],
    touches: (input, output) => unique([text(input["parent"]), text(output["id"])])
  },
  "note.delete": {
    inverse: "note.restore",
    capture: (world, input) =>
      Object.fromEntries(
        world.notes[text(input["id"])] === undefined
          ? []
          : subtree(world, text(input["id"])).map((id) => [id, world.notes[id]!])
      ) as unknown as Json,
    derive: (input, output, captured) =>
      inverseOf(input, { id: input["id"]!, parent: output["parent"]!, notes: captured! }),
    scope: (_input, output) => [text(output["document"])],
    touches: (_input, output) => unique([text(output["parent"]), ...(output["ids"] as ReadonlyArray<string>)])
  },
  // The inverse of an inverse, so that a pair which toggled would show.
  "note.restore": {
    inverse: "note.delete",
    derive: (input) => inverseOf(input, { id: input["id"]! }),
    scope: (_input, output) => [text(output["document"])],
    touches: (input) => unique([text(input["parent"]), ...Object.keys(input["notes"] as object)])
  },
  "note.rename": {
    inverse: "note.rename",
    derive: (input, output) => inverseOf(input, { id: input["id"]!, title: output["previous"]! }),
    scope: (_input, output) => [text(output["document"])],
    touches: (input) => [text(input["id"])]
  },
  "note.move": {
    inverse: "note.move",
    derive: (input, output) => inverseOf(input, { id: input["id"]!, parent: output["previous"]! }),
    scope: (_input, output) => unique([text(output["from"]), text(output["document"])]),
    touches: (input, output) => unique([text(input["id"]), text(input["parent"]), text(output["previous"])])
  }
}

/** The mapping of a composite operation: it restores the registers that its body may write. */
export const macroMapping = (registers: ReadonlyArray<string>): Mapping => ({
  inverse: "registers.restore",
  capture: (world) => Object.fromEntries(registers.map((name) => [name, register(world, name)])),
  derive: (input, _output, captured) => inverseOf(input, { values: captured! }),
  scope: () => unique(registers.map((name) => name[0]!)),
  touches: () => registers
})

/** What taking back a composite invokes: `register.put` for each register. */
export const restoring = (input: Input): ReadonlyArray<Input> =>
  Object.entries(input["values"] as { [register: string]: string }).map(([register, value]) =>
    inverseOf(input, { register, value })
  )

/** Takes a write back at once: how a handler cleans up before it fails. */
export const takeBack = (
  world: World,
  op: OperationName,
  input: Input,
  output: Output,
  captured: Json | undefined
): void => {
  const mapping = mappings[op]
  if (mapping === undefined) {
    world.journal.pop()
    return
  }
  const inverse = mapping.derive(input, output, captured)
  write(world, mapping.inverse, inverse, begin(world, mapping.inverse, inverse))
}

/** What `takeBack` needs to know from before the write. Copied: the write may change what it points to. */
export const remember = (world: World, op: OperationName, input: Input): Json | undefined => {
  const captured = mappings[op]?.capture?.(world, input)
  return captured === undefined ? undefined : JSON.parse(JSON.stringify(captured)) as Json
}
