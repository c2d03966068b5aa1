import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import * as path from "node:path"
import { DeployError } from "./failure.ts"
import { locate } from "./process.ts"

/**
 * Runs `wrangler deploy` in a folder.
 *
 * @internal
 */
export const upload = (
  folder: string,
  dryRun: boolean
): Effect.Effect<{ readonly output: string; readonly url: string | undefined }, DeployError> =>
  Effect.flatMap(locate("wrangler/package.json"), (manifest) =>
    Effect.callback((resume) => {
      const child = execFile(
        process.execPath,
        [
          path.join(path.dirname(manifest), "bin", "wrangler.js"),
          "deploy",
          "--config",
          "wrangler.jsonc",
          ...(dryRun ? ["--dry-run", "--outdir", "dist"] : [])
        ],
        {
          cwd: folder,
          maxBuffer: 16 * 1024 * 1024,
          env: {
            ...process.env,
            NODE_OPTIONS: "",
            WRANGLER_SEND_METRICS: "false",
            NO_COLOR: "1",
            FORCE_COLOR: "0",
            CI: "1"
          }
        },
        (error, stdout, stderr) => {
          const output = `${stdout}${stderr}`
          if (error === null) {
            const url = /https:\/\/[\w.-]+\.workers\.dev\/?/.exec(output)?.[0]
            return resume(Effect.succeed({ output, url }))
          }
          resume(Effect.fail(
            new DeployError({
              reason: "Platform",
              message: `wrangler deploy failed: ${complaintOf(output, error)}`,
              cause: output
            })
          ))
        }
      )
      return Effect.sync(() => child.kill())
    }))

const complaintOf = (output: string, error: Error): string => {
  const lines = output.split("\n").map((line) => line.trim())
  const line = lines.find((line) => /\[ERROR\]/.test(line)) ?? lines.find((line) => /error/i.test(line))
  return (line?.replace(/^.*\[ERROR\]\s*/, "") ?? error.message.split("\n")[0]!).slice(0, 300)
}
