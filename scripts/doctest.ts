/**
 * Compiles and runs the code of the documentation: `node scripts/doctest.ts [page…]`.
 *
 * The fences of README.md and docs/**, and those of JSDoc comments in src that are marked `ts import.meta.vitest`:
 *
 *     ```ts             a module of its own (top-level await is fine): compiled and run
 *     ```ts no-run      compiled only
 *     ```tsx            the same with JSX in it
 *     ```ts continue    goes on where the fence before it on the page stopped: one module
 *     ```sh, ```json …  left alone
 *
 *     expression // => expected          both are evaluated and must be deeply equal (util.isDeepStrictEqual)
 *     const name = expression // => { a: 1,
 *     //                              b: 2 }   (goes on in indented comment lines)
 *     console.log(value) // => expected  what is printed
 *
 * Everything is written to .doctest/<process>/, compiled by one tsc, and run by a few processes. Failures name page and line.
 */
import { transform } from "esbuild"
import { type ChildProcess, fork } from "node:child_process"
import { glob, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join, relative } from "node:path"
import { assertionsOf, type Doctest, doctestsOf, type Place, type Problem } from "./doctest/fences.ts"
import { bin, command, root } from "./shared/command.ts"
import { report, type Result } from "./shared/report.ts"

const workers = 2
const limitMillis = 30_000
const folder = join(root, ".doctest", String(process.pid))
const at = ({ line, page }: Place) => `${page}:${line}`

const pagesOf = async (names: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  if (names.length > 0) return names.map((name) => relative(root, name))
  const pages = await Array.fromAsync(glob(["README.md", "docs/**/*.md", "src/**/*.ts"], { cwd: root }))
  return pages.sort()
}

interface Module {
  readonly doctest: Doctest
  readonly path: string
  /** Node runs no JSX: what it runs instead. */
  readonly runs: string
}

/** Writes a module beside the one with JSX. One that cannot be read is reported by the compiler, with its line. */
const withoutJsx = async (path: string, code: string): Promise<string> => {
  const to = path.replace(/\.tsx$/, ".jsx.mjs")
  const made = await transform(code, { loader: "tsx", jsx: "automatic", target: "esnext" }).catch(() => ({ code: "" }))
  await writeFile(to, made.code)
  return to
}

const problems: Array<Problem> = []
const modules: Array<Module> = []
await mkdir(folder, { recursive: true })
for (const page of await pagesOf(process.argv.slice(2))) {
  const found = doctestsOf(page, await readFile(join(root, page), "utf8"))
  problems.push(...found.problems)
  for (const doctest of found.doctests) {
    const asserted = assertionsOf(doctest)
    problems.push(...asserted.problems)
    const name = `${page.replace(/\.[^.]*$/, "").replaceAll(/[^\w]+/g, "-")}-${doctest.place.line}.ts${
      doctest.jsx ? "x" : ""
    }`
    const path = join(folder, name)
    // The prelude shares the first line, so that line n of the module is line n of the doctest.
    const prelude = `import { equal as $equal } from "../../scripts/doctest/equal.ts"; void $equal; `
    const code = `${prelude}${asserted.code}\nexport {}\n`
    await writeFile(path, code)
    modules.push({ doctest, path, runs: doctest.jsx ? await withoutJsx(path, code) : path })
  }
}

/** A text about `.doctest/…/name.ts`, in the terms of the pages, without the frames of Node and of Effect. */
const translate = (text: string): string =>
  modules.reduce((out, { doctest, path }) => {
    const name = relative(root, path).replaceAll(".", "\\.")
    const mention = new RegExp(`(?:file://)?(?:${root})?${name}(?::(\\d+):\\d+|\\((\\d+),\\d+\\))`, "g")
    return out.replaceAll(mention, (_, a, b) => at(doctest.lines[Number(a ?? b) - 1] ?? doctest.place))
  }, text.split("\n").filter((line) => !/^ +at .*(node:internal|node_modules\/effect)/.test(line)).join("\n"))

const results: Array<Result> = problems.map(({ message, place }) => ({
  name: at(place),
  ok: false,
  detail: message
}))

const compile = async (): Promise<void> => {
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: {
        rootDir: "../..",
        noEmit: true,
        types: ["node"],
        noUnusedLocals: false,
        noUnusedParameters: false
      },
      include: ["*.ts", "*.tsx"]
    })
  )
  const { code, output } = await command(bin("tsc"), ["-p", folder, "--pretty", "false"])
  results.push({ name: "the fences compile", ok: code === 0, detail: translate(output) })
}

interface Worker {
  readonly child: ChildProcess
  readonly output: () => string
}

const start = (): Worker => {
  const child = fork(join(root, "scripts/doctest/worker.ts"), [], {
    execArgv: ["--conditions=opbus-source"],
    stdio: ["ignore", "pipe", "pipe", "ipc"]
  })
  let output = ""
  child.stdout!.setEncoding("utf8").on("data", (text: string) => output += text)
  child.stderr!.setEncoding("utf8").on("data", (text: string) => output += text)
  return { child, output: () => output.slice(-4_000) }
}

/** Why the module failed, or undefined. A process that ends by itself with code 0 has passed. */
const runOne = ({ child }: Worker, path: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const done = (problem: string | undefined) => {
      clearTimeout(timer)
      child.off("message", onMessage).off("exit", onExit)
      resolve(problem)
    }
    const timer = setTimeout(() => {
      child.kill("SIGKILL")
      done(`did not finish in ${limitMillis / 1000} s`)
    }, limitMillis)
    const onMessage = (message: unknown) => done((message as { readonly problem?: string }).problem)
    const onExit = (code: number | null) => done(code === 0 ? undefined : `the process ended with code ${code}`)
    child.on("message", onMessage).on("exit", onExit)
    child.send(path)
  })

const queue = modules.filter(({ doctest }) => doctest.run)
const work = async (): Promise<void> => {
  let worker = start()
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (worker.child.exitCode !== null || worker.child.killed) worker = start()
    const problem = await runOne(worker, next.runs)
    const detail = problem === undefined ? "" : translate(`${problem}\n${worker.output()}`)
    results.push({ name: at(next.doctest.place), ok: problem === undefined, detail })
    if (problem !== undefined) {
      worker.child.kill()
      worker = start()
    }
  }
  worker.child.kill()
}

if (modules.length > 0) {
  await compile()
  await Promise.all(Array.from({ length: workers }, work))
}
await rm(folder, { recursive: true, force: true })
report(results)
