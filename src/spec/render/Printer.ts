/**
 * A small pretty printer: what a generated file says, apart from where its lines end.
 *
 * @since 0.1.0
 */

import { textWidth } from "../internal/compiler/textWidth.ts"

/**
 * A piece of text that knows where it may be broken.
 *
 * @category models
 * @since 0.1.0
 */
export type Doc = string | Node

/** One way of building a document out of others. */
type Node =
  | { readonly _tag: "Concat"; readonly parts: ReadonlyArray<Doc> }
  /** `flat` when its group stays on one line, otherwise a new line; `undefined` always is a new line. */
  | { readonly _tag: "Line"; readonly flat: string | undefined }
  | { readonly _tag: "Group"; readonly doc: Doc; readonly hard: boolean }
  | { readonly _tag: "Indent"; readonly doc: Doc }
  | { readonly _tag: "IfBroken"; readonly broken: Doc; readonly flat: Doc }

/**
 * Puts documents one after the other.
 *
 * @category constructors
 * @since 0.1.0
 */
export const concat = (...parts: ReadonlyArray<Doc>): Doc => ({ _tag: "Concat", parts })

/**
 * A space, or a new line when the group around it does not fit.
 *
 * @category constructors
 * @since 0.1.0
 */
export const line: Doc = { _tag: "Line", flat: " " }

/**
 * Nothing, or a new line when the group around it does not fit.
 *
 * @category constructors
 * @since 0.1.0
 */
export const softline: Doc = { _tag: "Line", flat: "" }

/**
 * A new line; the groups around it are broken.
 *
 * @category constructors
 * @since 0.1.0
 */
export const hardline: Doc = { _tag: "Line", flat: undefined }

/**
 * Sets the new lines inside one step further in.
 *
 * @category constructors
 * @since 0.1.0
 */
export const indent = (...parts: ReadonlyArray<Doc>): Doc => ({
  _tag: "Indent",
  doc: parts.length === 1 ? parts[0]! : concat(...parts)
})

/**
 * Stays on one line when it fits, else breaks at each of its own lines.
 *
 * @category constructors
 * @since 0.1.0
 */
export const group = (...parts: ReadonlyArray<Doc>): Doc => {
  const doc = parts.length === 1 ? parts[0]! : concat(...parts)
  return { _tag: "Group", doc, hard: isHard(doc) }
}

/**
 * One text when the group around it is broken, another when it is on one line: a trailing comma, for example.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ifBroken = (broken: Doc, flat: Doc = ""): Doc => ({ _tag: "IfBroken", broken, flat })

/**
 * Puts a separator between documents.
 *
 * @category constructors
 * @since 0.1.0
 */
export const join = (separator: Doc, docs: ReadonlyArray<Doc>): Doc =>
  concat(...docs.flatMap((doc, index) => index === 0 ? [doc] : [separator, doc]))

/** A line that always breaks, anywhere inside. */
const isHard = (doc: Doc): boolean => {
  if (typeof doc === "string") {
    return false
  }
  switch (doc._tag) {
    case "Concat":
      return doc.parts.some(isHard)
    case "Line":
      return doc.flat === undefined
    case "Group":
      return doc.hard
    case "Indent":
      return isHard(doc.doc)
    case "IfBroken":
      return isHard(doc.broken)
  }
}

/** What is left to print: a stack, the next piece at its end. */
interface Command {
  readonly depth: number
  readonly flat: boolean
  readonly doc: Doc
}

/**
 * How a document is laid out.
 *
 * @category models
 * @since 0.1.0
 */
export interface RenderOptions {
  /** Columns; default 120. */
  readonly width?: number
  /** Spaces per step; default 2. */
  readonly indent?: number
}

/**
 * Lays out a document.
 *
 * **When to use**
 *
 * Use to turn what a renderer built into the text of a file. Lines have no trailing spaces; the text has no newline at its
 * end unless the document has.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (doc: Doc, options: RenderOptions = {}): string => {
  const { indent: step = 2, width = 120 } = options
  const stack: Array<Command> = [{ depth: 0, flat: false, doc }]
  let text = ""
  let column = 0
  // Written with the first text of the line, so that no line ends in spaces.
  let margin = ""
  while (stack.length > 0) {
    const { depth, doc, flat } = stack.pop()!
    if (typeof doc === "string") {
      if (doc !== "") {
        text += margin + doc
        margin = ""
        column += textWidth(doc)
      }
      continue
    }
    switch (doc._tag) {
      case "Concat":
        for (let index = doc.parts.length - 1; index >= 0; index--) {
          stack.push({ depth, flat, doc: doc.parts[index]! })
        }
        break
      case "Line":
        if (flat && doc.flat !== undefined) {
          text += doc.flat
          column += doc.flat.length
        } else {
          text += "\n"
          column = depth * step
          margin = " ".repeat(column)
        }
        break
      case "Group": {
        const next = { depth, flat: true, doc: doc.doc }
        stack.push(
          flat || (!doc.hard && fits(next, stack, width - column)) ? next : { depth, flat: false, doc: doc.doc }
        )
        break
      }
      case "Indent":
        stack.push({ depth: depth + 1, flat, doc: doc.doc })
        break
      case "IfBroken":
        stack.push({ depth, flat, doc: flat ? doc.flat : doc.broken })
        break
    }
  }
  return text
}

/** Tells whether a piece fits on the line, together with what follows it up to where that may break. */
const fits = (first: Command, rest: ReadonlyArray<Command>, space: number): boolean => {
  const stack: Array<Command> = [first]
  let above = rest.length
  let left = space
  while (left >= 0) {
    let command = stack.pop()
    if (command === undefined) {
      if (above === 0) {
        return true
      }
      command = rest[--above]!
    }
    const { depth, doc, flat } = command
    if (typeof doc === "string") {
      left -= textWidth(doc)
      continue
    }
    switch (doc._tag) {
      case "Concat":
        for (let index = doc.parts.length - 1; index >= 0; index--) {
          stack.push({ depth, flat, doc: doc.parts[index]! })
        }
        break
      case "Line":
        if (!flat || doc.flat === undefined) {
          return true
        }
        left -= doc.flat.length
        break
      case "Group":
        stack.push({ depth, flat: flat && !doc.hard, doc: doc.doc })
        break
      case "Indent":
        stack.push({ depth, flat, doc: doc.doc })
        break
      case "IfBroken":
        stack.push({ depth, flat, doc: flat ? doc.flat : doc.broken })
        break
    }
  }
  return false
}
