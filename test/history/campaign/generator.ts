/**
 * Makes a random program from a seed.
 *
 * Most of what it makes must succeed, or nothing deep would ever be reached; the rest goes wrong in every way a handler
 * can. Overlapping actions are of the kinds that H11 names; those that conflict are marked, because less holds for them.
 */
import type {
  Act,
  Action,
  ActionOrigin,
  Actor,
  Args,
  Fiber,
  Flaw,
  Group,
  Leaf,
  LeafName,
  Macro,
  Overlap,
  Program,
  Step,
  Stop,
  Undo
} from "./program.ts"
import { documents, within } from "./program.ts"
import { Random } from "./random.ts"

/** What an action may write. */
interface Pool {
  readonly registers: ReadonlyArray<string>
  readonly counters: ReadonlyArray<string>
  readonly lists: ReadonlyArray<string>
  /** Notes that were probably created, by the number of the action. */
  readonly notes: Array<number>
  /** Documents in which notes may be created. */
  readonly parents: ReadonlyArray<string>
}

/** Where an action stands, as far as it limits what can be made there. */
interface Place {
  readonly pool: Pool
  readonly depth: number
  /** In a handler or a group. */
  readonly inside: boolean
  /** An ancestor holds a lane, so whatever is in here enters it at once. */
  readonly inLane: boolean
  /** Only what runs in the serial lane as a whole. */
  readonly laneOnly: boolean
  readonly transaction: boolean
  /** An interruption of the fiber would stop siblings at points that no log fixes. */
  readonly extern: boolean
  readonly followups: boolean
  readonly stragglers: boolean
  /** Only registers, as in the body of a mapped composite. */
  readonly registersOnly: boolean
  readonly flaws: number
}

const registers = documents.flatMap((document) => [`${document}/r0`, `${document}/r1`, `${document}/r2`])
const counters = documents.map((document) => `${document}/c`)
const lists = documents.map((document) => `${document}/l`)

export const generate = (seed: number): Program => new Generator(seed).program(seed)

/** Fibers that get in each other's way: the same few resources, and undo and redo between. */
export const generateInterleaving = (seed: number): Program => new Generator(seed).interleaving(seed)

class Generator {
  private readonly random: Random
  private next = 1
  private readonly steps: Array<Step> = []
  private readonly pool: Pool = { registers, counters, lists, notes: [], parents: documents }
  private readonly actors: ReadonlyArray<Actor>
  private readonly flaws: number

  constructor(seed: number) {
    this.random = new Random(seed)
    this.actors = this.random.weighted({ one: 5, two: 3, three: 2 }) === "one"
      ? ["ann"]
      : this.random.chance(0.6)
      ? ["ann", "bob"]
      : ["ann", "bob", "eve"]
    this.flaws = this.random.pick([0, 0.05, 0.15, 0.3])
  }

  program(seed: number): Program {
    const length = this.random.weighted({ short: 5, medium: 4, long: 1 })
    const count = length === "short"
      ? this.random.int(3, 8)
      : length === "medium"
      ? this.random.int(8, 18)
      : this.random.int(18, 40)
    while (this.steps.length < count) this.step()
    return { seed, steps: this.steps }
  }

  interleaving(seed: number): Program {
    const { random } = this
    for (let i = random.int(0, 4); i > 0; i--) this.push(this.act())
    const pool: Pool = {
      registers: random.shuffled(registers).slice(0, 2),
      counters: [random.pick(counters)],
      lists: [random.pick(lists)],
      notes: this.pool.notes,
      parents: documents
    }
    const fibers = Array.from({ length: random.int(2, 8) }, (): Fiber => {
      const actor = this.actor()
      const place: Place = { ...this.place(), pool, followups: false, stragglers: false }
      return {
        actor,
        delay: random.int(0, 6),
        actions: Array.from(
          { length: random.int(1, 5) },
          () => random.chance(0.45) ? this.undo(random.chance(0.65) ? "undo" : "redo", actor) : this.action(place)
        )
      }
    })
    this.push({ t: "together", overlap: "conflicting", fibers })
    return { seed, steps: this.steps }
  }

  private actor(): Actor {
    return this.random.pick(this.actors)
  }

