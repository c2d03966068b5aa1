/**
 * What cannot be made in Rust.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import { refsIn, typesOfCommand } from "../../internal/references.ts"
import type * as SpecIr from "../../SpecIr.ts"

const path = /^[A-Za-z_]\w*(?:::(?:[A-Za-z_]\w*|\*|\{[\w:*,\s]*\}))*$/u

/** Every type from outside of the specs that a command names, whatever it is inside of. */
const externals = (command: SpecIr.Command): ReadonlyMap<string, SpecIr.External> =>
  new Map(
    typesOfCommand(command).flatMap(refsIn)
      .flatMap(({ external, name }) => external === undefined ? [] : [[name, external]])
  )

/**
 * Names what keeps a command from being written in Rust, each in one sentence.
 *
 * @category combinators
 * @since 0.1.0
 */
export const command = (self: SpecIr.Command, adapter: string, context: GeneratorContext): ReadonlyArray<string> => {
  const { service } = self
  const problems: Array<string> = []
  if (service?.language !== "rust") {
    problems.push("needs a block \"rust\" that names the module; or use the adapter server-only")
  } else {
    const others = new Set(context.module(service.path)?.commands.map((command) => command.adapter))
    others.delete(adapter)
    // Asked for by name, an adapter makes what another one makes otherwise.
    if (self.adapter === adapter && others.size > 0) {
      problems.push(
        `makes the whole service ${service.path}, of which other commands name the adapter ${
          [...others].sort().join(" or ")
        }; a service has one adapter`
      )
    }
    for (const name of service.imports) {
      if (!path.test(name)) {
        problems.push(`cannot import ${JSON.stringify(name)}; write a path such as "opbus_core::PressureLevel"`)
      }
    }
  }
  if (self.environment !== "server") {
    problems.push("needs the environment \"server\": there is no Rust in a browser")
  }
  for (const [name, external] of externals(self)) {
    if (external.rust === undefined && external.declaration === undefined) {
      problems.push(`does not know where the type ${name} is in Rust; say so in "types" of opbus.config.json`)
    } else if (external.declaration === undefined && self.transport !== "json") {
      problems.push(
        `does not know what the type ${name} consists of, so it cannot cross by position; use the transport "json"`
      )
    }
  }
  return problems
}
