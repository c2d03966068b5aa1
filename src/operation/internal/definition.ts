import * as Context from "effect/Context"
import { pipeArguments } from "effect/Pipeable"
import type * as Pipeable from "effect/Pipeable"
import * as Schema from "effect/Schema"
import type * as Operation from "../Operation.ts"
import type { HandlerOptions } from "../OperationRegistry.ts"
import * as layers from "./layers.ts"

/** @internal */
export const OperationTypeId = "~opbus/operation/Operation" as const

/** @internal */
export type PipeMethod = Pipeable.Pipeable["pipe"]

/** @internal */
export type LazyModule<H> = H | { readonly default: H }

const keyPattern = /^[^\s.]+(\.[^\s.]+)*$/

interface DefinitionProps {
  readonly meta: Operation.Meta
  readonly input: Operation.AnySchema
  readonly output: Operation.AnySchema
  readonly error: Operation.AnySchema
  readonly progress: Operation.AnySchema
  readonly executionMode: Operation.ExecutionMode
  readonly stream: boolean
  readonly concurrency: Operation.Any["concurrency"]
  readonly annotations: Context.Context<never>
}

const Proto = {
  [OperationTypeId]: OperationTypeId,
  pipe() {
    return pipeArguments(this, arguments)
  },
  annotate(this: Operation.Any, key: Context.Key<unknown, unknown>, value: unknown) {
    return fromProps({
      ...propsOf(this),
      annotations: Context.add(this.annotations, key, value) as Context.Context<never>
    })
  },
  annotateMerge(this: Operation.Any, annotations: Context.Context<never>) {
    return fromProps({ ...propsOf(this), annotations: Context.merge(this.annotations, annotations) })
  },
  toLayer(this: Operation.Any, build: unknown, options?: HandlerOptions) {
    return layers.layerOne(this, build, options)
  },
  toLayerLazy(this: Operation.Any, load: () => Promise<unknown>, options?: HandlerOptions) {
    return layers.layerLazy([this], load, options)
  }
}

const propsOf = (self: Operation.Any): DefinitionProps => ({
  meta: self.meta,
  input: self.input,
  output: self.output,
  error: self.error,
  progress: self.progress,
  executionMode: self.executionMode,
  stream: self.stream,
  concurrency: self.concurrency,
  annotations: self.annotations
})

const fromProps = (props: DefinitionProps): Operation.Any => {
  // A function, so that `class X extends Operation.make({…}) {}` works: class and value are the same thing.
  const self = Object.setPrototypeOf(function() {}, Proto)
  return Object.assign(self, {
    key: props.meta.key,
    ...props,
    schema: { input: props.input, output: props.output, error: props.error, progress: props.progress }
  })
}

/** @internal */
export const make = (
  props: Partial<DefinitionProps> & { readonly meta: Operation.Meta }
): Operation.Any => {
  const key = props.meta.key
  if (typeof key !== "string" || !keyPattern.test(key)) {
    throw new TypeError(
      `Operation.make: ${JSON.stringify(key)} is not a key. Use dotted parts without spaces, for example "note.create".`
    )
  }
  const executionMode = props.executionMode ?? "async"
  const stream = props.stream ?? false
  const concurrency = props.concurrency ?? "unbounded"
  if (executionMode === "sync" && stream) {
    throw new TypeError(`Operation.make: "${key}" is synchronous and cannot be a stream. Make it async.`)
  }
  if (stream && concurrency !== "unbounded") {
    throw new TypeError(
      `Operation.make: "${key}" is a stream and takes no concurrency policy. Put the policy on the operation that starts it.`
    )
  }
  if (executionMode === "sync" && concurrency !== "unbounded") {
    throw new TypeError(
      `Operation.make: "${key}" is synchronous: it cannot overlap itself and takes no concurrency policy. Remove it or make it async.`
    )
  }
  return fromProps({
    meta: props.meta,
    input: props.input ?? Schema.Void,
    output: props.output ?? Schema.Void,
    error: props.error ?? Schema.Never,
    progress: props.progress ?? Schema.Never,
    executionMode,
    stream,
    concurrency,
    annotations: props.annotations ?? Context.empty()
  })
}
