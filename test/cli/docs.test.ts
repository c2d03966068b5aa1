import { spawn, spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it, onTestFinished } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))

interface Line {
  readonly command: string
  readonly output: string
}

/** The fences of a kind, and in shell fences each command with what is printed after it. */
const fences = (page: string, kind: string): ReadonlyArray<string> =>
  Array.from(page.matchAll(new RegExp(`^\`\`\`${kind}\n([^]*?)^\`\`\``, "gm")), ([, text]) => text!)

const linesOf = (fence: string): ReadonlyArray<Line> =>
  fence.split(/^\$ /m).slice(1).map((part) => {
    const [command, ...output] = part.split("\n")
    return { command: command!, output: output.join("\n") }
  })

const withoutTimes = (text: string): string =>
  text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "<time>").replaceAll(
    /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g,
    "<id>"
  )

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** A folder with the command in it, inside the repository, so that an application there finds opbus by its name. */
const workspace = (): string => {
  mkdirSync(join(root, ".doctest"), { recursive: true })
  const folder = mkdtempSync(join(root, ".doctest", "cli-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const bin = join(folder, "opbus")
  writeFileSync(
    bin,
    `#!/bin/sh\nexec "${process.execPath}" --conditions=opbus-source "${join(root, "src/cli/bin.ts")}" "$@"\n`
  )
  chmodSync(bin, 0o755)
  return folder
}

/** Starts a server, and waits until it has printed what the page says, which is when it listens. */
const start = async (command: string, output: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const child = spawn("sh", ["-c", `exec ${command} 2>&1`], { cwd, env })
  onTestFinished(() => void child.kill("SIGKILL"))
  let printed = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => printed += text)
  for (let i = 0; i < 1_200 && printed.length < output.length && child.exitCode === null; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.strictEqual(printed, output, command)
}

/** Runs the commands one after the other, and compares what they print; servers go on, on a port that is free here. */
const runAll = async (all: ReadonlyArray<Line>, cwd: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const port = String(await freePort())
  for (const { command, output } of all) {
    const here = (text: string) => text.includes("is written like") ? text : text.replaceAll("4400", port)
    const ported = here(command).replace(/ serve\b/, ` serve --port ${port}`)
    if (ported !== here(command)) {
      await start(ported, here(output), cwd, env)
      continue
    }
    const result = spawnSync("sh", ["-c", `${ported} 2>&1`], { cwd, encoding: "utf8", env })
    assert.strictEqual(withoutTimes(result.stdout), withoutTimes(here(output)), command)
  }
}

const hasCurl = spawnSync("curl", ["--version"]).status === 0

describe("docs/cli.md", () => {
  it("shows what the command really prints", async () => {
    const folder = workspace()
    const page = readFileSync(join(root, "docs/cli.md"), "utf8")
    writeFileSync(join(folder, "app.ts"), fences(page, "ts")[0]!)
    await runAll(fences(page, "sh").flatMap(linesOf), folder, { PATH: `${folder}:${process.env["PATH"]}` })
  }, 240_000)
})

describe("docs/remote.md", () => {
  const page = readFileSync(join(root, "docs/remote.md"), "utf8")
  const commands = fences(page, "sh").flatMap(linesOf)

  it.skipIf(!hasCurl)("shows what curl really prints", async () => {
    const folder = workspace()
    const [definitions, server] = fences(page, "ts(?: continue)?")
    writeFileSync(
      join(folder, "app.ts"),
      `${definitions}${server!.split("const Server =")[0]}
export const expose = [Notes]
export default Handlers.pipe(Layer.provideMerge(Opbus.layer))
`
    )
    const output = "http://127.0.0.1:4400/rpc\nws://127.0.0.1:4400/ws\nws://127.0.0.1:4400/ws/binary\n" +
      "devtools  http://127.0.0.1:4400/_opbus\n" +
      "opbus: serving 4 operations; Ctrl-C ends it\n"
    const curls = commands.filter(({ command }) => command.startsWith("curl"))
    assert.isAbove(curls.length, 0)
    await runAll([{ command: "opbus --app app.ts serve", output }, ...curls], folder, {
      PATH: `${folder}:${process.env["PATH"]}`
    })
  }, 240_000)

  it("shows what the notebook really prints", async () => {
    const folder = workspace()
    const notebook = commands.filter(({ command }) => command.startsWith("opbus"))
    assert.isAbove(notebook.length, 0)
    await runAll(notebook, root, {
      PATH: `${folder}:${process.env["PATH"]}`,
      OPBUS_NOTEBOOK_DIR: join(folder, "data"),
      // Where nothing native is built, a warning that says so would come before what the page shows.
      OPBUS_NOTEBOOK_NATIVE: "false"
    })
  }, 240_000)
})
