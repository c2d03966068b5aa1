/**
 * The Rust trait of a service, and how the bus reaches what implements it.
 *
 * @since 0.1.0
 */
import type * as SpecIr from "../../SpecIr.ts"
import * as ServiceNames from "../ServiceNames.ts"
import * as RustNames from "./RustNames.ts"
import type * as RustScope from "./RustScope.ts"
import * as Text from "./RustText.ts"

/** What `ServiceModule` is asked for each trait. */
const accessors: { readonly [Name in Exclude<SpecIr.Trait, "ManagedService">]: string } = {
  Lifecycle: "lifecycle",
  MetricsEmitter: "metrics",
  Configurable: "configurable"
}

/**
 * The names of a service's Rust items.
 *
 * @category names
 * @since 0.1.0
 */
export const names = (service: SpecIr.Service) => {
  const base = ServiceNames.pascal(service)
  return { implementation: RustNames.type(base), trait: `${base}Service`, module: `${base}Module` }
}

/**
 * The function of a command, as the trait declares it and implementations write it.
 *
 * @category rendering
 * @since 0.1.0
 */
export const signature = (
  level: number,
  module: SpecIr.Module,
  command: SpecIr.Command,
  scope: RustScope.Scope,
  end: " {" | ";",
  argument = "params"
): ReadonlyArray<string> => {
  const result = command.mode === "stream" ? scope.stream(command) : scope.own(command.result.name, command)
  return Text.functionHead(
    level,
    RustNames.snake(ServiceNames.method(module, command)),
    [
      "&self",
      `${argument === "params" ? "" : "_"}context: &opbus_core::CallContext`,
      `${argument}: ${scope.own(command.params.name, command)}`
    ],
    [result, scope.error(command)],
    end
  )
}

/**
 * The trait that the implementation of a service has to fulfil.
 *
 * @category rendering
 * @since 0.1.0
 */
export const trait = (module: SpecIr.Module, scope: RustScope.Scope): ReadonlyArray<string> => {
  const { service } = module
  const bounds = service.traits.length === 0 ? ["Send", "Sync"] : service.traits.map((name) => `opbus_core::${name}`)
  const head = `pub trait ${names(service).trait}`
  const line = `${head}: ${bounds.join(" + ")} {`
  return [
    ...module.commands.flatMap((command) =>
      command.mode === "stream"
        ? [
          `/// The elements of \`${command.name}\`, pulled one by one.`,
          ...Text.alias(
            "pub ",
            scope.stream(command),
            `Box<dyn opbus_core::StreamSource<${scope.own(command.result.name, command)}, ${scope.error(command)}>>`
          ),
          ""
        ]
        : []
    ),
    `/// The commands of the service \`${service.name}\`.`,
    // rustfmt keeps eight columns free here.
    ...(line.length <= 92 ? [line] : [
      `${head}:`,
      ...(bounds.join(" + ").length <= 96 ? [bounds.join(" + ")] : bounds).map((bound, i) =>
        `    ${i === 0 ? "" : "+ "}${bound}`
      ),
      "{"
    ]),
    ...module.commands.flatMap((command) => [
      ...Text.indent(Text.doc(command.description)),
      ...signature(1, module, command, scope, ";")
    ]),
    "}",
    ""
  ]
}

const dispatch = (
  module: SpecIr.Module,
  how: "call" | "open"
): ReadonlyArray<string> => {
  const arms = module.commands.flatMap((command, i) => {
    if ((command.mode === "stream") !== (how === "open")) return []
    const method = RustNames.snake(ServiceNames.method(module, command))
    const arm = `            ${i} => port.${
      how === "call" ? "run" : "open"
    }(|params| S::${method}(service, context, params)),`
    // Several rules of rustfmt compete for an arm that is too long.
    return arm.length <= 100 ? [arm] : ["            #[rustfmt::skip]", arm]
  })
  const other = how === "call" ? "port.no_such_command(command)" : "Err(port.no_such_command(command))"
  return arms.length === 0
    ? []
    : ["        let service = &self.0;", "        match command {", ...arms, `            _ => ${other},`, "        }"]
}

/** rustfmt lets a single element share the lines of its brackets. */
const commandList = (module: SpecIr.Module): ReadonlyArray<string> => {
  const all = module.commands.map((command) => [
    "opbus_core::CommandInfo {",
    `    name: ${Text.string(command.name)},`,
    `    mode: opbus_core::Mode::${command.mode[0]!.toUpperCase()}${command.mode.slice(1)},`,
    "}"
  ])
  const only = all.length === 1 ? all[0] : undefined
  if (only !== undefined) {
    return Text.indent([`commands: &[${only[0]}`, ...only.slice(1, -1), "}],"])
  }
  return [
    "    commands: &[",
    ...all.flatMap((lines) => Text.indent([...lines.slice(0, -1), "},"], 2)),
    "    ],"
  ]
}

/**
 * The service as the bus calls it, and its factory.
 *
 * @category rendering
 * @since 0.1.0
 */
export const dispatcher = (module: SpecIr.Module): ReadonlyArray<string> => {
  const { service } = module
  const { module: name, trait } = names(service)
  const calls = dispatch(module, "call")
  const opens = dispatch(module, "open")
  const unused = calls.length === 0 ? "_" : ""
  return [
    `/// The service \`${service.name}\` as the bus calls it.`,
    `pub struct ${name}<S>(pub S);`,
    "",
    `impl<S: ${trait}> opbus_core::ServiceModule for ${name}<S> {`,
    "    fn managed(&self) -> &dyn opbus_core::ManagedService {",
    "        &self.0",
    "    }",
    ...service.traits.flatMap((item) =>
      item === "ManagedService" ? [] : [
        "",
        `    fn ${accessors[item]}(&self) -> Option<&dyn opbus_core::${item}> {`,
        "        Some(&self.0)",
        "    }"
      ]
    ),
    "",
    "    fn call(",
    "        &self,",
    "        command: usize,",
    `        ${unused}context: &opbus_core::CallContext,`,
    "        port: &mut opbus_core::Port<'_>,",
    "    ) -> opbus_core::Status {",
    ...(calls.length === 0 ? ["        port.no_such_command(command)"] : calls),
    "    }",
    ...(opens.length === 0 ? [] : [
      "",
      "    fn open(",
      "        &self,",
      "        command: usize,",
      "        context: &opbus_core::CallContext,",
      "        port: &mut opbus_core::Port<'_>,",
      "    ) -> Result<Box<dyn opbus_core::Elements>, opbus_core::Status> {",
      ...opens,
      "    }"
    ]),
    "}",
    "",
    "fn create(config: &opbus_core::Value) -> Result<Box<dyn opbus_core::ServiceModule>, String> {",
    `    let service = crate::modules::${RustNames.snake(service.name)}::create(config)?;`,
    `    Ok(Box::new(${name}(service)))`,
    "}",
    "",
    "/// How the bus makes the service.",
    "pub const FACTORY: opbus_core::ModuleFactory = opbus_core::ModuleFactory {",
    `    name: ${Text.string(service.name)},`,
    "    spec_hash: SPEC_HASH,",
    ...commandList(module),
    "    create,",
    "};",
    ""
  ]
}