  private step(): void {
    switch (
      this.random.weighted({
        act: 30,
        undo: 14,
        redo: 9,
        undoTo: 3,
        wave: 5,
        burst: 3,
        together: 8,
        during: 3,
        fault: 4,
        splitFault: 1,
        rollbackFault: 1,
        lossy: 1,
        forget: 1,
        restart: 2
      })
    ) {
      case "act":
        return this.push(this.act())
      case "undo":
        return this.push(this.undo("undo"))
      case "redo":
        return this.push(this.undo("redo"))
      case "undoTo":
        return this.push({ t: "undoTo", u: this.next++, actor: this.actor(), back: this.random.int(0, 4) })
      case "wave": {
        // As people do: back several times, forth several times.
        const actor = this.actor()
        const scope = this.scope()
        for (let i = this.random.int(1, 4); i > 0; i--) this.push(this.undo("undo", actor, scope))
        for (let i = this.random.int(0, 4); i > 0; i--) this.push(this.undo("redo", actor, scope))
        return
      }
      case "burst":
        return this.burst()
      case "together":
        return this.together()
      case "during":
        return this.during()
      case "fault": {
        const action = this.recent()
        if (action === undefined) return
        const after = action.t === "macro" ? this.random.int(0, 2) : 0
        const how = this.random.weighted({ fail: 2, die: 2, extern: 1 })
        const phase = this.random.pick(["inverse", "forward"] as const)
        this.push({
          t: "fault",
          n: action.n,
          phase,
          // An interruption would stop its siblings at points that no log fixes.
          how: how === "extern" && phase === "forward" && this.atOnce(action) ? "fail" : how,
          times: after > 0 || how === "extern" ? 1 : this.random.int(1, 2),
          ...(after > 0 && { after })
        })
        return this.push(this.undo("undo"))
      }
      case "splitFault": {
        // A group that fails half-way back, and fails again while it is put back.
        const group = this.group("group", { ...this.place(), flaws: 0, depth: 2 }, 3)
        const [a, b] = [group.body[0], group.body.at(-1)]
        const actor = this.actor()
        this.push({ t: "act", actor, action: group })
        this.push({ t: "fault", n: a!.n, phase: "inverse", how: "fail", times: 1 })
        this.push({ t: "fault", n: b!.n, phase: "forward", how: this.random.pick(["fail", "die"]), times: 1 })
        return this.push(this.undo("undo", actor))
      }
      case "rollbackFault": {
        const transaction = this.group("transaction", { ...this.place(), flaws: 0, depth: 2 }, 2)
        const leaf = this.random.pick(transaction.body)
        this.push({ t: "fault", n: leaf.n, phase: "inverse", how: "fail", times: 1 })
        return this.push({
          t: "act",
          actor: this.actor(),
          action: {
            ...transaction,
            stop: { at: transaction.body.length, how: this.random.pick(["fail", "die", "interrupt"]) }
          }
        })
      }
      case "lossy": {
        const place = { ...this.place(), flaws: 0 }
        const first = this.leaf(place, "register.put")
        return this.push({
          t: "lossy",
          actor: this.actor(),
          first,
          lossy: {
            ...this.leaf(place, "register.put"),
            args: { register: first.args["register"]!, value: `lost${this.next}` },
            flaw: this.random.pick(["captureFails", "deriveFails", "messageFails"])
          }
        })
      }
      case "forget": {
        const scope = this.scope()
        return this.push({
          t: this.random.pick(["clear", "invalidate"]),
          actor: this.actor(),
          resource: this.random.pick([...registers, ...lists]),
          ...(scope !== undefined && { scope })
        })
      }
      case "restart":
        return this.push({ t: "restart" })
    }
  }

  private push(step: Step): void {
    this.steps.push(step)
  }

  private place(): Place {
    return {
      pool: this.pool,
      depth: 0,
      inside: false,
      inLane: false,
      laneOnly: false,
      transaction: false,
      extern: true,
      followups: true,
      stragglers: true,
      registersOnly: false,
      flaws: this.flaws
    }
  }

  private scope(): string | undefined {
    return this.random.chance(0.25) ? this.random.pick(documents) : undefined
  }

  private undo(t: "undo" | "redo", actor = this.actor(), scope = this.scope()): Undo {
    return scope === undefined ? { t, u: this.next++, actor } : { t, u: this.next++, actor, scope }
  }

  private act(): Act {
    const action = this.action(this.place())
    const act: Act = { t: "act", actor: this.actor(), action }
    if (!this.random.chance(0.15) || (action.t !== "leaf" && action.t !== "macro")) return act
    return { ...act, origin: this.random.pick<ActionOrigin>(["agent", "trigger", "remote"]) }
  }

