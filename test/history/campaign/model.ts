/**
 * The reference model: what undo and redo promise, written from the invariants alone and as plainly as possible.
 *
 * Every action and every undo is a generator that yields the next thing it expects to see in the log of the real run
 * ("start register.set 7") and goes on when it is seen. Running alone, a generator predicts the whole log; running with
 * others, the log decides only whose turn it is. What the model then holds — documents, entries, what can be undone — is
 * compared with the library's.
 *
 * It imports nothing from the library.
 */
import * as domain from "./domain.ts"
import type { Input, Json, Mapping, OperationName, Output } from "./domain.ts"
import type {
  Action,
  ActionOrigin,
  Actor,
  Fault,
  Forget,
  Group,
  Leaf,
  Macro,
  Program,
  Undo,
  UndoTo
} from "./program.ts"
import { actionsOf, documents, isUndo, within } from "./program.ts"

/** The library did something that the model cannot explain. */
export class Divergence extends Error {}

/** What a generator waits for: one of these log lines, or a condition. */
type Wait = ReadonlyArray<string> | (() => boolean)
type Running<A> = Generator<Wait, A, void>

interface Runner {
  readonly generator: Running<unknown>
  wait: Wait
  done: boolean
}

/** One thing to take back: a mapped operation that was committed, or what is left to do again of it. */
interface Step {
  readonly op: OperationName | "macro"
  readonly mapping: Mapping
  input: Input
  output: Output
  inverseInput: Input
  scopes: ReadonlyArray<string>
  touches: ReadonlyArray<string>
  /** Known once it was taken back, or when two steps were merged. */
  redoInput: Input | undefined
  /** Its handler need not do again what it did: something in it went wrong that will not go wrong then. */
  unlike: boolean
}

export interface Entry {
  order: number
  readonly actor: Actor
  /** Of the mapping, of the group, or the operation's label. Of several that became one entry, any. */
  readonly messages: Array<string>
  readonly key: string | undefined
  readonly partial: boolean
  readonly origin: string
  steps: Array<Step>
  live: boolean
  undoneAt: number
  coalesce: { readonly op: string; readonly key: string; at: number } | undefined
}

/** How an action ended; `extern`: the fiber around it was interrupted. */
interface Outcome {
  readonly tag: string
  readonly extern?: boolean
  /** Its step was lost by a failing function of its mapping. */
  readonly lost?: boolean
  readonly output?: Output
  readonly steps: ReadonlyArray<Step>
}

/** An operation that a redo runs as a whole: its handler again, not the steps of its children. */
interface Whole {
  unlike: boolean
}

interface Context {
  readonly actor: Actor
  readonly origin: string
  /**
   * Inside a transaction: what cannot be taken back is refused. `outer`: the transaction is around the innermost whole,
   * so it is not there when that is redone.
   */
  readonly transaction: "none" | "outer" | "inner"
  /** Inside a handler or a group: undo is refused. */
  readonly inside: boolean
  /** The innermost operation around this that a redo runs as a whole. */
  readonly whole: Whole | undefined
  /** Run by an undo or a redo: whoever had called the action is gone, and cannot be interrupted. */
  readonly replayed: boolean
  /** Lanes that an ancestor holds. */
  readonly lanes: ReadonlySet<string>
  /** Where committed steps go; undefined at the root, where they become an entry. */
  readonly sink: Array<Step> | undefined
}

const ok = (steps: ReadonlyArray<Step>, output?: Output): Outcome =>
  output === undefined ? { tag: "ok", steps } : { tag: "ok", steps, output }

const ended = (tag: string, steps: ReadonlyArray<Step> = [], extern = false): Outcome => ({ tag, steps, extern })

