/**
 * Makes a failing program small: removes steps, fibers, children and everything that makes them special, as long as the
 * program still fails.
 */
import { Effect } from "effect"
import type { Action, Fiber, Program, Step, Undo } from "./program.ts"
import { isUndo } from "./program.ts"

/** Programs that are a little simpler, the boldest first. */
function* simpler(program: Program): Generator<Program> {
  for (const steps of fewer(program.steps)) yield { ...program, steps }
  for (const [i, step] of program.steps.entries()) {
    for (const replacement of simplerStep(step)) {
      yield { ...program, steps: program.steps.toSpliced(i, 1, ...replacement) }
    }
  }
}

/** The list without a half, a quarter … a single one. */
function* fewer<A>(list: ReadonlyArray<A>, least = 0): Generator<ReadonlyArray<A>> {
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = list.length - size; at >= 0; at -= size) {
      const rest = [...list.slice(0, at), ...list.slice(at + size)]
      if (rest.length >= least) yield rest
    }
  }
}

function* simplerStep(step: Step): Generator<ReadonlyArray<Step>> {
  if ("actor" in step && step.actor !== "ann") yield [{ ...step, actor: "ann" }]
  switch (step.t) {
    case "act":
      if (step.origin !== undefined) {
        const { origin: _, ...rest } = step
        yield [rest]
      }
      for (const actions of simplerAction(step.action)) yield actions.map((action) => ({ ...step, action }))
      return
    case "undo":
    case "redo":
      for (const undo of simplerUndo(step)) yield [undo]
      return
    case "undoTo":
      if (step.back > 0) yield [{ ...step, back: step.back - 1 }]
      return
    case "burst": {
      for (const actions of fewer(step.actions, 1)) yield [{ ...step, actions }]
      const { pauseAfter, ...rest } = step
      if (pauseAfter !== undefined) yield [rest]
      return
    }
    case "together":
      for (const fibers of fewer(step.fibers, 1)) yield [{ ...step, fibers }]
      for (const [i, fiber] of step.fibers.entries()) {
        for (const simpler of simplerFiber(fiber)) yield [{ ...step, fibers: step.fibers.toSpliced(i, 1, simpler) }]
      }
      return
    case "during":
      for (const inner of fewer(step.inner)) yield [{ ...step, inner }]
      yield step.inner
      return
    case "lossy":
      yield [{ t: "act", actor: step.actor, action: step.first }]
      return
    case "fault":
      if (step.times > 1) yield [{ ...step, times: 1 }]
      return
    case "clear":
    case "invalidate":
    case "restart":
  }
}

function* simplerFiber(fiber: Fiber): Generator<Fiber> {
  if (fiber.delay > 0) yield { ...fiber, delay: 0 }
  if (fiber.actor !== "ann") yield { ...fiber, actor: "ann" }
  for (const actions of fewer(fiber.actions, 1)) yield { ...fiber, actions }
  for (const [i, action] of fiber.actions.entries()) {
    const replacements: Iterable<ReadonlyArray<Action | Undo>> = isUndo(action)
      ? [...simplerUndo(action)].map((undo) => [undo])
      : simplerAction(action)
    for (const replacement of replacements) yield { ...fiber, actions: fiber.actions.toSpliced(i, 1, ...replacement) }
  }
}

function* simplerUndo(undo: Undo): Generator<Undo> {
  const { scope, ...rest } = undo
  if (scope !== undefined) yield rest
}

/** An action replaced by what is in it, or made plainer. */
function* simplerAction(action: Action): Generator<ReadonlyArray<Action>> {
  switch (action.t) {
    case "leaf": {
      const { yields, ...calm } = action
      if (yields !== undefined) yield [calm]
      const { flaw, ...sound } = action
      if (flaw !== undefined && flaw !== "gate") yield [sound]
      return
    }
    case "undoInside":
    case "followup":
    case "straggler":
      return
    default: {
      // What makes sense only inside stays inside.
      if (!action.body.some((child) => child.t === "straggler" || child.t === "undoInside" || child.t === "followup")) {
        yield action.body
      }
      for (const body of fewer(action.body, action.t === "macro" && action.kind === "mapped" ? 1 : 0)) {
        if (action.t !== "macro" || action.kind !== "mapped" || body.some((child) => child.t === "leaf")) {
          yield [{ ...action, body }]
        }
      }
      const { stop, ...endless } = action
      if (stop !== undefined) yield [endless]
      const { parallel, ...sequential } = action
      if (parallel === true) yield [sequential]
      const { keepGoing, ...strict } = action
      if (keepGoing === true) yield [strict]
      if (action.t === "macro" && action.badOutput === true) {
        const { badOutput: _, ...fit } = action
        yield [fit]
      }
      for (const [i, child] of action.body.entries()) {
        for (const replacement of simplerAction(child)) {
          yield [{ ...action, body: action.body.toSpliced(i, 1, ...replacement) }]
        }
      }
    }
  }
}