  /** An action made not long ago that has a step of its own. */
  private recent(): Action | undefined {
    const steps = this.steps.slice(-6).flatMap((step) => step.t === "act" ? within(step.action) : [])
    const candidates = steps.filter((action) =>
      action.t === "leaf" || (action.t === "macro" && action.kind === "mapped")
    )
    return candidates.length === 0 ? undefined : this.random.pick(candidates)
  }

  /** Whether a redo runs it at the same time as others: together with them in a mapped composite. */
  private atOnce(action: Action): boolean {
    const runsAtOnce = (one: Action, inWhole: boolean): boolean => {
      if (!("body" in one)) return false
      const whole = inWhole || (one.t === "macro" && one.kind === "mapped")
      return (whole && one.parallel === true && one.body.length > 1 && one.body.includes(action)) ||
        one.body.some((child) => runsAtOnce(child, whole))
    }
    return this.steps.some((step) => step.t === "act" && runsAtOnce(step.action, false))
  }

  // -------------------------------------------------------------------------
  // actions
  // -------------------------------------------------------------------------

  private action(place: Place): Action {
    if (place.depth >= 3) return this.leaf(place)
    const nest = place.depth === 0 ? 1 : 0.5
    const t = this.random.weighted({
      leaf: 50,
      macro: 26 * nest,
      group: place.laneOnly ? 0 : 12 * nest,
      transaction: place.laneOnly ? 0 : 10 * nest,
      undoInside: place.inside ? 2 : 0,
      followup: place.followups && place.inside && !place.transaction && !place.registersOnly ? 3 : 0,
      straggler: place.stragglers && place.inside ? 6 : 0
    })
    switch (t) {
      case "leaf":
        return this.leaf(place)
      case "macro":
        return this.macro(place)
      case "group":
      case "transaction":
        return this.group(t, place)
      case "undoInside":
        return { t, n: this.next++ }
      case "followup":
      case "straggler": {
        const leaf: Leaf = {
          t: "leaf",
          n: this.next++,
          op: "counter.add",
          args: { counter: this.random.pick(counters), by: this.random.int(1, 9) }
        }
        return { t, n: this.next++, action: t === "followup" ? leaf : { ...leaf, flaw: "gate" } }
      }
    }
  }

  private leafName(place: Place): LeafName {
    const has = (values: ReadonlyArray<unknown>, weight: number) => values.length > 0 ? weight : 0
    if (place.registersOnly) {
      const weight = has(place.pool.registers, 4)
      return this.random.weighted({
        "register.set": weight,
        "register.put": weight,
        "layout.set": weight / 2,
        "document.read": 1
      })
    }
    const { pool } = place
    return this.random.weighted<LeafName>({
      "register.set": has(pool.registers, 10),
      "register.put": has(pool.registers, 10),
      "layout.set": has(pool.registers, 6),
      "text.type": 0,
      "text.drag": 0,
      "counter.add": has(pool.counters, 8),
      "list.insert": has(pool.lists, 8),
      "list.remove": has(pool.lists, 5),
      "note.create": has(pool.parents, 14),
      "note.delete": has(pool.notes, 8),
      "note.rename": has(pool.notes, 12),
      "note.move": has(pool.notes, 10),
      "journal.append": 2,
      "mail.send": 1,
      "document.read": 2
    })
  }

  private leaf(place: Place, op = this.leafName(place)): Leaf {
    const n = this.next++
    const { pool } = place
    const { random } = this
    const note = () => ({ ref: random.pick(pool.notes) })
    const parent = () =>
      pool.notes.length > 0 && (pool.parents.length === 0 || random.chance(0.5)) ? note() : random.pick(pool.parents)
    let args: Args
    switch (op) {
      case "register.set":
      case "register.put":
      case "layout.set":
      case "text.drag":
        args = { register: random.pick(pool.registers), value: `v${n}` }
        break
      case "text.type":
        args = { register: random.pick(pool.registers), text: `t${n}.` }
        break
      case "counter.add":
        args = { counter: random.pick(pool.counters), by: random.int(1, 9) }
        break
      case "list.insert":
        args = { list: random.pick(pool.lists), at: random.int(0, 5), item: `i${n}` }
        break
      case "list.remove":
        args = { list: random.pick(pool.lists), at: random.int(0, 5) }
        break
      case "note.create":
        args = { parent: parent(), title: `t${n}` }
        break
      case "note.delete":
        args = { id: note() }
        break
      case "note.rename":
        args = { id: note(), title: `t${n}` }
        break
      case "note.move":
        args = { id: note(), parent: parent() }
        break
      case "journal.append":
      case "mail.send":
        args = { line: `l${n}` }
        break
      case "document.read":
        args = {}
    }
    const yields = random.chance(0.3) ? [random.int(0, 3), random.int(0, 3)] as const : undefined
    const flaw = random.chance(place.flaws) ? this.flaw(op, place) : undefined
    if (op === "note.create" && flaw === undefined) pool.notes.push(n)
    return { t: "leaf", n, op, args, ...(yields && op !== "layout.set" && { yields }), ...(flaw && { flaw }) }
  }

