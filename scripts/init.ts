/**
 * Follows docs/getting-started.md literally, as a newcomer would, in an empty folder: installs the packed tarball, runs
 * `npx opbus init`, `npm ci` and `npm start`, opens the page and the devtools, invokes and undoes, changes the files as the page
 * says, and runs the tests. `node --conditions=opbus-source scripts/init.ts`, after `npm run build`. Packages come from a registry on this machine
 * that has what is installed here, so nothing is downloaded.
 *
 * The conventions: in `sh` fences every line is a command, and the lines `# => text` below it are what its output has to
 * contain. A `diff` fence changes the file whose path, in backticks, is the last one before it. `npm start` runs until what follows
 * it has been looked at.
 */
import { Effect, Layer } from "effect"
import { Socket } from "effect/socket"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { RemoteInvoker } from "opbus/operation/RemoteInvoker"
import { RemoteHistory, RemoteInvoker as Transport } from "opbus/remote"
import { command, root } from "./shared/command.ts"
import { inTemporaryFolder, manifest, pack } from "./shared/package.ts"
import { serveRegistry } from "./shared/registry.ts"
import { report, type Result } from "./shared/report.ts"

const page = "docs/getting-started.md"

type Step =
  | { readonly _tag: "Change"; readonly line: number; readonly path: string; readonly lines: ReadonlyArray<string> }
  | { readonly _tag: "Command"; readonly line: number; readonly command: string; readonly expected: Array<string> }

