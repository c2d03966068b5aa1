import type { InvocationMessage } from "../../../protocol/InvocationMessage.ts"
import { type InvocationGapMessage, type InvocationRow, InvocationTable } from "../../../reactivity/InvocationTable.ts"
import { searchedOf } from "./filter.ts"

/** An invocation in the tree. */
export interface Node {
  readonly id: string
  row: InvocationRow
  parent: Node | undefined
  readonly children: Array<Node>
  /** What is searched, in small letters. */
  text: string
  /** About how many characters it holds. */
  size: number
  /** It fits the filter itself. */
  fits: boolean
  /** How many below it fit the filter. */
  hits: number
  /** What the user chose; `undefined`: by itself. */
  expanded: boolean | undefined
  depth: number
  /** Its place among the lines, when it is one. */
  index: number
}

export type Predicate = (row: InvocationRow, text: string) => boolean

/** Default of how many invocations are kept. */
export const defaultLimit = 50_000

/** Default of how many characters they hold in all. */
const defaultCharacters = 100_000_000

/** With more children than this a line is closed until it is opened. */
export const openLimit = 50

/**
 * The invocations as a tree of lines, kept up to date message by message.
 *
 * Invariants: a message costs the same however many lines there are, but for the lines behind the place where it goes in,
 * which are told once per `settle`; whether a line fits the filter is known from its own last message, so nothing is
 * filtered twice; a new filter is applied in slices. What is kept is bounded by the table.
 */
export class TimelineModel {
  /** The lines that are shown, top to bottom. */
  lines: Array<Node> = []
  /** Changes with everything that is to be seen. */
  version = 0
  /** How many fit the filter. */
  fitting = 0
  /** How many older ones were dropped because of the limit. */
  dropped = 0
  readonly limit: number
  private readonly characters: number
  private held = 0
  private table: InvocationTable
  private readonly nodes = new Map<string, Node>()
  private all: Array<Node> = []
  private roots: Array<Node> = []
  /** Children whose parent is not there (yet). */
  private readonly orphans = new Map<string, Array<Node>>()
  private predicate: Predicate | undefined
  /** How many of `all` the new filter was not applied to yet. */
  private left = 0
  private moved = false
  private droppedBefore = 0
  private epoch: string | undefined
  private readonly counts = new Map<string, number>()

  constructor(limit: number = defaultLimit, characters: number = defaultCharacters) {
    this.limit = limit
    this.characters = characters
    this.table = new InvocationTable(2 * limit)
  }

  get size(): number {
    return this.nodes.size
  }

  /** The keys of the operations that are there, each with the number of its invocations. */
  get operations(): ReadonlyMap<string, number> {
    return this.counts
  }

  /** A filter is being applied. */
  get filtering(): boolean {
    return this.left > 0
  }

  get filtered(): boolean {
    return this.predicate !== undefined
  }

  get(id: string): Node | undefined {
    return this.nodes.get(id)
  }

  /** The id of the newest invocation of which this is true, among the last few thousand. */
  findNewest(test: (row: InvocationRow) => boolean): string | undefined {
    for (let i = this.all.length - 1; i >= Math.max(0, this.all.length - 5_000); i--) {
      const { id, row } = this.all[i]!
      if (test(row)) return id
    }
    return undefined
  }

  /** Takes a message. `settle` afterwards, once for any number of them. */
  add(message: InvocationMessage | InvocationGapMessage): void {
    if (message._tag === "Gap") {
      this.table.add(message)
      this.refresh()
      return
    }
    if (!this.table.add(message)) return
    this.version++
    if (message.epoch !== this.epoch) {
      // What ran in a process that is gone does not run any more.
      if (this.epoch !== undefined) this.refresh()
      this.epoch = message.epoch
    }
    const row = this.table.get(message.id)
    if (row === undefined) return
    const node = this.nodes.get(message.id)
    if (node === undefined) this.insert(row)
    else if (node.row !== row) {
      node.row = row
      this.read(node)
      this.fit(node)
    }
  }

