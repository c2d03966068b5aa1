import { patterns, traits } from "../../../CommandSpec.ts"
import type * as SpecIr from "../../../SpecIr.ts"
import * as limits from "../limits.ts"
import type { Report } from "../scope.ts"
import { fieldGroups, type Subject } from "./world.ts"

/**
 * What fits together: adapter, environment, mode, transport and service.
 *
 * @internal
 */
export const checkRules = (subject: Subject): void => {
  const { command, report, file } = subject
  if (!patterns.command.test(command.name)) {
    report(["name"], "a name has two or more parts in kebab-case or camelCase, such as gpu/stats")
  }
  const wanted = environments.get(command.adapter)
  if (wanted !== undefined && command.environment !== wanted) {
    const other = [...environments].find(([, environment]) => environment === command.environment)?.[0]
    report(
      ["environment"],
      `the adapter ${command.adapter} is for the environment ${wanted}, not ${command.environment}: ` +
        `write "environment": "${wanted}", or use the adapter ${other ?? "server-only"}`
    )
  }
  if (command.mode === "sync" && neverSync.has(command.adapter)) {
    report(["mode"], `the adapter ${command.adapter} asks another process, which takes time: write "mode": "async"`)
  }
  if (command.transport !== "json" && overJson.has(command.adapter)) {
    const reason = command.adapter === "sidecar" ? "speaks JSON with its process" : "calls nothing native"
    report(["transport"], `the adapter ${command.adapter} ${reason}: leave "transport" out`)
  }
  if (file.spec.rust !== undefined && file.spec.service !== undefined) {
    report(["service"], "a command belongs to one service: keep \"rust\" or \"service\"")
  }
  checkService(subject)
  checkTexts(command, report)
}

const environments = new Map<string, SpecIr.Command["environment"]>([
  ["rust-ipc", "server"],
  ["sidecar", "server"],
  ["server-only", "server"],
  ["browser-only", "browser"],
  ["full-stack", "both"]
])

const neverSync = new Set(["sidecar", "full-stack"])

/** A trait, a schema or a header says nothing of how a call travels. */
const overJson = new Set(["sidecar", "server-only", "browser-only", "full-stack"])

// ---------------------------------------------------------------------------
// services
// ---------------------------------------------------------------------------

/** They run what the block describes, so there has to be one. */
const needsRust = new Set(["rust-ipc", "sidecar"])

const checkService = ({ command, report, file }: Subject): void => {
  const { service, adapter } = command
  if (service === undefined) {
    if (needsRust.has(adapter)) {
      report(
        [],
        `the adapter ${adapter} needs a service in Rust: add "rust": { "module": "modules/…", "traits": ["ManagedService"] }`
      )
    } else if (adapter === "trait-only") {
      report([], "the adapter trait-only needs a place for the trait: add \"rust\": { \"module\": \"modules/…\" }")
    }
    return
  }
  const key = file.spec.rust === undefined ? "service" : "rust"
  if (key === "service" && (needsRust.has(adapter) || adapter === "trait-only")) {
    report(["service"], `the adapter ${adapter} makes a service in Rust: write "rust" instead of "service"`)
  }
  if (key === "rust" && adapter === "server-only") {
    report(
      ["rust"],
      "the adapter server-only makes nothing in Rust: use the adapter rust-ipc, or write \"service\" instead of \"rust\""
    )
  }
  if (adapter === "browser-only" || adapter === "full-stack") {
    report(
      [key],
      `the adapter ${adapter} makes no services: use the adapter ${key === "rust" ? "rust-ipc" : "server-only"}`
    )
  }
  if (adapter !== "trait-only" && !service.traits.includes("ManagedService")) {
    const given = file.spec[key]?.traits ?? []
    report(
      [key, "traits"],
      `${service.path} owns resources, so it has to say how it is and to give way under pressure: ` +
        `write "traits": ${
          JSON.stringify(traits.filter((trait) => trait === "ManagedService" || given.includes(trait)))
        }`
    )
  }
  const twice = (file.spec[key]?.traits ?? []).filter((trait, i, all) => all.indexOf(trait) !== i)
  if (twice.length > 0) report([key, "traits"], `${twice[0]} stands twice`)
  if (service.commandPrefix !== undefined && !command.name.startsWith(service.commandPrefix)) {
    const near = command.name.slice(0, command.name.lastIndexOf("/") + 1)
    report([key, "command_prefix"], `${command.name} does not start with ${JSON.stringify(service.commandPrefix)}`, [
      near
    ])
  }
  if (key === "service" && service.imports.length > 0) {
    report([key, "imports"], "a service in TypeScript has no imports of Rust: leave them out")
  }
  if (reservedModules.has(service.name)) {
    report([key, "module"], `${service.name} is a name that Rust keeps for itself: choose another one`, [
      `${service.name}s`
    ])
  }
}

/** Keywords, and the files that the crate has besides those of services. */
const reservedModules = new Set(
  "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self static struct super trait true type unsafe use where while abstract become box do final gen macro override priv try typeof unsized virtual yield union core std lib main generated modules"
    .split(" ")
)

// ---------------------------------------------------------------------------
// texts and numbers of things
// ---------------------------------------------------------------------------

const checkTexts = (command: SpecIr.Command, report: Report): void => {
  const check = (description: string | undefined, path: ReadonlyArray<string | number>): void => {
    if (description === undefined) return
    if (description.length > limits.maxDescriptionLength) {
      report(path, `the description is longer than ${limits.maxDescriptionLength} characters`)
    }
    if (!description.isWellFormed() || /\p{Cc}|[\u2028\u2029]/u.test(description)) {
      report(path, "a description is one line of text, without control characters")
    } else if (description !== description.trim()) {
      report(path, "a description neither starts nor ends with a space")
    }
  }
  const describe = (value: { readonly description?: string }, path: ReadonlyArray<string | number>): void =>
    check(value.description, [...path, "description"])
  describe(command, [])
  for (const group of fieldGroups(command)) group.fields.forEach((field, i) => describe(field, group.pathOf(i)))
  for (const declaration of command.declarations) {
    const path = ["types", declaration.name]
    describe(declaration, path)
    if (declaration._tag === "Union") {
      for (const variant of declaration.variants) describe(variant, [...path, "union", variant.name])
    }
    if (declaration._tag === "Enum" && !declaration.inline) {
      for (const { description, value } of declaration.values) check(description, [...path, "enum", value])
    }
  }
  for (const failure of command.failures) describe(failure, ["errors", failure.name])
  command.examples.forEach((example, i) => {
    describe(example, ["examples", i])
    if (example.command !== undefined && (!example.command.isWellFormed() || /\p{Cc}/u.test(example.command))) {
      report(["examples", i, "command"], "the command of an example is one line of text")
    }
  })
  if (command.examples.length > limits.maxExamples) {
    report(["examples"], `there are ${command.examples.length} examples; the limit is ${limits.maxExamples}`)
  }
}
