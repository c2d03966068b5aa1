/** The addon with the module that the binding's tests use, and one that is written by hand. Both need cargo. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { OperationInvoker } from "../../../src/index.ts"
import type { Binding } from "../../../src/native/internal/binding/binding.ts"
import { input, statuses } from "../../../src/native/internal/binding/layout.ts"
import * as Marshal from "../../../src/native/internal/binding/marshal.ts"
import { NativeModule } from "../../../src/native/NativeModule.ts"
import * as NativeService from "../../../src/native/NativeService.ts"
import type * as ServiceDefinition from "../../../src/native/ServiceDefinition.ts"
import * as Sidecar from "../../../src/native/Sidecar.ts"
import * as NodeSidecar from "../../../src/node/NodeSidecar.ts"
import { Add, definition } from "../../../test/native/binding/echo.ts"
import { addon, modules } from "../../../test/native/binding/support.ts"
import { appLayer, build, forever } from "../harness/app.ts"

export interface AddParams {
  readonly x: number
  readonly y: number
  readonly name: string
}

export interface AddResult {
  readonly sum: number
  readonly name: string
}

const inputs: ReadonlyArray<AddParams> = Array.from(
  { length: 16 },
  (_, i) => ({ x: i + 0.5, y: i * 3, name: `name ${i}` })
)

/** A few different inputs, in turn. */
export const inputAt = (i: number): AddParams => inputs[i & 15]!

const load = (file: string): any => {
  const module = { exports: {} }
  process.dlopen(module, file)
  return module.exports
}

/** `{ x, y, name } -> { sum, name }` as somebody would write it by hand. */
export const handWritten = () => {
  const folder = fileURLToPath(new URL("../../../native/bench", import.meta.url))
  execFileSync("cargo", ["build", "--release", "--offline", "--locked"], { cwd: folder, stdio: "ignore" })
  const extension = process.platform === "darwin" ? "dylib" : "so"
  const native = load(`${folder}/target/release/libopbus_bench.${extension}`)
  const area = new Float64Array(1)
  native.share(area.buffer)
  return {
    positional: ({ name, x, y }: AddParams): AddResult => {
      const text: string = native.add(x, y, name)
      return { sum: area[0]!, name: text }
    },
    object: (params: AddParams): AddResult => native.object(params)
  }
}

/** The service, and its calls below Effect: what crosses the border, and nothing else. */
export const echo = async () => {
  const context = await build(modules)
  const instance = await Effect.runPromise(
    NativeService.make(definition).pipe(Effect.provide(context), Effect.provideService(Scope.Scope, forever))
  )
  const found = await Effect.runPromise(Context.get(context, NativeModule).find(definition.name, definition.specHash))
  const binding = found.binding as Binding
  Effect.runSync(instance.commands.add(inputAt(0)))
  const handle = binding.writer.head[input.handle]!
  const number = binding.modules.get("echo")!.commands.findIndex(({ name }) => name === "echo/add")
  const raw = (command: ServiceDefinition.Command) => {
    const { output, transport, write } = Marshal.make(binding, command.name, command)
    return (params: AddParams): AddResult => {
      write(params)
      if (binding.call(handle, number, transport) !== statuses.ok) throw new Error(binding.message)
      return output() as AddResult
    }
  }
  return {
    commands: instance.commands,
    positional: raw(definition.commands.add),
    json: raw(definition.commands.addJson)
  }
}

/** The same in a process of its own. */
export const sidecar = async () => {
  const file = addon!.replace(/\.node$/, process.platform === "win32" ? "-sidecar.exe" : "-sidecar")
  const layer = NodeSidecar.layer({ commands: [{ file, args: [] }] })
  const { commands } = await Effect.runPromise(
    Sidecar.make(definition).pipe(Effect.provide(layer), Effect.provideService(Scope.Scope, forever))
  )
  return commands
}

/** `echo.add` by an application whose handler is the given one. */
export const application = async (handler: (params: AddParams) => Effect.Effect<AddResult, any>) => {
  const context = await build(appLayer(Add.toLayer(handler) as Layer.Layer<any>))
  return { context, invoke: Context.get(context as Context.Context<OperationInvoker>, OperationInvoker).invoke }
}
