/**
 * A random history as plain JSON: what the generator makes, the executor runs, the model predicts and the shrinker cuts.
 *
 * `n` numbers an action: it is unique in a program and names the action in the log, so that a divergence can be read.
 */

export const documents = ["A", "B", "C"] as const

export type LeafName =
  | "register.set"
  | "register.put"
  | "text.type"
  | "text.drag"
  | "counter.add"
  | "list.insert"
  | "list.remove"
  | "note.create"
  | "note.delete"
  | "note.rename"
  | "note.move"
  | "layout.set"
  | "journal.append"
  | "mail.send"
  | "document.read"

/** The identifier that the note-creating action `ref` gave its note. */
export interface Ref {
  readonly ref: number
}

export type Args = { readonly [name: string]: string | number | Ref }

/**
 * What goes wrong in a handler. `…After`: after its write, which the handler takes back before it gives up. `extern…`:
 * the caller is interrupted while the handler waits at that point; `interrupt…`: the handler interrupts itself.
 * `gate`: the handler waits until the executor lets it go on. `notUndoable`: `deriveContext` returns undefined.
 */
export type Flaw =
  | "failBefore"
  | "failAfter"
  | "dieBefore"
  | "dieAfter"
  | "interruptBefore"
  | "interruptAfter"
  | "externBefore"
  | "externAfter"
  | "badInput"
  | "badOutput"
  | "notUndoable"
  | "captureFails"
  | "deriveFails"
  | "messageFails"
  | "gate"

export interface Leaf {
  readonly t: "leaf"
  readonly n: number
  readonly op: LeafName
  readonly args: Args
  /** How often the handler yields before and after its write. */
  readonly yields?: readonly [number, number]
  readonly flaw?: Flaw
}

/** Ends a body before the child of this index. */
export interface Stop {
  readonly at: number
  readonly how: "fail" | "die" | "interrupt" | "extern"
}

interface Body {
  readonly n: number
  readonly body: ReadonlyArray<Action>
  /** Children run at the same time, and none stops the others. */
  readonly parallel?: boolean
  /** A failing child does not end the body. */
  readonly keepGoing?: boolean
  readonly stop?: Stop
}

/**
 * An operation whose handler invokes others. `mapped`: it has an undo mapping of its own, which restores the registers
 * that its body may write. `lane`: it holds the serial lane of a list while it runs.
 */
export interface Macro extends Body {
  readonly t: "macro"
  readonly kind: "plain" | "mapped" | "lane"
  readonly list?: string
  readonly badOutput?: boolean
}

export interface Group extends Body {
  readonly t: "group" | "transaction"
}

/** `undo` called where it must be refused: inside a handler, a group or a transaction. */
export interface UndoInside {
  readonly t: "undoInside"
  readonly n: number
}

/** A scheduled follow-up: an entry of its own. */
export interface Followup {
  readonly t: "followup"
  readonly n: number
  readonly action: Leaf
}

/** A child that the handler starts and does not wait for; it ends after its root. */
export interface Straggler {
  readonly t: "straggler"
  readonly n: number
  readonly action: Leaf
}

export type Action = Leaf | Macro | Group | UndoInside | Followup | Straggler

export type Actor = "ann" | "bob" | "eve"

export type ActionOrigin = "user" | "agent" | "trigger" | "remote"

export interface Act {
  readonly t: "act"
  readonly actor: Actor
  readonly origin?: ActionOrigin
  readonly action: Action
}

/** `scope`: through `HistoryTracker.scope(id)`. */
export interface Undo {
  readonly t: "undo" | "redo"
  readonly u: number
  readonly actor: Actor
  readonly scope?: string
}

/** Undoes to the live entry of the actor that has `back` newer ones. */
export interface UndoTo {
  readonly t: "undoTo"
  readonly u: number
  readonly actor: Actor
  readonly back: number
}

/** Quick repetitions that coalesce; the executor lets time pass before and after. */
export interface Burst {
  readonly t: "burst"
  readonly actor: Actor
  readonly actions: ReadonlyArray<Leaf>
  /** Milliseconds between two of them, well within the mapping's `within`. */
  readonly gap: number
  /** Time that passes after this index is too long to coalesce. */
  readonly pauseAfter?: number
}

export interface Fiber {
  readonly actor: Actor
  /** Yields before its first action. */
  readonly delay: number
  readonly actions: ReadonlyArray<Action | Undo>
}

export type Overlap = "disjoint" | "commuting" | "lane" | "conflicting" | "undos" | "others"

/** Fibers that run at the same time. */
export interface Together {
  readonly t: "together"
  readonly overlap: Overlap
  readonly fibers: ReadonlyArray<Fiber>
}

