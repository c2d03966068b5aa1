/**
 * The tests of a command: its examples, and what its schemas promise.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../GeneratedFile.ts"
import type { GeneratorContext } from "../GeneratorAdapter.ts"
import type * as SpecIr from "../SpecIr.ts"
import { Imports } from "./ImportRenderer.ts"
import * as Layout from "./Layout.ts"
import * as NamingConventions from "./NamingConventions.ts"
import type { Doc } from "./Printer.ts"
import * as Printer from "./Printer.ts"
import * as Refusals from "./Refusals.ts"
import { Scope } from "./Scope.ts"
import * as Subjects from "./Subjects.ts"
import * as TypeScript from "./TypeScriptPrinter.ts"

/**
 * Renders the tests of a command.
 *
 * **Details**
 *
 * They call the real handler through a real invoker: each example has to come out as the spec says; what the schema of the
 * parameters refuses is `InvalidInput`; and a command that changes nothing answers everything that its schema takes, with a
 * result or a failure that its schemas describe.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (command: SpecIr.Command, context: GeneratorContext): GeneratedFile => {
  const path = Layout.test(command, context.config)
  const imports = new Imports(path, context.config)
  const file = new TestFile(command, imports, context)
  const body = Printer.render(file.body())
  return {
    path,
    kind: "generated",
    contents: `${imports.render()}\n${body}\n`,
    sources: [command.source],
    hash: command.hash
  }
}

const vitest = "@effect/vitest"

const quoted = (value: string): string => TypeScript.string(value)

/** Statements on lines of their own, inside braces. */
const block = (...statements: ReadonlyArray<Doc>): Doc =>
  Printer.concat(
    "{",
    Printer.indent(Printer.hardline, Printer.join(Printer.hardline, statements)),
    Printer.hardline,
    "}"
  )

class TestFile {
  private readonly command: SpecIr.Command
  private readonly imports: Imports
  private readonly context: GeneratorContext
  private readonly operation: string
  private readonly stream: boolean

  constructor(command: SpecIr.Command, imports: Imports, context: GeneratorContext) {
    this.command = command
    this.imports = imports
    this.context = context
    this.operation = this.exported(NamingConventions.typeName(command.name))
    this.stream = command.mode === "stream"
  }

  body(): Doc {
    const { command, context, imports } = this
    const subjects = Subjects.of(command, imports, context)
    const refusals = Refusals.of(command, new Scope(command.declarations, imports, context))
    // One that is only a command is for the reader.
    const examples = [...command.examples.entries()].flatMap(([index, example]) =>
      example.params === undefined ? [] : [[example, index] as const]
    )
    const tests = (layer: string): ReadonlyArray<Doc> => [
      this.handled(layer),
      ...examples.map(([example, index]) => this.example(example, index, layer)),
      ...(refusals.length === 0 ? [] : [this.refuses(layer)]),
      ...(command.effects === "read" ? [this.answersAll(layer)] : [])
    ]
    const suites = subjects.suites.map(({ condition, layer, name }) => {
      const describe = imports.name(vitest, "describe")
      return Printer.concat(
        `${describe}${condition === undefined ? "" : `.runIf(${condition})`}(${
          quoted(name === undefined ? command.key : `${command.key}, ${name}`)
        }, () => `,
        block(Printer.join(Printer.concat(Printer.hardline, Printer.hardline), tests(layer))),
        ")"
      )
    })
    const answers = command.effects === "read" || examples.some(([example]) => isOpen(example))
    const parts: Array<Doc> = [
      ...subjects.declarations,
      ...(refusals.length === 0 ? [] : [this.refused(refusals)]),
      ...(answers ? [this.answers()] : []),
      ...suites
    ]
    return Printer.join(Printer.concat(Printer.hardline, Printer.hardline), parts)
  }

  private exported(name: string, use: "value" | "type" = "value"): string {
    return this.imports.local(Layout.operation(this.command, this.context.config), name, use)
  }

  private params(): string {
    return this.exported(this.command.params.name)
  }

  private test(name: string, layer: string, statements: ReadonlyArray<Doc>): Doc {
    const { imports } = this
    const effect = imports.effect("Effect")
    return Printer.concat(
      `${imports.name(vitest, "it")}.effect(${quoted(name)}, () =>`,
      Printer.indent(
        Printer.hardline,
        `${effect}.gen(function*() `,
        block(...statements),
        `).pipe(${effect}.provide(${layer})))`
      )
    )
  }

  private property(name: string, runs: number, layer: string, body: Doc): Doc {
    const { imports } = this
    return Printer.concat(
      `${imports.name(vitest, "it")}.effect.prop(`,
      Printer.indent(
        Printer.hardline,
        `${quoted(name)},`,
        Printer.hardline,
        `[${this.params()}],`,
        Printer.hardline,
        Printer.group(
          "([params]) =>",
          Printer.indent(Printer.line, body, `.pipe(${imports.effect("Effect")}.provide(${layer})),`)
        ),
        Printer.hardline,
        `{ arbitrary: { runs: ${runs} } }`
      ),
      Printer.hardline,
      ")"
    )
  }

  private handled(layer: string): Doc {
    const registry = this.imports.runtimeName("operation/OperationRegistry", "OperationRegistry")
    return this.test("has a handler", layer, [
      `const operations = yield* (yield* ${registry}).list`,
      `${this.imports.name(vitest, "assert")}.include(operations.map(({ key }) => key), ${this.operation}.key)`
    ])
  }