  private flaw(op: LeafName, place: Place): Flaw {
    const sync = op === "layout.set"
    return this.random.weighted<Flaw>({
      failBefore: 4,
      failAfter: 4,
      dieBefore: 2,
      dieAfter: 2,
      interruptBefore: sync ? 0 : 2,
      interruptAfter: sync ? 0 : 2,
      externBefore: place.extern && !sync ? 2 : 0,
      externAfter: place.extern && !sync ? 2 : 0,
      badInput: 2,
      badOutput: 2,
      notUndoable: 2,
      captureFails: 0,
      deriveFails: 0,
      messageFails: 0,
      gate: 0
    })
  }

  private children(
    place: Place,
    min: number
  ): { body: ReadonlyArray<Action>; parallel?: boolean; keepGoing?: boolean } {
    const count = this.random.int(min, 4)
    if (min <= 1 && this.random.chance(0.15)) {
      // At the same time: leaves on different resources, or in the same lane.
      const picked = place.registersOnly
        ? "disjoint"
        : this.random.pick(["disjoint", "commuting", place.inLane ? "disjoint" : "lane"] as const)
      // The lists that are not in its pool belong to those who run at the same time.
      const overlap = picked === "lane" && place.pool.lists.length === 0 ? "disjoint" : picked
      const pools = this.split(overlap, place.pool, count)
      return {
        body: pools.map((pool) =>
          this.leaf({ ...place, pool: place.registersOnly ? { ...pool } : pool, extern: false })
        ),
        parallel: true
      }
    }
    return {
      body: Array.from(
        { length: count },
        () => this.action({ ...place, depth: place.depth + 1, inside: true, laneOnly: false })
      ),
      ...(this.random.chance(0.6) && { keepGoing: true })
    }
  }

  private stop(place: Place, length: number): Stop | undefined {
    if (!this.random.chance(place.flaws)) return undefined
    const hows = place.extern ? ["fail", "die", "interrupt", "extern"] as const : ["fail", "die", "interrupt"] as const
    return { at: this.random.int(0, length), how: this.random.pick(hows) }
  }

  private macro(place: Place): Macro {
    const n = this.next++
    const kind = this.random.weighted({
      plain: place.laneOnly ? 0 : place.registersOnly || place.transaction ? 1 : 6,
      mapped: place.pool.registers.length > 0 ? 5 : 0,
      lane: place.pool.lists.length > 0 && !place.registersOnly && !place.transaction ? 1.5 : 0
    })
    const list = kind === "lane" ? this.random.pick(place.pool.lists) : undefined
    const inner: Place = {
      ...place,
      registersOnly: place.registersOnly || kind === "mapped",
      stragglers: place.stragglers && kind === "plain" && place.depth === 0,
      followups: place.followups && kind !== "mapped",
      inLane: place.inLane || kind === "lane",
      // Another lane inside a lane could wait for its holder, and that one for us.
      pool: list === undefined ? place.pool : { ...place.pool, lists: [list] }
    }
    const { body, ...rest } = this.children(inner, 1)
    const needsRegister = kind === "mapped" &&
      !body.some((child) => within(child).some((one) => one.t === "leaf" && "register" in one.args))
    const children = needsRegister && rest.parallel !== true ? [this.leaf(inner, "register.put"), ...body] : body
    const stop = this.stop(place, children.length)
    const macro: Macro = {
      t: "macro",
      n,
      kind,
      body: children,
      ...rest,
      ...(list !== undefined && { list }),
      ...(stop && { stop }),
      ...(this.random.chance(place.flaws / 3) && { badOutput: true })
    }
    return needsRegister && rest.parallel === true ? { ...macro, kind: "plain" } : macro
  }

  private group(t: "group" | "transaction", place: Place, min = 1): Group {
    const n = this.next++
    const inner: Place = {
      ...place,
      transaction: place.transaction || t === "transaction",
      stragglers: false
    }
    const { body, ...rest } = this.children(inner, min)
    const stop = this.stop(
      { ...place, flaws: t === "transaction" ? Math.max(0.4, place.flaws) : place.flaws },
      body.length
    )
    return { t, n, body, ...rest, ...(stop && { stop }) }
  }

