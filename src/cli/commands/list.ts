import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UndoRegistry } from "../../history/UndoRegistry.ts"
import { Argument, Command } from "../../internal/effect/cli.ts"
import * as Operation from "../../operation/Operation.ts"
import { OperationRegistry } from "../../operation/OperationRegistry.ts"
import * as App from "../internal/app.ts"
import { present } from "../internal/output.ts"
import { table } from "../internal/text.ts"

const filter = Argument.String("filter").pipe(
  Argument.withDescription("Only operations with this text in their key, label or description"),
  Argument.optional
)

/**
 * `opbus list [filter]`
 *
 * @internal
 */
export const list = Command.make("list", { filter }, ({ filter }) =>
  App.provide(Effect.gen(function*() {
    const undo = yield* UndoRegistry
    const operations = yield* (yield* OperationRegistry).list
    const rows = operations.filter((operation) => matches(operation, Option.getOrElse(filter, () => "")))
      .map((operation) => ({
        key: operation.key,
        label: operation.meta.label ?? "",
        description: operation.meta.description ?? "",
        version: operation.meta.version ?? 1,
        mode: operation.stream ? "stream" : operation.executionMode,
        undoable: undo.lookup(operation.key) !== undefined,
        permission: Operation.annotation(operation, Operation.Permission) ?? null
      }))
    yield* present(rows, () =>
      rows.length === 0
        ? `No operations${Option.isSome(filter) ? ` match "${filter.value}"` : ""}.`
        : table(
          ["KEY", "LABEL", "MODE", "UNDO", "PERMISSION"],
          rows.map((row) => [row.key, row.label, row.mode, row.undoable ? "yes" : "no", row.permission ?? "-"])
        ))
  }))).pipe(
    Command.withDescription("List the operations of the application"),
    Command.withAlias("ls")
  )

const matches = ({ meta }: Operation.Any, text: string): boolean =>
  [meta.key, meta.label, meta.description].some((part) => part?.toLowerCase().includes(text.toLowerCase()))