  private decoded(params: SpecIr.Json): Doc {
    return Printer.concat(
      "const params = yield* ",
      TypeScript.call(
        `${this.imports.effect("Schema")}.decodeUnknownEffect(${this.params()})`,
        [TypeScript.json(params)],
        typeof params === "object" ? "hug" : "wrap"
      )
    )
  }

  private encoded(name: string, schema: string, value: string): Doc {
    return `const ${name} = yield* ${this.imports.effect("Schema")}.encodeUnknownEffect(${schema})(${value})`
  }

  private example(example: SpecIr.Example, index: number, layer: string): Doc {
    const name = example.description ?? `example ${index + 1}`
    const { imports, operation, stream } = this
    const statements: Array<Doc> = [this.decoded(example.params ?? {})]
    const assert = () => imports.name(vitest, "assert")
    const equal = (actual: string, expected: SpecIr.Json) =>
      TypeScript.call(`${assert()}.deepStrictEqual`, [actual, TypeScript.json(expected)])
    if (example.error !== undefined) {
      const effect = imports.effect("Effect")
      const call = stream
        ? `${imports.effect("Stream")}.runDrain(${operation}.invoke(params))`
        : `${operation}.invoke(params)`
      statements.push(
        `const failure = yield* ${effect}.flip(${call})`,
        this.encoded("error", `${operation}.error`, "failure"),
        equal("error", example.error)
      )
    } else if (example.result === undefined) {
      statements.push("yield* answers(params)")
    } else if (stream) {
      const elements = Array.isArray(example.result) ? example.result.length : 0
      statements.push(
        Printer.group(
          "const elements = yield* ",
          TypeScript.call(`${operation}.invoke(params).pipe`, [
            `${imports.effect("Stream")}.take(${elements + 1})`,
            `${imports.effect("Stream")}.runCollect`
          ])
        ),
        this.encoded("result", `${imports.effect("Schema")}.Array(${operation}.output)`, "elements"),
        equal("result", example.result)
      )
    } else {
      statements.push(
        `const answer = yield* ${operation}.invoke(params)`,
        this.encoded("result", `${operation}.output`, "answer"),
        equal("result", example.result)
      )
    }
    return this.test(name, layer, statements)
  }

  /** What no caller may pass: the list. */
  private refused(refusals: ReadonlyArray<Refusals.Refusal>): Doc {
    return Printer.concat(
      `type Change = (params: ${this.params()}) => unknown`,
      Printer.hardline,
      Printer.hardline,
      "/** What no caller may pass, made from parameters that fit. */",
      Printer.hardline,
      "const refused: ReadonlyArray<readonly [what: string, change: Change]> = ",
      TypeScript.array(
        refusals.map((refusal) =>
          TypeScript.array([
            quoted(refusal.what),
            refusal.value === undefined
              ? `({ ${TypeScript.key(refusal.field)}: _, ...params }) => params`
              : Printer.concat(
                "(params) => (",
                TypeScript.object([
                  { name: "...params", value: undefined },
                  { name: refusal.field, value: refusal.value }
                ]),
                ")"
              )
          ])
        ),
        "broken"
      )
    )
  }

  private refuses(layer: string): Doc {
    const { imports, operation, stream } = this
    const effect = imports.effect("Effect")
    const call = `${operation}.invoke(wrong)`
    const body = Printer.concat(
      `${effect}.gen(function*() `,
      block(Printer.concat(
        "for (const [what, change] of refused) ",
        block(
          `const wrong = change(params) as ${this.params()}`,
          Printer.concat(
            "const error = yield* ",
            TypeScript.call(`${effect}.flip`, [
              stream ? TypeScript.call(`${imports.effect("Stream")}.runDrain`, [call]) : call
            ])
          ),
          `const reason = ${
            imports.runtimeName("operation/OperationError", "isOperationError")
          }(error) ? error.reason._tag : "a failure of its own"`,
          `${imports.name(vitest, "assert")}.strictEqual(reason, "InvalidInput", what)`
        )
      )),
      ")"
    )
    return this.property("refuses what its schema refuses", 5, layer, body)
  }

  /** The function that the tests without an expected result share. */
  private answers(): Doc {
    const { imports, operation, stream } = this
    const effect = imports.effect("Effect")
    const call = `${operation}.invoke(params)`
    const run = stream
      ? `${call}.pipe(${imports.effect("Stream")}.take(100), ${imports.effect("Stream")}.runDrain)`
      : call
    return Printer.concat(
      "/** It answers with a result that fits, or with a failure that it declares. */",
      Printer.hardline,
      `const answers = (params: ${this.params()}) =>`,
      Printer.indent(
        Printer.hardline,
        `${effect}.gen(function*() `,
        block(
          Printer.concat("const outcome = yield* ", TypeScript.call(`${effect}.result`, [run])),
          Printer.concat(
            `if (${imports.effect("Result")}.isFailure(outcome)) `,
            block(
              `${imports.name(vitest, "assert")}.isFalse(${
                imports.runtimeName("operation/OperationError", "isOperationError")
              }(outcome.failure), String(outcome.failure))`
            )
          )
        ),
        ")"
      )
    )
  }

  private answersAll(layer: string): Doc {
    return this.property("answers everything that its schema takes", 25, layer, "answers(params)")
  }
}

/** An example that only has to be answered. */
const isOpen = (example: SpecIr.Example): boolean => example.result === undefined && example.error === undefined
