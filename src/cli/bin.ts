#!/usr/bin/env node
/**
 * The entry of the `opbus` command.
 *
 * It is read by whatever Node is there, so it keeps to syntax that old ones parse, imports nothing, and looks at the
 * version before anything newer is loaded.
 *
 * @since 0.1.0
 */
const required = [22, 19]
const actual = process.versions.node.split(".").map(Number) as [number, number]

if (actual[0] < required[0]! || (actual[0] === required[0] && actual[1] < required[1]!)) {
  process.stderr.write(
    "opbus: this is Node " + process.versions.node + ", and opbus needs " + required.join(".") +
      " or newer. Install it from https://nodejs.org, or switch with your version manager.\n"
  )
  process.exitCode = 2
} else {
  // Parsing Effect is most of what starting costs.
  process.getBuiltinModule("node:module").enableCompileCache()
  import("./main.ts").then(
    (main) => main.run(process.argv.slice(2)),
    (error) => {
      const missing = error.code === "ERR_MODULE_NOT_FOUND" && /Cannot find package '([^']+)'/.exec(error.message)
      process.stderr.write(
        missing
          ? "opbus: the command needs the package " + missing[1] + ". Install it beside opbus: npm install " +
            missing[1] + "\n"
          : "opbus: the command cannot start: " + String(error.message).split("\n")[0] + "\n"
      )
      process.exitCode = 2
    }
  )
}
