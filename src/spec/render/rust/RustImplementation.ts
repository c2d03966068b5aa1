/**
 * Where a service is written in Rust: a file that is made once and belongs to its author from then on.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as RustModule from "./RustModule.ts"
import * as RustScope from "./RustScope.ts"
import * as RustService from "./RustService.ts"
import * as Text from "./RustText.ts"

const bodies: { readonly [Name in SpecIr.Trait]: (service: SpecIr.Service) => ReadonlyArray<string> } = {
  ManagedService: (service) => [
    "    fn name(&self) -> &str {",
    `        ${Text.string(service.name)}`,
    "    }",
    "",
    "    fn health(&self) -> HealthStatus {",
    "        HealthStatus::Healthy",
    "    }",
    "",
    "    /// Warning: reduce what is not essential. High: shed what is optional. Critical: keep only what must not be lost.",
    "    fn pressure_response(&self, _level: PressureLevel) {}",
    "",
    "    /// Drop everything that can be made again, now.",
    "    fn shed_load(&self) {}",
    "",
    "    /// Bring back what was lost; `false` when that did not succeed.",
    "    fn heal(&self) -> bool {",
    "        true",
    "    }",
    "",
    "    /// Release everything; nothing is called afterwards.",
    "    fn shutdown(&self) {}"
  ],
  Lifecycle: () => [
    "    /// Asked again until it is ready.",
    "    fn initialize(&self) -> Result<Initialization, String> {",
    "        Ok(Initialization::Ready)",
    "    }",
    "",
    "    fn shutdown(&self) {}",
    "",
    "    fn is_initialized(&self) -> bool {",
    "        true",
    "    }"
  ],
  MetricsEmitter: (service) => [
    "    fn emit_metrics(&self) -> Value {",
    "        Value::Object(Vec::new())",
    "    }",
    "",
    "    fn metric_prefix(&self) -> &str {",
    `        ${Text.string(service.name)}`,
    "    }"
  ],
  Configurable: (service) => [
    "    fn get_param(&self, _name: &str) -> Option<Value> {",
    "        None",
    "    }",
    "",
    "    fn set_param(&self, _name: &str, _value: Value) -> Result<(), String> {",
    ...Text.call(2, "Err(", "String::from", [Text.string(`the service ${service.name} has no such parameter`)], ")"),
    "    }",
    "",
    "    fn list_params(&self) -> Vec<(&'static str, &'static str)> {",
    "        Vec::new()",
    "    }"
  ]
}

const imported: { readonly [Name in SpecIr.Trait]: ReadonlyArray<string> } = {
  ManagedService: ["HealthStatus", "ManagedService", "PressureLevel"],
  Lifecycle: ["Initialization", "Lifecycle"],
  MetricsEmitter: ["MetricsEmitter"],
  Configurable: ["Configurable"]
}

/** Breaks a list of imports the way rustfmt does. */
const use = (path: string, items: ReadonlyArray<string>): ReadonlyArray<string> => {
  const line = `use ${path}::{${items.join(", ")}};`
  // Two less than elsewhere; rustfmt says no more about it.
  if (line.length <= 98) return [line]
  const lines: Array<string> = []
  for (const item of items) {
    const longer = lines.length === 0 ? undefined : `${lines.at(-1)} ${item},`
    if (longer !== undefined && longer.length <= 100) lines[lines.length - 1] = longer
    else lines.push(`    ${item},`)
  }
  return [`use ${path}::{`, ...lines, "};"]
}

/**
 * The whole file. It compiles as it is; every command answers that it has no body yet.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (module: SpecIr.Module, context: GeneratorContext): string => {
  const { service } = module
  const scope = RustModule.scope(module, context)
  const names = RustService.names(service)
  const core = [
    ...new Set(["Value", ...service.traits.flatMap((trait) => imported[trait])])
  ].toSorted()
  const extra = service.imports.filter((path) => !core.some((item) => path === `opbus_core::${item}`))
  return [
    `//! The service \`${service.name}\`. Made once by \`opbus generate\`; it is yours.`,
    "",
    `use crate::generated::${RustScope.moduleName(service)}::*;`,
    ...use("opbus_core", core),
    ...extra.map((path) => `#[allow(unused_imports)] // the spec names it\nuse ${path};`),
    "",
    `/// What the service owns. Calls come from several threads: share with a \`Mutex\`, or with atomics.`,
    `pub struct ${names.implementation} {}`,
    "",
    "/// Makes the service; `Err` says in one line why that is not possible.",
    `pub fn create(_config: &Value) -> Result<${names.implementation}, String> {`,
    `    Ok(${names.implementation} {})`,
    "}",
    "",
    ...service.traits.flatMap((trait) => [
      `impl ${trait} for ${names.implementation} {`,
      ...bodies[trait](service),
      "}",
      ""
    ]),
    `impl ${names.trait} for ${names.implementation} {`,
    ...module.commands.flatMap((command, i) => [
      ...(i === 0 ? [] : [""]),
      ...Text.indent(Text.doc(command.description.trim().split(/[\r\n]/u)[0])),
      ...RustService.signature(1, module, command, scope, " {", "_params"),
      // rustfmt has rules of its own for macros; a constant keeps out of them.
      `        const MISSING: &str = ${Text.string(`${command.name} is not implemented yet`)};`,
      "        panic!(\"{}\", MISSING)",
      "    }"
    ]),
    "}",
    ""
  ].join("\n")
}