const stepsOf = (text: string): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  let path = ""
  let fence: string | undefined
  for (const [index, line] of text.split("\n").entries()) {
    const border = /^```(\w*)$/.exec(line)
    if (border !== null) {
      fence = fence === undefined ? border[1]! : undefined
      if (fence === "diff") steps.push({ _tag: "Change", line: index + 1, path, lines: [] })
      continue
    }
    const last = steps.at(-1)
    if (fence === undefined) path = line.match(/(?<=`)src\/[\w./]+(?=`)/g)?.at(-1) ?? path
    else if (fence === "diff" && last?._tag === "Change") (last.lines as Array<string>).push(line)
    else if (fence === "sh") {
      const expected = /^# => (.*)$/.exec(line)
      if (expected === null) steps.push({ _tag: "Command", line: index + 1, command: line, expected: [] })
      else if (last?._tag === "Command") last.expected.push(expected[1]!)
    }
  }
  return steps
}

const results: Array<Result> = []
const check = (name: string, ok: boolean, detail = ""): boolean => {
  results.push({ name, ok, detail })
  return ok
}

/** What a change says about its place has to be in the file, once. */
const change = async (folder: string, { line, lines, path }: Extract<Step, { readonly _tag: "Change" }>) => {
  const file = join(folder, path)
  const part = (marks: string) =>
    lines.filter((one) => marks.includes(one[0] ?? " ")).map((one) => one.slice(1)).join("\n")
  const [before, after] = [part(" -"), part(" +")]
  const pieces = (await readFile(file, "utf8")).split(before)
  if (check(`${page}:${line}: a change of ${path}`, pieces.length === 2, `not there, or more than once:\n${before}`)) {
    await writeFile(file, pieces.join(after))
  }
}

// -----------------------------------------------------------------------------
// the running application
// -----------------------------------------------------------------------------

const rpc = async (url: string, key: string, input: unknown): Promise<any> => {
  const response = await fetch(`${url}/rpc/${key}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(input)
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${key}: ${response.status} ${text}`)
  return text === "" ? undefined : JSON.parse(text)
}

/** As the page does: over a WebSocket, on behalf of the same actor. */
const inPage = <A, E>(url: string, effect: Effect.Effect<A, E, RemoteHistory | RemoteInvoker>): Promise<A> =>
  Effect.runPromise(Effect.provide(
    effect,
    RemoteHistory.layer.pipe(
      Layer.provideMerge(Transport.layerWebSocket({ url: `${url.replace(/^http/, "ws")}/ws`, actor: "me" })),
      Layer.provide(Socket.layerWebSocketConstructorGlobal)
    )
  ))

/** The page and the devtools with all their files; an operation, and its undo. */
const lookAt = async (url: string): Promise<void> => {
  for (const path of ["/", "/_opbus"]) {
    const html = await (await fetch(url + path)).text()
    const files = Array.from(html.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g), ([, file]) => file!)
    const statuses = await Promise.all(files.map(async (file) => (await fetch(new URL(file, url + path))).status))
    const found = html.includes("<div id=\"root\">") && files.length > 0 && statuses.every((status) => status === 200)
    check(`${url.replace(/\d+$/, "…")}${path}: the page and its files`, found, `${html}\n${files}\n${statuses}`)
  }
  const texts = async () => (await rpc(url, "todo.list", null)).map(({ text }: { readonly text: string }) => text)
  const before = await texts()
  await inPage(url, RemoteInvoker.use((remote) => remote.invokeKey("todo.add", { text: "<b>tea</b>" }, {})))
  const added = await texts()
  const undone = await inPage(url, RemoteHistory.undo)
  const after = await texts()
  check(
    "an operation is invoked over HTTP and WebSocket, and undone",
    added.length === before.length + 1 && undone.message === "Add \"<b>tea</b>\"" && `${after}` === `${before}`,
    JSON.stringify({ before, added, after, undone: undone.message })
  )
}

/** Starts it, waits for what it has to print, looks at it, and ends it as Ctrl-C does. */
const startAndLook = async (name: string, folder: string, expected: ReadonlyArray<string>, env: NodeJS.ProcessEnv) => {
  const child = spawn("npm", ["start"], { cwd: folder, env: { ...env, PORT: "0" }, detached: true })
  let output = ""
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  try {
    const url = await new Promise<string | undefined>((resolve) => {
      const read = (text: string) => {
        output += text
        const address = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]
        if (address !== undefined && output.includes("Ctrl-C")) resolve(address)
      }
      child.stdout.setEncoding("utf8").on("data", read)
      child.stderr.setEncoding("utf8").on("data", read)
      void ended.then(() => resolve(undefined))
      setTimeout(() => resolve(undefined), 60_000).unref()
    })
    const missing = expected.filter((text) => !output.includes(text))
    if (!check(name, url !== undefined && missing.length === 0, `${output}\nnot printed: ${missing}`)) return
    await lookAt(url!)
    process.kill(-child.pid!, "SIGINT")
    const late = new Promise((resolve) => setTimeout(() => resolve("late"), 10_000).unref())
    await Promise.race([ended, late])
    // npm itself may be ended by the signal before the server is.
    let answers = true
    for (let tries = 0; answers && tries < 50; tries++) {
      answers = await fetch(url!).then(() => true, () => false)
      if (answers) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    check("Ctrl-C ends it", !answers && (child.exitCode !== null || child.signalCode !== null), output)
  } finally {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGKILL")
  }
}

const follow = async (folder: string, steps: ReadonlyArray<Step>, env: NodeJS.ProcessEnv): Promise<void> => {
  let cwd = folder
  for (const step of steps) {
    const failed = results.filter(({ ok }) => !ok).length
    if (failed > 0) return
    if (step._tag === "Change") {
      await change(cwd, step)
      continue
    }
    const name = `${page}:${step.line}: ${step.command}`
    if (step.command.startsWith("cd ")) {
      cwd = join(cwd, step.command.slice("cd ".length))
    } else if (step.command === "npm start") {
      await startAndLook(name, cwd, step.expected, env)
    } else {
      const { code, millis, output } = await command("sh", ["-c", step.command], {
        cwd,
        env: env as Record<string, string>
      })
      const missing = step.expected.filter((text) => !output.includes(text))
      check(
        name,
        code === 0 && missing.length === 0,
        `${output}\nexit code ${code}, ${millis} ms\nnot printed: ${missing}`
      )
    }
  }
}

// -----------------------------------------------------------------------------
// other folders, other machines
// -----------------------------------------------------------------------------

/** What `npx opbus init` runs. */
const init = (empty: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv) =>
  command(join(empty, "node_modules/.bin/opbus"), ["init", ...args], { cwd: empty, env: env as Record<string, string> })

const elsewhere = async (empty: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const name = "Zürich – to do"
  const named = await init(empty, [name, "--no-lockfile", "--json"], env)
  const made = JSON.parse(named.stdout || "{}")
  check(
    "a folder with spaces and accents, without a lockfile, for machines",
    named.code === 0 && made.name === "zurich-to-do" && made.lockfile === false &&
      made.opbus === `file:vendor/opbus-${manifest.version}.tgz` &&
      made.files.every((file: string) => existsSync(join(empty, name, file))) &&
      existsSync(join(empty, name, ".gitignore")) && !existsSync(join(empty, name, "package-lock.json")),
    named.output
  )

  const unreachable = await init(empty, ["react"], {
    ...env,
    npm_config_registry: "http://127.0.0.1:9/",
    npm_config_cache: join(empty, "cold")
  })
  check(
    "without a network everything but the lockfile is there, and what is left to do is said",
    unreachable.code === 0 && /the package registry cannot be reached \(ECONNREFUSED\)/.test(unreachable.output) &&
      unreachable.stdout.includes("react-app is ready") && unreachable.stdout.includes("  npm install\n"),
    unreachable.output
  )

  const child = spawn(join(empty, "node_modules/.bin/opbus"), ["init", "stopped"], { cwd: empty, env })
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (said === "") child.kill("SIGINT")
    said += text
  })
  const code = await new Promise((resolve) => child.once("close", resolve))
  check("interrupted, nothing of it stays", code === 130 && !existsSync(join(empty, "stopped")), `${code}\n${said}`)
}

await inTemporaryFolder(async (folder) => {
  const registry = await serveRegistry()
  try {
    const tarball = await pack(folder)
    const empty = join(folder, "empty")
    await mkdir(empty)
    await copyFile(tarball, join(empty, basename(tarball)))
    const env = {
      NODE_OPTIONS: "",
      NO_COLOR: "1",
      npm_config_registry: `${registry.url}/`,
      npm_config_cache: join(folder, "cache"),
      npm_config_userconfig: "/dev/null"
    }
    const started = performance.now()
    const steps = stepsOf(await readFile(join(root, page), "utf8"))
    check(`${page} has commands and changes`, steps.length > 10)
    const all = { ...process.env, ...env }
    await follow(empty, steps, all)
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    results.push({
      name: page,
      ok: true,
      note: `getting started, followed by a script: ${seconds} s from the empty folder to the end`
    })
    await elsewhere(empty, all)
  } finally {
    registry.close()
  }
})
report(results)
