import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type * as Admission from "../../Admission.ts"
import type * as ServiceDefinition from "../../ServiceDefinition.ts"
import { ServiceUnavailable } from "../../ServiceUnavailable.ts"
import { type Command, SidecarProcess } from "../../SidecarProcess.ts"
import { askInstance, readAs, type Running } from "./calls.ts"
import { type Answer, Connection, Status } from "./connection.ts"
import { toText } from "./json.ts"

/** Both sides have to speak the same version of the protocol. */
const protocol = 1

interface Started extends Running {
  readonly metricPrefix: string | undefined
  readonly scope: Scope.Closeable
}

/**
 * What a supervisor needs to know.
 *
 * @internal
 */
export interface Settings {
  readonly config: Schema.Json
  readonly command: Command | undefined
  readonly patienceMillis: number
}

/**
 * Keeps the process of one service.
 *
 * Invariants: there is one process at most, and none after `shutdown`; when it ends by itself, the admission is closed with
 * `Crashed` before any call fails.
 *
 * @internal
 */
export const makeSupervisor = Effect.fnUntraced(function*(
  definition: ServiceDefinition.ServiceDefinition,
  admission: Admission.Admission,
  { command, config, patienceMillis }: Settings
) {
  const processes = yield* SidecarProcess
  const all = yield* Effect.flatMap(Effect.scope, (scope) => Scope.fork(scope))
  const service = definition.name
  let started: Started | undefined
  const established = new WeakSet<Connection>()

  const refused = (why: string) => new ServiceUnavailable({ service, reason: "Refused", message: why })

  const notLoaded = (why: string) => new ServiceUnavailable({ service, reason: "NotLoaded", message: why })

  const crashed = (why: string) =>
    new ServiceUnavailable({
      service,
      reason: "Crashed",
      message: `The process of the service "${service}" has ended: ${why}. Healing starts a new one.`
    })

  const stop = (process: Started | undefined) =>
    process === undefined ? Effect.void : Scope.close(process.scope, Exit.void)

  /** A connection to a new process. */
  const connect = Effect.fnUntraced(function*(command: Command) {
    const log = yield* Effect.context<never>()
    const connection: Connection = new Connection(service, (line) => process.write(line))
    const process = yield* processes.start(command, {
      onLine: (line) => connection.receive(line),
      onEnd: (why, tail) => {
        if (started?.connection === connection) {
          admission.close("Crashed", crashed(why).message)
          Effect.runForkWith(log)(Effect.logWarning(`${crashed(why).message}${tail === "" ? "" : `\n${tail}`}`))
        }
        connection.end(
          established.has(connection)
            ? crashed(why)
            : notLoaded(`The sidecar ${command.file} did not start: ${why}. Look at its log.`)
        )
      }
    })
    connection.maxFrameBytes = process.maxFrameBytes
    return connection
  })

  const told = <A>(
    read: (answer: Answer) => Effect.Effect<A>,
    answer: Answer,
    otherwise: (why: string) => ServiceUnavailable,
    what: string
  ) =>
    answer.status === Status.ok
      ? read(answer)
      : Effect.fail(otherwise(`The service "${service}" ${what}: ${answer.message ?? "it does not say why"}`))

  /** `undefined` when the program does not have the module. */
  const begin = Effect.fnUntraced(function*(command: Command, scope: Scope.Closeable) {
    const connection = yield* Scope.provide(connect(command), scope)
    const hello = yield* Effect.flatMap(
      connection.ask("hello", "{}"),
      (answer) => told(readHello, answer, notLoaded, "does not say hello")
    )
    if (hello.protocol !== protocol) {
      return yield* Effect.fail(notLoaded(
        `The sidecar ${command.file} speaks version ${hello.protocol} of the protocol, not ${protocol}. Build it again: opbus build-native`
      ))
    }
    connection.maxFrameBytes = Math.min(connection.maxFrameBytes, hello.maxFrameBytes ?? Infinity)
    const module = hello.modules.find(({ name }) => name === service)
    if (module === undefined) return undefined
    if (module.specHash !== definition.specHash) {
      return yield* Effect.fail(notLoaded(
        `The sidecar ${command.file} has another version of the service "${service}" (${module.specHash}, not ${definition.specHash}). Build it again: opbus build-native`
      ))
    }
    const created = yield* Effect.flatMap(
      connection.ask("create", `{"module":${toText(service)},"config":${toText(config)}}`),
      (answer) => told(readCreated, answer, refused, "was not made")
    )
    const running: Started = {
      connection,
      instance: created.instance,
      metricPrefix: created.metricPrefix ?? undefined,
      commands: new Map(module.commands.map(({ name }, index) => [name, index])),
      scope
    }
    for (let pause = 1;; pause = Math.min(pause * 2, 50)) {
      const step = yield* Effect.flatMap(
        connection.ask("initialize", `{"instance":${running.instance}}`),
        (answer) => told(readStep, answer, refused, "could not be initialised")
      )
      if (step.ready) return running
      yield* Effect.sleep(pause)
    }
  })

  const patiently = (command: Command, scope: Scope.Closeable) =>
    Effect.timeoutOrElse(begin(command, scope), {
      duration: patienceMillis,
      orElse: () =>
        Effect.fail(
          notLoaded(`The sidecar ${command.file} was not ready within ${patienceMillis} ms. Look at its log.`)
        )
    })

  // A process belongs to nobody until it is `started`: no interruption may come in between.
  const start: Effect.Effect<void, ServiceUnavailable> = Effect.uninterruptibleMask(
    Effect.fnUntraced(function*(restore) {
      yield* stop(started)
      started = undefined
      const commands = command === undefined ? yield* restore(processes.commands) : [command]
      for (const command of commands) {
        const scope = yield* Scope.fork(all)
        const running = yield* Effect.onExit(
          restore(patiently(command, scope)),
          (exit) => Exit.isSuccess(exit) && exit.value !== undefined ? Effect.void : Scope.close(scope, exit)
        )
        if (running === undefined) continue
        started = running
        established.add(running.connection)
        return running.connection.ended === undefined ? undefined : yield* Effect.fail(running.connection.ended)
      }
      const why = commands.length === 0
        ? `The service "${service}" has no sidecar.`
        : `No sidecar has the service "${service}" (${commands.map(({ file }) => file).join(", ")}).`
      return yield* Effect.fail(notLoaded(`${why} ${processes.hint}`))
    })
  )

  const crash = (why: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const process = started
      admission.close("Crashed", crashed(why).message)
      process?.connection.end(crashed(why))
      started = undefined
      return stop(process)
    })

  const current = (): Started => started!

  /** Asks the instance; `more` is JSON text of further params. */
  const ask = (method: string, more?: string): Effect.Effect<Answer, ServiceUnavailable> =>
    Effect.suspend(() => {
      if (admission.has("Shutdown")) return Effect.fail(admission.closed!)
      if (started === undefined) {
        return Effect.fail(admission.all.find(({ reason }) => reason === "Crashed") ?? crashed("it was stopped"))
      }
      return askInstance(admission, started, method, more)
    })

  const shutdown = Effect.uninterruptible(Effect.suspend(() => {
    if (admission.has("Shutdown")) return Effect.void
    const process = started
    const last = admission.has("Crashed") || process === undefined
      ? Effect.void
      : Effect.ignore(Effect.timeout(Effect.interruptible(askInstance(admission, process, "shutdown")), patienceMillis))
    admission.close("Shutdown", `The service "${service}" was shut down. Make a new one.`)
    return Effect.andThen(
      last,
      Effect.suspend(() => {
        started = undefined
        return stop(process)
      })
    )
  }))

  yield* start
  return { ask, crash, current, shutdown, start }
})

const readHello = readAs(Schema.Struct({
  protocol: Schema.Finite,
  maxFrameBytes: Schema.optionalKey(Schema.Finite),
  modules: Schema.Array(Schema.Struct({
    name: Schema.String,
    specHash: Schema.String,
    commands: Schema.Array(Schema.Struct({ name: Schema.String }))
  }))
}))
const readCreated = readAs(Schema.Struct({ instance: Schema.Finite, metricPrefix: Schema.NullOr(Schema.String) }))
const readStep = readAs(Schema.Struct({ ready: Schema.Boolean }))
