/**
 * The `opbus` command and its subcommands.
 *
 * @since 0.1.0
 */
import { Command } from "../internal/effect/cli.ts"
import { audit } from "./commands/audit.ts"
import { buildNative } from "./commands/buildNative.ts"
import { deploy } from "./commands/deploy.ts"
import { deployments } from "./commands/deployments.ts"
import { describe } from "./commands/describe.ts"
import { enforce } from "./commands/enforce.ts"
import { generate } from "./commands/generate.ts"
import { history } from "./commands/history.ts"
import { init } from "./commands/init.ts"
import { invoke } from "./commands/invoke.ts"
import { list } from "./commands/list.ts"
import { outbox } from "./commands/outbox.ts"
import { redo } from "./commands/redo.ts"
import { reverse } from "./commands/reverse.ts"
import { serve } from "./commands/serve.ts"
import { services } from "./commands/services.ts"
import { undo } from "./commands/undo.ts"
import { watch } from "./commands/watch.ts"
import { globals } from "./internal/globals.ts"

/**
 * The whole command.
 *
 * @category commands
 * @since 0.1.0
 */
export const opbus = Command.make("opbus").pipe(
  Command.withDescription(`Invoke, undo and watch the operations of an application.

  The application is a module whose default export is a Layer that provides what Opbus.layer provides.
  Results go to the output, everything else to the error output.

  Exit codes: 0 done; 1 the operation failed, or the server does not answer; 2 wrong usage, input or application;
  3 no such operation; 4 the history cannot do that (nothing to undo, blocked, in conflict); 130 interrupted.`),
  Command.withExamples([
    { command: "opbus init todos", description: "Make a new application" },
    { command: "opbus --app ./app.ts list", description: "What can be invoked" },
    { command: "opbus --app ./app.ts invoke note.create '{\"title\":\"Tea\"}'", description: "Invoke an operation" },
    { command: "opbus --app ./app.ts undo", description: "Take the newest action back" },
    { command: "opbus --app ./app.ts serve --expose note.create", description: "Serve it to others" }
  ]),
  Command.withSubcommands([
    init,
    list,
    describe,
    invoke,
    history,
    undo,
    redo,
    watch,
    serve,
    generate,
    reverse,
    audit,
    enforce,
    buildNative,
    services,
    deploy,
    deployments,
    outbox
  ]),
  Command.withGlobalFlags(globals)
)