  // -------------------------------------------------------------------------
  // at the same time
  // -------------------------------------------------------------------------

  /** One pool for each fiber, so that what they do is of the wanted kind. */
  private split(overlap: Overlap, pool: Pool, count: number): ReadonlyArray<Pool> {
    const none: Pool = { registers: [], counters: [], lists: [], notes: [], parents: [] }
    const { random } = this
    switch (overlap) {
      case "disjoint": {
        const registers = random.shuffled(pool.registers)
        const lists = random.shuffled(pool.lists)
        return Array.from({ length: count }, (_, i) => ({
          ...none,
          registers: registers.filter((_, j) => j % count === i),
          lists: lists.filter((_, j) => j % count === i),
          counters: pool.counters,
          notes: [],
          parents: pool.parents
        }))
      }
      case "commuting":
      case "others":
        return Array.from({ length: count }, () => ({ ...none, counters: pool.counters }))
      case "lane": {
        const list = random.pick(pool.lists)
        return Array.from({ length: count }, () => ({ ...none, lists: [list] }))
      }
      case "conflicting":
      case "undos": {
        const contested = random.shuffled(pool.registers).slice(0, 2)
        return Array.from({ length: count }, () => ({
          ...none,
          registers: contested,
          notes: [...pool.notes],
          parents: pool.parents
        }))
      }
    }
  }

  private together(): void {
    const { random } = this
    const overlap = random.weighted<Overlap>({
      disjoint: 5,
      commuting: 2,
      lane: 3,
      conflicting: 3,
      undos: 3,
      others: this.actors.length > 1 ? 2 : 0
    })
    const count = random.int(2, 8)
    const pools = this.split(overlap, this.pool, count)
    const fibers = pools.map((pool, i): Fiber => {
      const actor = overlap === "others" ? this.actors[i % 2]! : this.actor()
      const undoing = overlap === "undos" || (overlap === "others" && i % 2 === 1)
      const place: Place = {
        ...this.place(),
        pool,
        depth: random.chance(0.5) ? 1 : 3,
        laneOnly: overlap === "lane",
        followups: false,
        stragglers: false
      }
      return {
        actor,
        delay: random.int(0, 6),
        actions: Array.from(
          { length: random.int(1, 3) },
          () => undoing ? this.undo(random.chance(0.7) ? "undo" : "redo", actor) : this.action(place)
        )
      }
    })
    this.push({ t: "together", overlap, fibers })
  }

  private during(): void {
    const actor = this.actor()
    const document = this.random.pick(documents)
    // A register of its own: what overlaps with the pending action must not touch what it touches.
    const pool: Pool = { registers: [`${document}/p${this.next}`], counters: [], lists: [], notes: [], parents: [] }
    const place: Place = { ...this.place(), pool, flaws: 0 }
    const first = this.leaf({ ...place, pool: { ...pool, registers: [`${document}/r0`] } }, "register.put")
    const gated: Leaf = { ...this.leaf(place, "register.put"), flaw: "gate" }
    const wrap = this.random.weighted({ none: 4, macro: 2, group: 2 })
    const action: Action = wrap === "none"
      ? gated
      : wrap === "macro"
      ? { t: "macro", n: this.next++, kind: "plain", body: [gated] }
      : { t: "group", n: this.next++, body: [gated] }
    const inner = Array.from(
      { length: this.random.int(1, 3) },
      (_, i) => this.undo(i === 0 ? "undo" : this.random.pick(["undo", "redo"]), actor, undefined)
    )
    this.push({ t: "during", actor, first, action, inner })
    if (this.random.chance(0.7)) this.push(this.undo("redo", actor, undefined))
  }

  private burst(): void {
    const { random } = this
    const chosen = random.shuffled(registers).slice(0, random.chance(0.7) ? 1 : 2)
    const op = random.pick(["text.type", "text.drag"] as const)
    const place = { ...this.place(), pool: { ...this.pool, registers: chosen }, flaws: 0 }
    const actions = Array.from({ length: random.int(2, 6) }, () => this.leaf(place, op))
    this.push({
      t: "burst",
      actor: this.actor(),
      actions,
      gap: random.pick([0, 1, 20, 60]),
      ...(random.chance(0.3) && { pauseAfter: random.int(0, actions.length - 1) })
    })
  }
}