/** The text's length, in which one actor is shorter than the others. */
const size = (program: Program): number => JSON.stringify(program).replaceAll(/"(bob|eve)"/g, "\"other\"").length

/** The smallest program found that fails, within a number of tries. */
export const shrink = <R>(
  program: Program,
  fails: (program: Program) => Effect.Effect<boolean, never, R>,
  tries = 2000
): Effect.Effect<Program, never, R> =>
  Effect.gen(function*() {
    let smallest = program
    let left = tries
    for (let progress = true; progress && left > 0;) {
      progress = false
      for (const candidate of simpler(smallest)) {
        if (left-- <= 0) break
        if (size(candidate) >= size(smallest)) continue
        if (yield* fails(candidate)) {
          smallest = candidate
          progress = true
          break
        }
      }
    }
    return smallest
  })

/** A program as lines that a person reads. */
export const pretty = (program: Program): string =>
  program.steps.map((step, i) => `  ${i}. ${prettyStep(step)}`).join("\n")

const prettyStep = (step: Step): string => {
  switch (step.t) {
    case "act":
      return `${step.actor}${step.origin === undefined ? "" : ` (${step.origin})`}: ${prettyAction(step.action)}`
    case "undo":
    case "redo":
      return prettyUndo(step)
    case "undoTo":
      return `${step.actor}: undo to the entry with ${step.back} newer ones`
    case "burst":
      return `${step.actor}: quickly ${step.actions.map(prettyAction).join(", ")}${
        step.pauseAfter === undefined ? "" : ` (pause after ${step.pauseAfter})`
      }`
    case "together":
      return `at the same time (${step.overlap}):${
        step.fibers.map((fiber) =>
          `\n       ${fiber.actor}${fiber.delay > 0 ? ` after ${fiber.delay} yields` : ""}: ${
            fiber.actions.map((action) => isUndo(action) ? prettyUndo(action) : prettyAction(action)).join(", ")
          }`
        ).join("")
      }`
    case "during":
      return `${step.actor}: ${prettyAction(step.first)}, then while ${prettyAction(step.action)} waits: ${
        step.inner.map(prettyStep).join(", ")
      }`
    case "fault":
      return `from now on, ${step.phase === "inverse" ? "taking back" : "repeating"} ${step.n} ${
        { fail: "fails", die: "dies", extern: "is interrupted" }[step.how]
      } ${step.times} times${step.after === undefined ? "" : `, from the ${step.after + 1}. run on`}`
    case "lossy":
      return `${step.actor}: ${prettyAction(step.first)}, then ${prettyAction(step.lossy)}`
    case "clear":
      return `${step.actor}: clear${step.scope === undefined ? "" : ` ${step.scope}`}`
    case "invalidate":
      return `invalidate what touches ${step.resource}`
    case "restart":
      return "restart"
  }
}

const prettyUndo = (undo: Undo): string =>
  `${undo.actor}: ${undo.t}${undo.scope === undefined ? "" : ` in ${undo.scope}`} [${undo.u}]`

const prettyAction = (action: Action): string => {
  switch (action.t) {
    case "leaf": {
      const args = Object.values(action.args).map((value) => typeof value === "object" ? `note of ${value.ref}` : value)
      return `${action.n}=${action.op}(${args.join(", ")})${action.flaw === undefined ? "" : `!${action.flaw}`}${
        action.yields === undefined ? "" : `~${action.yields.join(":")}`
      }`
    }
    case "undoInside":
      return `${action.n}=undo`
    case "followup":
    case "straggler":
      return `${action.n}=${action.t} ${prettyAction(action.action)}`
    default: {
      const name = action.t === "macro" ? `${action.kind} macro` : action.t
      const traits = [
        ...(action.parallel === true ? ["parallel"] : []),
        ...(action.keepGoing === true ? ["keeps going"] : []),
        ...(action.t === "macro" && action.badOutput === true ? ["invalid output"] : []),
        ...(action.stop === undefined ? [] : [`${action.stop.how} at ${action.stop.at}`])
      ]
      return `${action.n}=${name}${traits.length === 0 ? "" : ` (${traits.join(", ")})`} { ${
        action.body.map(prettyAction).join("; ")
      } }`
    }
  }
}
