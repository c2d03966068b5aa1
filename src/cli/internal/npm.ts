import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { CliFailure, exitCodes } from "./failure.ts"

/** How a run of npm ended. */
interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The npm that runs this command, so that `npx opbus` needs no other one; else that of the path. */
const executable = (): readonly [file: string, args: ReadonlyArray<string>] => {
  const path = process.env["npm_execpath"]
  if (path !== undefined && /npm-cli\.c?js$/.test(path)) return [process.execPath, [path]]
  // Without a shell Windows starts no script.
  return process.platform === "win32" ? [process.env["ComSpec"] ?? "cmd.exe", ["/d", "/s", "/c", "npm"]] : ["npm", []]
}

const limit = 1_000_000

/**
 * Runs npm in a folder; it ends with the fiber. What it prints is kept, not shown.
 *
 * @internal
 */
export const npm = (args: ReadonlyArray<string>, cwd: string): Effect.Effect<Outcome, CliFailure> =>
  Effect.callback<Outcome, CliFailure>((resume) => {
    const [file, before] = executable()
    const child = spawn(file, [...before, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"], windowsHide: true })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout = (stdout + text).slice(-limit)
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-limit)
    })
    child.once("error", (cause) =>
      resume(Effect.fail(
        new CliFailure({
          exitCode: exitCodes.failed,
          reason: "NoNpm",
          message: `npm cannot be started (${
            (cause as NodeJS.ErrnoException).code ?? cause.message
          }); it comes with Node: https://nodejs.org`,
          cause
        })
      )))
    child.once("close", (code) => resume(Effect.succeed({ code: code ?? 1, stdout, stderr })))
    return Effect.callback<void>((resume) => {
      if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
      child.once("exit", () => resume(Effect.void))
      child.kill()
    })
  })

const networkCodes =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED)\b/

/**
 * Whether the registry was out of reach.
 *
 * @internal
 */
export const isNetwork = ({ stderr }: Outcome): boolean => networkCodes.test(stderr)

/**
 * Why npm failed, in a few words.
 *
 * @internal
 */
export const whyNot = ({ code, stderr }: Outcome): string => {
  const network = networkCodes.exec(stderr)?.[1]
  if (network !== undefined) return `the package registry cannot be reached (${network})`
  const lines = stderr.split("\n").flatMap((line) =>
    /^npm (?:error|ERR!) (?!code |A complete log|errno )(.+)$/.exec(line)?.[1] ?? []
  )
  return `npm says: ${lines[0] ?? `exit code ${code}`}`
}