  /** Brings the lines up to date. */
  settle(): void {
    while (this.held > this.characters && this.table.size > 1) {
      // Some at a time: taking out costs as much for one as for many.
      this.table.dropOldest(Math.min(Math.ceil(this.table.size / 20), this.table.size - 1))
      this.sweep()
    }
    // Some at a time, here too: until then those that are too many are shown.
    const over = this.table.size - this.limit
    if (over > Math.floor(this.limit / 100)) this.table.dropOldest(over)
    if (this.table.dropped !== this.droppedBefore) this.sweep()
    if (this.moved && this.left === 0) this.flatten()
  }

  /** Shows only what fits; `undefined` shows everything. Until `work` says that it is done the old lines stay. */
  setFilter(predicate: Predicate | undefined): void {
    this.predicate = predicate
    this.left = this.all.length
    this.moved = true
    this.version++
  }

  /** Applies a new filter until there is no time left: `true` when it is done. */
  work(now: () => number, until: number): boolean {
    while (this.left > 0) {
      // The newest first: a message that comes in between is not among those that are left.
      const stop = Math.max(0, this.left - 500)
      while (this.left > stop) this.fit(this.all[--this.left]!)
      if (this.left > 0 && now() >= until) break
    }
    if (this.left > 0) return false
    this.version++
    this.settle()
    return true
  }

  isExpanded(node: Node): boolean {
    return node.expanded ?? (this.predicate !== undefined || node.children.length <= openLimit)
  }

  /** There is something to open below it. */
  isParent(node: Node): boolean {
    return node.hits > 0
  }

  setExpanded(node: Node, expanded: boolean): void {
    if (this.isExpanded(node) === expanded && node.expanded !== undefined) return
    node.expanded = expanded
    this.change()
  }

  setAllExpanded(expanded: boolean): void {
    for (const node of this.all) if (node.children.length > 0) node.expanded = expanded
    this.change()
  }

  /** Opens what is above a line, so that it is shown, if it fits the filter. */
  reveal(id: string): Node | undefined {
    const node = this.nodes.get(id)
    if (node === undefined) return undefined
    for (let above = node.parent; above !== undefined; above = above.parent) {
      if (this.isExpanded(above)) continue
      above.expanded = true
      this.moved = true
    }
    if (this.moved) this.change()
    return this.lines[node.index] === node ? node : undefined
  }

  clear(): void {
    this.table = new InvocationTable(2 * this.limit)
    this.droppedBefore = 0
    this.nodes.clear()
    this.orphans.clear()
    this.counts.clear()
    this.all = []
    this.roots = []
    this.lines = []
    this.left =
      this.fitting =
      this.dropped =
      this.held =
        0
    this.moved = false
    this.version++
  }

  private change(): void {
    this.moved = true
    this.version++
    this.settle()
  }

  private insert(row: InvocationRow): void {
    const node: Node = {
      id: row.id,
      row,
      parent: undefined,
      children: [],
      text: "",
      size: 0,
      fits: false,
      hits: 0,
      expanded: undefined,
      depth: 0,
      index: -1
    }
    this.read(node)
    this.nodes.set(node.id, node)
    this.all.push(node)
    this.counts.set(row.key, (this.counts.get(row.key) ?? 0) + 1)
    const parent = row.parentId === undefined ? undefined : this.nodes.get(row.parentId)
    if (parent !== undefined && parent !== node) {
      node.parent = parent
      parent.children.push(node)
    } else {
      this.roots.push(node)
      if (row.parentId !== undefined) {
        const waiting = this.orphans.get(row.parentId)
        if (waiting === undefined) this.orphans.set(row.parentId, [node])
        else waiting.push(node)
      }
    }
    const moved = this.moved
    this.fit(node)
    if (!moved && this.moved && this.left === 0) this.append(node)
    this.adopt(node)
  }

  private read(node: Node): void {
    const { size, text } = searchedOf(node.row)
    this.held += size - node.size
    node.size = size
    node.text = text
  }

  /** Those whose parent came after them: their beginning was missed. */
  private adopt(node: Node): void {
    const children = this.orphans.get(node.id)
    if (children === undefined) return
    this.orphans.delete(node.id)
    const moving = new Set(children.filter((child) => !isWithin(node, child)))
    this.roots = this.roots.filter((root) => !moving.has(root))
    for (const child of moving) {
      child.parent = node
      node.children.push(child)
      count(node, child.hits + (child.fits ? 1 : 0))
    }
    this.moved = true
  }

