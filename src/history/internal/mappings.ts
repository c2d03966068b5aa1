import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Closure } from "../../operation/internal/closure.ts"
import type * as UndoMapping from "../UndoMapping.ts"
import { Mapping, type MappingProps } from "./mapping.ts"

/** Under the key of the public class, which imports this module. */
const UndoRegistryKey = Context.Service<Registrar>("opbus/history/UndoRegistry")

interface Registrar {
  readonly register: (mapping: UndoMapping.Any) => Effect.Effect<void, never, Scope.Scope>
}

const PropsTypeId = "~opbus/history/UndoMapping/props" as const

/** @internal */
export const prepare = (props: UndoMapping.Props<any, any, any, any, any>) => {
  const { coalesce } = props
  const prepared: MappingProps = coalesce === undefined
    ? props as MappingProps
    : { ...props, coalesce: { ...coalesce, within: Duration.toMillis(coalesce.within) } }
  const self = {
    [PropsTypeId]: prepared,
    get toLayer(): Layer.Layer<never, never, any> {
      return Layer.effectDiscard(
        Effect.flatMap(UndoRegistryKey, (registry) => registry.register(this as unknown as UndoMapping.Any))
      )
    }
  }
  return self
}

/**
 * The mappings that are there now: a stack per key, of which the newest serves.
 *
 * @internal
 */
export class Mappings {
  /** What was around the registry, and so is not specific to any plugin. */
  private readonly surroundings: Context.Context<never>
  private readonly stacks = new Map<string, Array<Mapping>>()
  readonly active = new Map<string, Mapping>()

  constructor(surroundings: Context.Context<never>) {
    this.surroundings = surroundings
  }

  register(mapping: UndoMapping.Any): Effect.Effect<void, never, Scope.Scope> {
    const props = (mapping as unknown as { readonly [PropsTypeId]: MappingProps })[PropsTypeId]
    return Effect.contextWith((context: Context.Context<Scope.Scope>) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => this.add(new Mapping(props, new Closure(context, this.surroundings)))),
        (added) => Effect.sync(() => this.remove(added))
      ))
    )
  }

  private add(mapping: Mapping): Mapping {
    const stack = this.stacks.get(mapping.key)
    if (stack === undefined) this.stacks.set(mapping.key, [mapping])
    else stack.push(mapping)
    this.active.set(mapping.key, mapping)
    return mapping
  }

  private remove(mapping: Mapping): void {
    const stack = this.stacks.get(mapping.key)!
    stack.splice(stack.indexOf(mapping), 1)
    const top = stack[stack.length - 1]
    if (top !== undefined) {
      this.active.set(mapping.key, top)
      return
    }
    this.stacks.delete(mapping.key)
    this.active.delete(mapping.key)
  }
}

const InternalsTypeId = "~opbus/history/UndoRegistry/mappings" as const

/** @internal */
export const withMappings = <A extends object>(service: A, mappings: Mappings): A =>
  Object.defineProperty(service, InternalsTypeId, { value: mappings })

/** @internal */
export const mappingsOf = (service: object): Mappings =>
  (service as { readonly [InternalsTypeId]: Mappings })[InternalsTypeId]