/** Steps that happen while an action waits at its gate. `first` leaves nothing to redo in its scope. */
export interface During {
  readonly t: "during"
  readonly actor: Actor
  readonly first: Leaf
  readonly action: Action
  readonly inner: ReadonlyArray<Act | Undo>
}

/** Forgets what an actor did, in a scope or in all; or everything that touched a resource, of all actors. */
export interface Forget {
  readonly t: "clear" | "invalidate"
  readonly actor: Actor
  readonly scope?: string
  readonly resource: string
}

/** From here on, running the action again (`forward`) or taking it back (`inverse`) goes wrong `times` times. */
export interface Fault {
  readonly t: "fault"
  readonly n: number
  readonly phase: "inverse" | "forward"
  /** `extern`: the caller of the next undo (redo) is interrupted while the handler waits. */
  readonly how: "fail" | "die" | "extern"
  readonly times: number
  /** How many runs of it go well first. Taking back a composite is one run, and one for every register it restores. */
  readonly after?: number
}

/** An action that loses its entry by a failing capture, deriveContext or message; `first` leaves nothing to redo. */
export interface Lossy {
  readonly t: "lossy"
  readonly actor: Actor
  readonly first: Leaf
  readonly lossy: Leaf
}

/** All layers are closed and built again on the same store. */
export interface Restart {
  readonly t: "restart"
}

export type Step = Act | Undo | UndoTo | Burst | Together | During | Fault | Lossy | Forget | Restart

export interface Program {
  readonly seed: number
  readonly steps: ReadonlyArray<Step>
}

/** Every action of a program, in the order of its text. */
export const actionsOf = (program: Program): ReadonlyArray<Action> => {
  const out: Array<Action> = []
  const visit = (action: Action): void => {
    out.push(action)
    if ("body" in action) action.body.forEach(visit)
    if ("action" in action) visit(action.action)
  }
  for (const step of program.steps) {
    if (step.t === "act") visit(step.action)
    if (step.t === "burst") step.actions.forEach(visit)
    if (step.t === "lossy") [step.first, step.lossy].forEach(visit)
    if (step.t === "together") {
      for (const fiber of step.fibers) for (const action of fiber.actions) if (!isUndo(action)) visit(action)
    }
    if (step.t === "during") {
      visit(step.first)
      visit(step.action)
      for (const inner of step.inner) if (inner.t === "act") visit(inner.action)
    }
  }
  return out
}

/** Everyone who acts in a program. */
export const actorsOf = (program: Program): ReadonlyArray<Actor> => [
  ...new Set(
    program.steps.flatMap((step) =>
      step.t === "together" ? step.fibers.map((fiber) => fiber.actor) : "actor" in step ? [step.actor] : []
    )
  )
]

export const isUndo = (action: Action | Undo): action is Undo => action.t === "undo" || action.t === "redo"

/** Every action inside an action, itself included. */
export const within = (action: Action): ReadonlyArray<Action> => [
  action,
  ...("body" in action ? action.body.flatMap(within) : []),
  ...("action" in action ? within(action.action) : [])
]

/** Counts what occurs in a program, so that a campaign can show that every kind does. */
export const kindsOf = (program: Program): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  const count = (kind: string) => counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const undo = (step: Undo) => count(`${step.t}${step.scope === undefined ? "" : " in a scope"}`)
  for (const step of program.steps) {
    if (step.t === "undo" || step.t === "redo") undo(step)
    else count(step.t === "together" ? `together: ${step.overlap}` : step.t)
    if (step.t === "act" && step.origin !== undefined) count(`origin: ${step.origin}`)
    if (step.t === "fault") count(`fault: ${step.phase} ${step.how}`)
    if (step.t === "together") {
      count(`fibers: ${step.fibers.length}`)
      for (const fiber of step.fibers) for (const action of fiber.actions) if (isUndo(action)) undo(action)
    }
    if (step.t === "during") { for (const inner of step.inner) if (inner.t !== "act") undo(inner) }
  }
  for (const action of actionsOf(program)) {
    switch (action.t) {
      case "leaf":
        count(`leaf: ${action.op}`)
        if (action.flaw !== undefined) count(`flaw: ${action.flaw}`)
        break
      case "macro":
        count(`macro: ${action.kind}`)
        if (action.badOutput === true) count("macro: invalid output")
        break
      default:
        count(action.t)
    }
    if ("body" in action) {
      if (action.stop !== undefined) count(`${action.t} stops: ${action.stop.how}`)
      if (action.parallel === true) count(`${action.t}: parallel children`)
      for (const child of action.body) {
        if ("body" in child) count(`nested: ${child.t} in ${action.t}`)
        if ("body" in child && child.body.some((grandchild) => "body" in grandchild)) count("nested: 3 deep")
      }
    }
  }
  return counts
}