  /** A line that comes last needs no others to move. */
  private append(node: Node): void {
    if (!node.fits) return
    const { parent } = node
    if (parent === undefined) node.depth = 0
    else {
      const closed = this.closedAbove(node)
      if (closed !== undefined && this.lines[closed.index] === closed) {
        // Below a line that is closed; one that has just closed by itself takes lines away.
        this.moved = closed.expanded === undefined && closed.children.length === openLimit + 1
        return
      }
      if (closed !== undefined || !this.isLast(parent)) return
      node.depth = parent.depth + 1
    }
    node.index = this.lines.length
    this.lines.push(node)
    this.moved = false
  }

  /** The topmost line above this one that is closed. */
  private closedAbove(node: Node): Node | undefined {
    let closed: Node | undefined
    for (let above = node.parent; above !== undefined; above = above.parent) if (!this.isExpanded(above)) closed = above
    return closed
  }

  /** Behind a line comes nothing but what is below it. */
  private isLast(node: Node): boolean {
    for (let last = this.lines.at(-1); last !== undefined; last = last.parent) if (last === node) return true
    return false
  }

  /** Whether a line fits, as of its last message. */
  private fit(node: Node): void {
    const fits = this.predicate === undefined || this.predicate(node.row, node.text)
    if (fits === node.fits) return
    node.fits = fits
    const by = fits ? 1 : -1
    this.fitting += by
    if (node.parent !== undefined) count(node.parent, by)
    this.moved = true
  }

  private flatten(): void {
    const lines: Array<Node> = []
    const stack: Array<Node> = []
    const push = (nodes: ReadonlyArray<Node>) => {
      for (let i = nodes.length - 1; i >= 0; i--) {
        const node = nodes[i]!
        node.index = -1
        if (node.fits || node.hits > 0) stack.push(node)
      }
    }
    push(this.roots)
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      node.depth = node.parent === undefined ? 0 : node.parent.depth + 1
      node.index = lines.length
      lines.push(node)
      if (node.hits > 0 && this.isExpanded(node)) push(node.children)
    }
    this.lines = lines
    this.moved = false
    this.version++
  }

  /** Takes out what the table does not keep any more; children of what is gone stand at the top. */
  private sweep(): void {
    const kept: Array<Node> = []
    const left = this.left
    let seen = 0
    const gone: Array<Node> = []
    for (const node of this.all) {
      if (this.table.get(node.id) !== undefined) kept.push(node)
      else {
        gone.push(node)
        if (seen < left) this.left--
      }
      seen++
    }
    const shrunk = new Set<Node>()
    for (const node of gone) {
      this.held -= node.size
      this.nodes.delete(node.id)
      this.orphans.delete(node.id)
      const { key } = node.row
      const number = (this.counts.get(key) ?? 1) - 1
      if (number === 0) this.counts.delete(key)
      else this.counts.set(key, number)
      if (node.fits) this.fitting--
      const below = node.hits + (node.fits ? 1 : 0)
      if (node.parent !== undefined) {
        count(node.parent, -below)
        shrunk.add(node.parent)
      }
      for (const child of node.children) child.parent = undefined
    }
    for (const parent of shrunk) {
      const children = parent.children.filter((child) => this.nodes.has(child.id))
      parent.children.length = 0
      for (const child of children) parent.children.push(child)
    }
    this.all = kept
    this.roots = kept.filter((node) => node.parent === undefined)
    for (const [parent, waiting] of this.orphans) {
      const still = waiting.filter((node) => this.nodes.has(node.id))
      if (still.length === 0) this.orphans.delete(parent)
      else this.orphans.set(parent, still)
    }
    this.dropped += gone.length
    this.droppedBefore = this.table.dropped
    this.moved = true
    this.version++
  }

  /** Every row may have changed. */
  private refresh(): void {
    for (const node of this.all) {
      const row = this.table.get(node.id)
      if (row === undefined || row === node.row) continue
      node.row = row
      this.fit(node)
    }
    this.version++
  }
}

const count = (from: Node, by: number): void => {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) node.hits += by
}

/** Messages that make a circle are none that a bus sends; they must not hang a page. */
const isWithin = (node: Node, above: Node): boolean => {
  for (let it: Node | undefined = node; it !== undefined; it = it.parent) if (it === above) return true
  return false
}
