import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as HealthStatus from "opbus/native/HealthStatus"
import type { Implementation } from "opbus/native/ManagedService"
import * as ServiceDefinition from "opbus/native/ServiceDefinition"
import { ServiceRegistry } from "opbus/native/ServiceRegistry"
import { type Reason, ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import * as TypeScriptService from "opbus/native/TypeScriptService"
import { OperationInvoker } from "opbus/operation"
import { bus } from "../../operation/support.ts"
import { Add, Count, definition, reasons, refusal, tally, TooLarge, Total } from "./support.ts"

const quiet: Implementation = {
  health: Effect.succeed(HealthStatus.healthy),
  heal: Effect.succeed(true),
  pressureResponse: () => Effect.void,
  shedLoad: Effect.void,
  shutdown: Effect.void
}

describe("a service written in TypeScript", () => {
  it.effect("answers its commands: synchronous, asynchronous and streamed ones", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* tally()
      assert.deepStrictEqual(Effect.runSync(commands.add({ by: 2 })), { total: 2 })
      assert.strictEqual(yield* commands.total(undefined), 2)
      assert.deepStrictEqual(yield* Stream.runCollect(commands.count({ to: 3 })), [1, 2, 3])
      assert.deepStrictEqual(yield* managed.metrics, { total: 2 })
      assert.deepStrictEqual(yield* Effect.flip(commands.add({ by: 1001 })), new TooLarge({ limit: 1000 }))
    }))

  it.effect("serves operations of the bus", () =>
    Effect.gen(function*() {
      const { commands } = yield* tally()
      const handlers = Layer.mergeAll(
        Add.toLayer((params) => commands.add(params)),
        Count.toLayer((params) => commands.count(params)),
        Total.toLayer(() => commands.total(undefined))
      )
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* OperationInvoker.invoke(Add, { by: 5 }), { total: 5 })
        assert.strictEqual(yield* OperationInvoker.invoke(Total, undefined), 5)
        const error = yield* Effect.flip(OperationInvoker.invoke(Add, { by: 1001 }))
        assert.instanceOf(error, TooLarge)
      }).pipe(Effect.provide(bus(handlers)))
    }))

  it.effect("refuses every command while its admission is closed, before anything of it runs", () =>
    Effect.gen(function*() {
      const { asked, commands, managed } = yield* tally()
      const add = commands.add({ by: 1 })
      managed.admission.close("Pressure", "memory is critical")
      assert.deepStrictEqual(
        yield* Effect.flip(add),
        new ServiceUnavailable({ service: "tally", reason: "Pressure", message: "memory is critical" })
      )
      assert.strictEqual(yield* refusal(commands.total(undefined)), "Pressure")
      assert.strictEqual(yield* refusal(Stream.runCollect(commands.count({ to: 3 }))), "Pressure")
      assert.deepStrictEqual(asked, [])
      // Its managed side answers nevertheless.
      assert.strictEqual((yield* managed.health)._tag, "Healthy")
      managed.admission.open("Pressure")
      assert.deepStrictEqual(yield* add, { total: 1 })
    }))

  it.effect("answers under critical pressure the commands that it says it does, and only for that reason", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* tally({ admitsAtCritical: ["total"] })
      managed.admission.close("Pressure", "memory is critical")
      assert.strictEqual(yield* commands.total(undefined), 0)
      assert.strictEqual(yield* refusal(commands.add({ by: 1 })), "Pressure")
      managed.admission.close("Quarantined", "late")
      assert.strictEqual(yield* refusal(commands.total(undefined)), "Quarantined")
    }))

  it.effect("keeps the reasons apart: it opens when the last is gone, and tells the gravest", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* tally()
      managed.admission.close("Pressure", "a")
      managed.admission.close("Escalated", "b")
      managed.admission.close("Quarantined", "c")
      assert.deepStrictEqual(reasons(managed), ["Escalated", "Quarantined", "Pressure"])
      assert.strictEqual(yield* refusal(commands.add({ by: 1 })), "Escalated")
      managed.admission.open("Escalated")
      managed.admission.open("Quarantined")
      assert.strictEqual(yield* refusal(commands.add({ by: 1 })), "Pressure")
      managed.admission.open("Pressure")
      assert.deepStrictEqual(yield* commands.add({ by: 1 }), { total: 1 })
    }))

  it.effect("is shut down once with its scope; every call from then on is a typed failure", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { asked, commands, managed } = yield* Scope.provide(tally(), scope)
      yield* managed.shutdown
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(asked, ["shutdown"])
      const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        commands.add({ by: 1 }),
        commands.total(undefined),
        Stream.runCollect(commands.count({ to: 3 })),
        managed.health,
        managed.heal,
        managed.pressureResponse("high"),
        managed.shedLoad,
        managed.metrics,
        managed.parameters.list,
        managed.parameters.get("x"),
        managed.parameters.set("x", 1)
      ]
      for (const call of calls) assert.strictEqual(yield* refusal(call), "Shutdown")
      assert.deepStrictEqual(asked, ["shutdown"])
    }))

  it.effect("releases what its implementation acquired after it was shut down", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const scope = yield* Scope.make()
      yield* Scope.provide(
        TypeScriptService.make(
          ServiceDefinition.make({ name: "file", specHash: "", traits: ["ManagedService", "Lifecycle"], commands: {} }),
          (config) =>
            Effect.as(
              Effect.acquireRelease(
                Effect.sync(() => order.push(`open ${JSON.stringify(config)}`)),
                () => Effect.sync(() => order.push("close"))
              ),
              {
                ...quiet,
                initialize: Effect.sync(() => void order.push("initialize")),
                shutdown: Effect.sync(() => void order.push("shutdown"))
              }
            ),
          { config: { path: "a" } }
        ),
        scope
      )
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(order, ["open {\"path\":\"a\"}", "initialize", "shutdown", "close"])
    }))

  it.effect("is in the registry that is around, while it is alive", () =>
    Effect.gen(function*() {
      const registry = yield* ServiceRegistry
      yield* Effect.scoped(Effect.gen(function*() {
        const first = yield* tally()
        const second = yield* tally()
        assert.deepStrictEqual(yield* registry.list, [first.managed, second.managed])
        assert.deepStrictEqual(yield* registry.get("tally"), Option.some(second.managed))
        assert.isTrue(Option.isNone(yield* registry.get("nothing")))
      }))
      assert.deepStrictEqual(yield* registry.list, [])
    }).pipe(Effect.provide(ServiceRegistry.layer)))

  it.effect("is told what its implementation lacks", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(TypeScriptService.make(definition, () => Effect.succeed(quiet as never)))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(
        String(Cause.squash((exit as Exit.Failure<never, never>).cause)),
        "TypeError: The TypeScript implementation of the service \"tally\" lacks \"metrics\", \"add\", \"count\", \"total\". Add them, or correct the spec."
      )
    }))

  it("cannot be defined with a mode that its operation does not have", () => {
    assert.throws(
      () =>
        ServiceDefinition.make({
          ...definition,
          commands: { add: { name: "tally/add", operation: Add, mode: "async", transport: "positional" } }
        }),
      /The command "add" of the service "tally" has the mode "async", but its operation "tally.add" is "sync"/
    )
  })

  it.effect("fails to be made with the failure of its implementation, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const registry = yield* ServiceRegistry
      const released: Array<string> = []
      const failure = new ServiceUnavailable({ service: "tally", reason: "NotLoaded", message: "no" })
      const made = TypeScriptService.make(definition, () =>
        Effect.andThen(
          Effect.acquireRelease(Effect.void, () => Effect.sync(() => released.push("released"))),
          Effect.fail(failure)
        ))
      assert.strictEqual(yield* Effect.flip(Effect.scoped(made)), failure)
      assert.deepStrictEqual(released, ["released"])
      assert.deepStrictEqual(yield* registry.list, [])
    }).pipe(Effect.provide(ServiceRegistry.layer)))

  it.effect("takes the place of a native one that is not there, says so once, and not of one that refuses", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => void logged.push(`${logLevel}: ${String(message)}`))
    const unavailable = (reason: Reason) =>
      Effect.fail(new ServiceUnavailable({ service: "standin", reason, message: `It is ${reason}.` }))
    const standIn = (reason: Reason) => {
      const named = ServiceDefinition.make({ name: "standin", specHash: "none", traits: [], commands: {} })
      return TypeScriptService.orElse(unavailable(reason), named, () => Effect.succeed(quiet))
    }
    return Effect.gen(function*() {
      assert.strictEqual((yield* standIn("NotLoaded")).managed.kind, "typescript")
      assert.strictEqual((yield* standIn("NotLoaded")).managed.kind, "typescript")
      assert.deepStrictEqual(logged, ["Warn: The service \"standin\" runs in TypeScript. It is NotLoaded."])
      for (const reason of ["Refused", "Crashed", "Shutdown"] as const) {
        assert.strictEqual((yield* Effect.flip(standIn(reason))).reason, reason)
      }
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it("says as JSON why it is unavailable", () => {
    const error = new ServiceUnavailable({ service: "tally", reason: "Crashed", message: "its process has ended" })
    const encoded = Schema.encodeSync(ServiceUnavailable)(error)
    assert.deepStrictEqual({ ...encoded }, {
      _tag: "ServiceUnavailable",
      service: "tally",
      reason: "Crashed",
      message: "its process has ended"
    })
    const decoded = Schema.decodeUnknownSync(ServiceUnavailable)(JSON.parse(JSON.stringify(encoded)))
    assert.instanceOf(decoded, ServiceUnavailable)
    assert.strictEqual(decoded.message, error.message)
  })
})