const union = (lists: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  lists.length === 1 ? lists[0]! : [...new Set(lists.flat())].sort()

export const scopesOf = (entry: Entry): ReadonlyArray<string> => union(entry.steps.map((step) => step.scopes))

export const touchesOf = (entry: Entry): ReadonlyArray<string> => union(entry.steps.map((step) => step.touches))

const isIn = (entry: Entry, scope: string | undefined): boolean =>
  scope === undefined || entry.steps.some((step) => step.scopes.includes(scope))

/** What the next undo or redo would do. */
export type Next =
  | { readonly tag: "ok"; readonly entry: Entry }
  | { readonly tag: "nothing" }
  | { readonly tag: "refused"; readonly reasons: ReadonlyArray<string>; readonly entry: Entry }

/** The registers that a composite operation may write. */
export const registersOf = (macro: Macro): ReadonlyArray<string> =>
  [
    ...new Set(
      within(macro).flatMap((action) =>
        action.t === "leaf" && typeof action.args["register"] === "string" ? [action.args["register"]] : []
      )
    )
  ].sort()

export class Model {
  readonly world = domain.emptyWorld()
  /** Undo all must restore the initial state: false once something happened that H11 does not cover. */
  pure = true
  /** Redo all must restore what undo all took back. */
  get repeatable(): boolean {
    return !this.entries.some((entry) => entry.live && entry.steps.some((step) => step.unlike))
  }
  now = 0
  entries: Array<Entry> = []

  private readonly nodes: ReadonlyMap<number, Action>
  private readonly noteIds = new Map<number, string>()
  private readonly faults = new Map<string, { readonly how: string; times: number; after: number }>()
  private readonly openGates = new Set<number>()
  private readonly captured = new Map<string, Json>()
  private readonly lastUndo = new Map<Actor, number>()
  private interruptedUndo = false
  private interruptible: "inverse" | "forward" | undefined
  private readonly heldLanes = new Set<string>()
  private clock = 0
  /** Who waits for the history, first come first served; the first has it. */
  private turns: Array<object> = []
  private runners: Array<Runner> = []

  constructor(program: Program) {
    this.nodes = new Map(actionsOf(program).map((action) => [action.n, action]))
  }

  // -------------------------------------------------------------------------
  // following a log
  // -------------------------------------------------------------------------

  /** Follows the log of one step, in which these ran at the same time. */
  follow(log: ReadonlyArray<string>, running: ReadonlyArray<Running<unknown>>): void {
    this.runners = []
    for (const generator of running) this.spawn(generator)
    this.settle()
    log.forEach((line, index) => {
      if (line.startsWith("capture ")) return this.capture(line)
      const runner = this.runners.find((one) => typeof one.wait !== "function" && one.wait.includes(line))
      if (runner === undefined) {
        throw new Divergence(
          `the library did:  ${line}\n  the model expected:  ${this.expected() || "nothing"}\n  log so far:  ${
            log.slice(Math.max(0, index - 12), index).join(", ") || "empty"
          }`
        )
      }
      this.advance(runner)
      this.settle()
    })
    if (this.runners.some((runner) => !runner.done)) {
      throw new Divergence(
        `the model expected:  ${this.expected()}\n  but nothing more happened after:  ${
          log.slice(-12).join(", ") || "an empty log"
        }`
      )
    }
  }

  private expected(): string {
    return this.runners.flatMap((runner) =>
      runner.done ? [] : typeof runner.wait === "function" ? ["(waiting)"] : [runner.wait.join(" or ")]
    ).join("; or ")
  }

  private spawn(generator: Running<unknown>): Runner {
    const runner: Runner = { generator, wait: () => true, done: false }
    this.runners.push(runner)
    return runner
  }

  private advance(runner: Runner): void {
    const next = runner.generator.next()
    if (next.done === true) {
      runner.done = true
      runner.wait = () => false
    } else runner.wait = next.value
  }

  private settle(): void {
    for (;;) {
      const runner = this.runners.find((one) => !one.done && typeof one.wait === "function" && one.wait())
      if (runner === undefined) return
      this.advance(runner)
    }
  }

  /** The library read the state to restore. It may do so more often than needed; what counts is what it read last. */
  private capture(line: string): void {
    const [, op, n] = line.split(" ") as [string, string, string]
    const runner = this.runners.some((one) => typeof one.wait !== "function" && one.wait.includes(`start ${op} ${n}`))
    if (!runner || n.endsWith("'")) return
    const node = this.nodes.get(Number(n))!
    if (node.t === "macro") {
      this.captured.set(n, this.copy(domain.macroMapping(registersOf(node)).capture!(this.world, { n: node.n })))
    } else if (node.t === "leaf") {
      const input = this.inputs.get(node.n)!
      this.captured.set(n, this.copy(domain.mappings[node.op]!.capture!(this.world, input)))
    }
  }

  /** The input with which each leaf runs now. */
  private readonly inputs = new Map<number, Input>()

  private copy<A>(value: A): A {
    return value === undefined ? value : JSON.parse(JSON.stringify(value)) as A
  }

  // -------------------------------------------------------------------------
  // steps of a program
  // -------------------------------------------------------------------------

  *act(actor: Actor, action: Action, origin: ActionOrigin | "followup" = "user"): Running<void> {
    yield* this.action(action, {
      actor,
      origin,
      transaction: "none",
      inside: false,
      whole: undefined,
      replayed: false,
      lanes: new Set(),
      sink: undefined
    })
  }

  *fiber(actor: Actor, actions: ReadonlyArray<Action | Undo>): Running<void> {
    for (const action of actions) {
      if (!isUndo(action)) yield* this.act(actor, action)
      else yield* action.t === "undo" ? this.undo(action) : this.redo(action)
    }
  }

  /** `alone`: nothing else happens, so its caller may be interrupted. */
  *undo(step: Undo, alone = false): Running<void> {
    yield [`undo ${step.u}`]
    yield* this.exclusively()
    this.interruptible = alone ? "inverse" : undefined
    const next = this.nextUndo(step.actor, step.scope)
    const tags = this.ending(yield* this.undoNext(next))
    this.turns.shift()
    yield tags.map((tag) => `exit undo ${step.u} ${tag}`)
  }

  *undoTo(step: UndoTo): Running<void> {
    yield [`undoTo ${step.u}`]
    yield* this.exclusively()
    const target = this.live(step.actor)[step.back]
    let tags: ReadonlyArray<string> = [target === undefined ? "none" : "ok"]
    while (target !== undefined && target.live && tags[0] === "ok") {
      tags = yield* this.undoNext(this.nextUndo(step.actor, undefined))
    }
    this.turns.shift()
    yield tags.map((tag) => `exit undoTo ${step.u} ${tag}`)
  }

  *redo(step: Undo, alone = false): Running<void> {
    yield [`redo ${step.u}`]
    yield* this.exclusively()
    this.interruptible = alone ? "forward" : undefined
    const next = this.nextRedo(step.actor, step.scope)
    let tags: ReadonlyArray<string>
    if (next.tag === "nothing") tags = ["NothingToRedo"]
    else if (next.tag === "refused") tags = next.reasons
    else tags = this.ending([yield* this.redoEntry(next.entry)])
    this.turns.shift()
    yield tags.map((tag) => `exit redo ${step.u} ${tag}`)
  }

  /** Forgets entries. What would be redone after a forgotten one in its scopes goes with it. */
  forget(step: Forget): void {
    this.pure = false
    const touched = (entry: Entry) => touchesOf(entry).includes(step.resource)
    const forgotten = step.t === "clear"
      ? this.of(step.actor).filter((entry) => isIn(entry, step.scope))
      : this.entries.filter(touched)
    const gone = new Set(forgotten)
    for (const entry of gone) {
      if (entry.live) continue
      for (const scope of scopesOf(entry)) {
        for (const other of this.undone(entry.actor, scope)) if (other.undoneAt < entry.undoneAt) gone.add(other)
      }
    }
    this.entries = this.entries.filter((entry) => !gone.has(entry))
  }

  fault(step: Fault): void {
    this.faults.set(`${step.phase} ${step.n}`, { how: step.how, times: step.times, after: step.after ?? 0 })
  }

  clearFaults(): void {
    this.faults.clear()
  }

  // -------------------------------------------------------------------------
  // what can be undone
  // -------------------------------------------------------------------------

  /** The live entries of an actor, in a scope or in all, newest first. (H2: the order of starts.) */
  live(actor: Actor, scope?: string): ReadonlyArray<Entry> {
    return this.entries
      .filter((entry) => entry.live && entry.actor === actor && isIn(entry, scope))
      .sort((a, b) => b.order - a.order)
  }

  /** What the actor can redo, the next one first: the last undone. */
  undone(actor: Actor, scope?: string): ReadonlyArray<Entry> {
    return this.entries
      .filter((entry) => !entry.live && entry.actor === actor && isIn(entry, scope))
      .sort((a, b) => b.undoneAt - a.undoneAt)
  }

  /** All entries of an actor, in the order of their starts. */
  of(actor: Actor): ReadonlyArray<Entry> {
    return this.entries.filter((entry) => entry.actor === actor).sort((a, b) => a.order - b.order)
  }

  nextUndo(actor: Actor, scope?: string): Next {
    const entry = this.live(actor, scope)[0]
    if (entry === undefined) return { tag: "nothing" }
    const reasons: Array<string> = []
    // H13: only while it is on top of all its scopes.
    if (scopesOf(entry).some((one) => this.live(actor, one)[0] !== entry)) reasons.push("Blocked")
    // H14: nobody's undo reverts somebody else's later change.
    const touches = touchesOf(entry)
    const later = this.entries.some((other) =>
      other.live && other.actor !== actor && other.order > entry.order &&
      touchesOf(other).some((resource) => touches.includes(resource))
    )
    if (later) reasons.push("Conflict")
    return reasons.length > 0 ? { tag: "refused", reasons, entry } : { tag: "ok", entry }
  }

  nextRedo(actor: Actor, scope?: string): Next {
    const entry = this.undone(actor, scope)[0]
    if (entry === undefined) return { tag: "nothing" }
    return scopesOf(entry).some((one) => this.undone(actor, one)[0] !== entry)
      ? { tag: "refused", reasons: ["Blocked"], entry }
      : { tag: "ok", entry }
  }

  // -------------------------------------------------------------------------
  // undo and redo
  // -------------------------------------------------------------------------

  private ending(tags: ReadonlyArray<string>): ReadonlyArray<string> {
    const interrupted = this.interruptedUndo
    this.interruptible = undefined
    this.interruptedUndo = false
    return interrupted ? [...tags, "interrupted"] : tags
  }

  /** H5: one at a time; a second caller waits. */
  private *exclusively(): Running<void> {
    const turn = {}
    this.turns.push(turn)
    yield () => this.turns[0] === turn
  }

  private *undoNext(next: Next): Running<ReadonlyArray<string>> {
    if (next.tag === "nothing") return ["NothingToUndo"]
    if (next.tag === "refused") return next.reasons
    return [yield* this.undoEntry(next.entry)]
  }

  private *undoEntry(entry: Entry): Running<string> {
    // Marked now: an action that starts from here on is a new action, one that had started is not (H8).
    this.lastUndo.set(entry.actor, ++this.clock)
    const done: Array<Step> = []
    for (const step of [...entry.steps].reverse()) {
      if (yield* this.backward(step)) {
        done.unshift(step)
        continue
      }
      // H4: put back what was taken back; if that fails too, the entry splits there.
      while (done.length > 0 && (yield* this.forward(done[0]!))) done.shift()
      if (done.length > 0) this.split(entry, done, false)
      return "InverseFailed"
    }
    entry.live = false
    entry.undoneAt = ++this.clock
    return "ok"
  }

  private *redoEntry(entry: Entry): Running<string> {
    const order = ++this.clock
    const done: Array<Step> = []
    for (const step of entry.steps) {
      if (yield* this.forward(step)) {
        done.push(step)
        continue
      }
      while (done.length > 0 && (yield* this.backward(done.at(-1)!))) done.pop()
      if (done.length > 0) {
        this.split(entry, done, true)
        this.entries.at(-1)!.order = order
      }
      return "InverseFailed"
    }
    entry.live = true
    entry.order = order
    return "ok"
  }

  private split(entry: Entry, steps: ReadonlyArray<Step>, live: boolean): void {
    entry.steps = entry.steps.filter((step) => !steps.includes(step))
    this.entries.push({ ...entry, messages: [...entry.messages], steps: [...steps], live, undoneAt: ++this.clock })
  }

  /** The context of a step that the history runs itself: it makes no entry, whoever the actor is. */
  private again(lanes: ReadonlySet<string>): Context {
    return {
      actor: "ann",
      origin: "user",
      transaction: "none",
      inside: true,
      whole: undefined,
      replayed: true,
      lanes,
      sink: []
    }
  }

  private *backward(step: Step, lanes: ReadonlySet<string> = new Set()): Running<boolean> {
    const context = this.again(lanes)
    const outcome = step.op === "macro"
      ? yield* this.restore(step.inverseInput, context)
      : yield* this.leaf(step.mapping.inverse, step.inverseInput, context)
    if (outcome.tag !== "ok") {
      yield* this.clean(outcome)
      return false
    }
    step.redoInput = step.mapping.redo?.(step.input, step.output, outcome.output!) ?? step.redoInput ?? step.input
    return true
  }

  /** H6: a redo refreshes its entry. */
  private *forward(step: Step): Running<boolean> {
    const input = step.redoInput ?? step.input
    const outcome = step.op === "macro"
      ? yield* this.macro(this.nodes.get(input.n) as Macro, this.again(new Set()))
      : yield* this.leaf(step.op, input, this.again(new Set()))
    if (outcome.tag !== "ok") {
      yield* this.clean(outcome)
      return false
    }
    const fresh = outcome.steps[0]
    if (fresh === undefined) return false
    step.input = fresh.input
    step.output = fresh.output
    step.inverseInput = fresh.inverseInput
    step.scopes = fresh.scopes
    step.touches = fresh.touches
    step.redoInput = undefined
    step.unlike = fresh.unlike
    return true
  }

  /** Never half-applied: when a composite fails, what its children did is taken back. */
  private *clean(failed: Outcome): Running<void> {
    for (const child of failed.steps.toReversed()) yield* this.backward(child)
  }

  /** Takes back a composite: itself a composite, which restores one register after the other. */
  private *restore(input: Input, context: Context): Running<Outcome> {
    yield [`start registers.restore ${input.n}'`]
    const fault = yield* this.takeFault(input)
    if (fault !== undefined) return ended(fault)
    const steps: Array<Step> = []
    for (const child of domain.restoring(input)) {
      const outcome = yield* this.leaf("register.put", child, { ...context, sink: steps })
      steps.push(...outcome.steps)
      if (outcome.tag !== "ok") return ended("failed", steps)
    }
    yield [`restored ${input.n}'`]
    return ok([], {})
  }

  // -------------------------------------------------------------------------
  // actions
  // -------------------------------------------------------------------------

  private *action(action: Action, context: Context): Running<Outcome> {
    let outcome: Outcome
    switch (action.t) {
      case "leaf":
        outcome = yield* this.leaf(action.op, this.inputOf(action), context)
        break
      case "macro":
        outcome = yield* this.macro(action, context)
        break
      case "group":
      case "transaction":
        return yield* this.group(action, context)
      case "undoInside":
        outcome = ended(context.inside ? "UndoInProgress" : "NothingToUndo")
        break
      case "followup":
        // H15: an entry of its own, never folded into what scheduled it.
        this.spawn(this.act(context.actor, action.action, "followup"))
        outcome = ok([])
        break
      case "straggler":
        // H3: a child that ends after its root is an entry of its own.
        this.spawn(this.act(context.actor, action.action, context.origin as ActionOrigin))
        outcome = ok([])
        break
    }
    this.commit(action, outcome, context)
    if (outcome.extern !== true || context.sink === undefined) yield [`exit ${action.n} ${outcome.tag}`]
    return outcome
  }

  /** The order in which the last root action or group started. */
  private started = new Map<number, number>()

  private start(n: number): void {
    this.started.set(n, ++this.clock)
  }

  private inputOf(leaf: Leaf): Input {
    const args = Object.entries(leaf.args).map(([name, value]) => [
      name,
      typeof value === "object" ? this.noteIds.get(value.ref) ?? `missing${value.ref}` : value
    ])
    return { n: leaf.n, ...Object.fromEntries(args) }
  }

  /** One invocation of a leaf, forward or backward. */
  private *leaf(op: OperationName, input: Input, context: Context): Running<Outcome> {
    const node = input.inv === true ? undefined : this.nodes.get(input.n) as Leaf
    const flaw = node?.flaw
    const name = `${op} ${input.n}${input.inv === true ? "'" : ""}`
    if (flaw === "badInput") return ended("InvalidInput")
    // H16: refused before the handler runs.
    const takenBack = domain.isMapped(op) || domain.isReadonly(op)
    if (context.transaction !== "none" && (!takenBack || domain.isIrreversible(op))) return this.denied(context)

    if (input.inv !== true) this.inputs.set(input.n, input)
    yield [`start ${name}`]
    if (input.inv !== true) this.start(input.n)
    const lane = domain.isLane(op) ? String(input["list"]) : undefined
    const leave = this.enter(lane, context)
    const outcome = yield* this.handler(op, input, name, flaw, context)
    leave()
    return outcome
  }

  private *handler(
    op: OperationName,
    input: Input,
    name: string,
    flaw: Leaf["flaw"],
    context: Context
  ): Running<Outcome> {
    const mapping = domain.mappings[op]
    const captured = this.captured.get(String(input.n)) ?? this.copy(mapping?.capture?.(this.world, input))
    this.captured.delete(String(input.n))
    const fault = yield* this.takeFault(input)
    if (fault !== undefined) return this.faulty(fault, context)
    const memory = domain.begin(this.world, op, input)
    switch (flaw) {
      case "failBefore":
        return ended("failed")
      case "dieBefore":
        return ended("died")
      case "interruptBefore":
        return ended("interrupted")
      case "externBefore":
        if (context.replayed) break
        yield [`extern ${input.n}`]
        return ended("interrupted", [], true)
      case "gate":
        if (!this.openGates.has(input.n)) {
          yield [`gate ${input.n}`]
          yield [`open ${input.n}`]
          this.openGates.add(input.n)
        }
        break
      case "badOutput":
        yield [`end ${input.n}`]
        return ended("InvalidOutput")
      case "notUndoable":
        yield [`end ${input.n}`]
        return ok([])
    }
    yield [`write ${name}`]
    const remembered = domain.remember(this.world, op, input)
    const output = this.copy(domain.write(this.world, op, input, memory))
    if (typeof output === "string") return ended("failed")
    const extern = flaw === "externAfter" && !context.replayed
    if (flaw === "failAfter" || flaw === "dieAfter" || flaw === "interruptAfter" || extern) {
      if (extern) yield [`extern ${input.n}`]
      yield [`cleanup ${input.n}`]
      domain.takeBack(this.world, op, input, output, remembered)
      return flaw === "failAfter"
        ? ended("failed")
        : flaw === "dieAfter"
        ? ended("died")
        : ended("interrupted", [], extern)
    }
    if (op === "note.create" && input.inv !== true) this.noteIds.set(input.n, String(output["id"]))
    yield [`end ${input.n}${input.inv === true ? "'" : ""}`]
    // H7: a failing capture, deriveContext or message costs this one.
    const lost = flaw === "captureFails" || flaw === "deriveFails" || flaw === "messageFails"
    if (lost) this.pure = false
    if (lost) return { tag: "ok", steps: [], output, lost }
    if (mapping === undefined) return ok([], output)
    return ok([this.made(op, mapping, input, output, captured)], output)
  }

  private *macro(macro: Macro, context: Context): Running<Outcome> {
    const mapping = macro.kind === "mapped" ? domain.macroMapping(registersOf(macro)) : undefined
    if (context.transaction !== "none" && mapping === undefined) return this.denied(context)
    const input: Input = { n: macro.n }
    yield [`start macro.${macro.kind} ${macro.n}`]
    this.start(macro.n)
    const captured = this.captured.get(String(macro.n)) ?? this.copy(mapping?.capture!(this.world, input))
    this.captured.delete(String(macro.n))
    const lane = macro.kind === "lane" ? macro.list : undefined
    const leave = this.enter(lane, context)
    const lanes = lane === undefined ? context.lanes : new Set([...context.lanes, lane])
    const children: Array<Step> = []
    const fault = yield* this.takeFault(input)
    const whole = mapping === undefined ? context.whole : { unlike: false }
    let outcome: Outcome
    if (fault !== undefined) outcome = this.faulty(fault, context)
    else {
      outcome = yield* this.body(macro, {
        ...context,
        inside: true,
        transaction: mapping === undefined || context.transaction === "none" ? context.transaction : "outer",
        whole,
        lanes,
        sink: children
      })
      if (outcome.tag === "ok") {
        yield [`end ${macro.n}`]
        if (macro.badOutput === true) outcome = ended("InvalidOutput")
      }
    }
    leave()
    if (whole?.unlike === true && context.whole !== undefined) context.whole.unlike = true
    // H3: the root's mapping if it applies, else what its children did — also when it failed.
    if (outcome.tag !== "ok" || mapping === undefined) return { ...outcome, steps: children }
    const output: Output = { n: macro.n }
    return ok([this.made("macro", mapping, input, output, captured, whole!.unlike)], output)
  }

  /** H16. A handler that does without what was refused finds it possible when it is redone outside of the transaction. */
  private denied(context: Context): Outcome {
    if (context.transaction === "outer" && context.whole !== undefined) context.whole.unlike = true
    return ended("Denied")
  }

  /** A fault is used up: a handler that does without what failed now finds it possible when it is redone again. */
  private faulty(fault: string, context: Context): Outcome {
    if (context.whole !== undefined) context.whole.unlike = true
    return ended(fault, [], fault === "interrupted")
  }

  private made(
    op: Step["op"],
    mapping: Mapping,
    input: Input,
    output: Output,
    captured: Json | undefined,
    unlike = false
  ): Step {
    return {
      op,
      mapping,
      input,
      output,
      inverseInput: this.copy(mapping.derive(input, output, captured)),
      scopes: [...mapping.scope(input, output)].sort(),
      touches: [...mapping.touches(input, output)].sort(),
      redoInput: undefined,
      unlike
    }
  }

  private *body(node: Macro | Group, context: Context): Running<Outcome> {
    if (node.parallel === true) {
      const outcomes: Array<Outcome> = []
      const collect = function*(running: Running<Outcome>): Running<void> {
        outcomes.push(yield* running)
      }
      for (const child of node.body) this.spawn(collect(this.action(child, context)))
      yield () => outcomes.length === node.body.length
      // The caller of a redo was interrupted while one of them waited: it does not go on after the others.
      if (outcomes.some((outcome) => outcome.extern === true)) return ended("interrupted", [], true)
    }
    for (let i = 0; i <= node.body.length; i++) {
      if (node.stop !== undefined && Math.min(node.stop.at, node.body.length) === i) {
        switch (node.stop.how) {
          case "fail":
            return ended("failed")
          case "die":
            return ended("died")
          case "interrupt":
            return ended("interrupted")
          case "extern":
            if (context.replayed) break
            yield [`extern ${node.n}`]
            return ended("interrupted", [], true)
        }
      }
      const child = node.body[i]
      if (child === undefined || node.parallel === true) continue
      const outcome = yield* this.action(child, context)
      if (outcome.extern === true) return ended("interrupted", [], true)
      if (outcome.tag !== "ok" && node.keepGoing !== true) return ended("failed")
    }
    return ok([])
  }

  private *group(group: Group, context: Context): Running<Outcome> {
    yield [`${group.t} ${group.n}`]
    this.start(group.n)
    const steps: Array<Step> = []
    const transaction = group.t === "transaction" ? "inner" : context.transaction
    let outcome = yield* this.body(group, { ...context, inside: true, transaction, sink: steps })
    if (group.t === "transaction" && outcome.tag !== "ok") {
      // H16: taken back in reverse; a compensation that fails stops the rollback, and what remains is an entry.
      while (steps.length > 0 && (yield* this.backward(steps.at(-1)!, context.lanes))) steps.pop()
      if (steps.length > 0) {
        outcome = { ...outcome, tag: "RollbackIncomplete" }
        // What is left over here is not there when the composite around it is redone without the fault.
        if (context.whole !== undefined) context.whole.unlike = true
      }
    }
    outcome = { ...outcome, steps }
    this.commit(group, outcome, context)
    if (outcome.extern !== true || context.sink === undefined) {
      // Who was interrupted does not learn of more.
      yield [`exit ${group.n} ${outcome.tag}`, ...(outcome.extern === true ? [`exit ${group.n} interrupted`] : [])]
    }
    return outcome
  }

  private *takeFault(input: Input): Running<string | undefined> {
    const phase = input.inv === true ? "inverse" : "forward"
    const fault = this.faults.get(`${phase} ${input.n}`)
    if (fault === undefined || fault.times === 0) return undefined
    if (fault.how === "extern" && this.interruptible !== phase) return undefined
    if (fault.after-- > 0) return undefined
    fault.times--
    if (fault.how !== "extern") return fault.how === "fail" ? "failed" : "died"
    yield [`extern ${input.n}`]
    // What is put back now cannot be interrupted.
    this.interruptible = undefined
    this.interruptedUndo = true
    return "interrupted"
  }

  private enter(lane: string | undefined, context: Context): () => void {
    if (lane === undefined || context.lanes.has(lane)) return () => {}
    if (this.heldLanes.has(lane)) throw new Divergence(`two invocations are in the lane of list ${lane} at once`)
    this.heldLanes.add(lane)
    return () => {
      this.heldLanes.delete(lane)
    }
  }

  // -------------------------------------------------------------------------
  // entries
  // -------------------------------------------------------------------------

  /** H3: what a root action did is one entry; what a child did goes to its parent. */
  private commit(action: Action, outcome: Outcome, context: Context): void {
    if (context.sink !== undefined) {
      context.sink.push(...outcome.steps)
      return
    }
    if (outcome.steps.length === 0) {
      // Nobody knows which scopes it changed.
      if (outcome.lost === true) this.clearRedo(this.started.get(action.n)!, context.actor, documents)
      return
    }
    const grouped = action.t === "group" || action.t === "transaction"
    const key = action.t === "leaf" ? action.op : action.t === "macro" ? `macro.${action.kind}` : undefined
    const coalesce = action.t === "leaf" && outcome.tag === "ok" ? domain.mappings[action.op]?.coalesce : undefined
    const entry: Entry = {
      order: this.started.get(action.n)!,
      actor: context.actor,
      messages: [
        key === undefined || (domain.isMapped(key as OperationName) || key === "macro.mapped") && outcome.tag === "ok"
          ? `#${action.n}`
          : key
      ],
      key,
      partial: !grouped && outcome.tag !== "ok",
      origin: context.origin,
      steps: [...outcome.steps],
      live: true,
      undoneAt: 0,
      coalesce: coalesce === undefined
        ? undefined
        : { op: key!, key: coalesce.key(outcome.steps[0]!.input), at: this.now }
    }
    this.clearRedo(entry.order, entry.actor, scopesOf(entry))
    if (!this.coalesced(entry)) this.entries.push(entry)
  }

  /** H8: a new action clears redo in its scopes, and in their other scopes what would be redone after what is cleared. */
  private clearRedo(order: number, actor: Actor, scopes: ReadonlyArray<string>): void {
    if (order < (this.lastUndo.get(actor) ?? 0)) return
    const cleared = new Set<Entry>()
    const queue = scopes.flatMap((scope) => this.undone(actor, scope))
    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
      if (cleared.has(entry)) continue
      cleared.add(entry)
      for (const scope of scopesOf(entry)) {
        // Redone after it: undone before it.
        queue.push(...this.undone(actor, scope).filter((other) => other.undoneAt < entry.undoneAt))
      }
    }
    this.entries = this.entries.filter((entry) => !cleared.has(entry))
  }

  private coalesced(fresh: Entry): boolean {
    const older = this.live(fresh.actor)[0]
    if (
      fresh.coalesce === undefined || older?.coalesce === undefined || older.origin !== fresh.origin ||
      older.coalesce.op !== fresh.coalesce.op || older.coalesce.key !== fresh.coalesce.key ||
      fresh.coalesce.at - older.coalesce.at > domain.coalesceMillis
    ) return false
    const merge = fresh.steps[0]!.mapping.coalesce?.merge
    if (merge === undefined) older.steps.push(...fresh.steps)
    else {
      const [a, b] = [older.steps[0]!, fresh.steps[0]!]
      const merged = merge(
        { inverseInput: a.inverseInput, redoInput: a.redoInput ?? a.input },
        { inverseInput: b.inverseInput, redoInput: b.redoInput ?? b.input }
      )
      a.inverseInput = merged.inverseInput
      a.redoInput = merged.redoInput
    }
    older.coalesce.at = fresh.coalesce.at
    older.messages.push(...fresh.messages)
    return true
  }
}
