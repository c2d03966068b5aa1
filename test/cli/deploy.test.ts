import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it, onTestFinished } from "vitest"
import { json, lines, opbus, type Options } from "./command.ts"

const fixture = (name: string): string => fileURLToPath(new URL(`../remote/deploy/fixtures/${name}`, import.meta.url))

const place = () => {
  const folder = mkdtempSync(join(tmpdir(), "opbus-cli-deploy-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const registry = join(folder, "deep", "deployments.db")
  const deploy = (app: string, args: ReadonlyArray<string>, options?: Options) =>
    opbus(["--app", fixture(app), "deploy", "--out", join(folder, "out"), "--registry", registry, ...args], options)
  const deployments = (...args: ReadonlyArray<string>) => opbus(["deployments", "--registry", registry, ...args])
  return { folder, registry, deploy, deployments }
}

/** Deploys, and does something while it runs; then ends it as Ctrl-C does. */
const running = async (
  deploy: ReturnType<typeof place>["deploy"],
  app: string,
  args: ReadonlyArray<string>,
  use: (deployed: any) => Promise<void>,
  env?: Record<string, string>
) => {
  let used: Promise<void> | undefined
  const result = await deploy(app, ["--json", ...args], {
    env,
    onOutput: (output, child) => {
      const line = lines(output).find((line) => line.includes("\"Deployed\""))
      if (line === undefined || used !== undefined || !output.includes("\"Listening\"")) return
      used = use(JSON.parse(line)).finally(() => child.kill("SIGINT"))
    }
  })
  await used
  return result
}

describe("opbus deploy", () => {
  it("runs a handler on workerd until it is ended, and records it", async () => {
    const { deploy, deployments, folder, registry } = place()
    const result = await running(deploy, "countV1App.ts", ["--operations", "text.count"], async (deployed) => {
      assert.deepStrictEqual([deployed.target, deployed.registry, deployed.folder], [
        "workerd",
        registry,
        join(folder, "out")
      ])
      assert.isBelow(deployed.bundle.gzip, 90_000)
      const response = await fetch(`${deployed.endpoint}/text.count`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text: "four" })
      })
      assert.strictEqual(await response.json(), 4)
      const [recorded] = json((await deployments("--json")).stdout)
      assert.deepStrictEqual(
        [recorded.key, recorded.version, recorded.id, recorded.endpoint],
        ["text.count", 1, deployed.operations[0].deployedFunctionId, deployed.endpoint]
      )
    })
    assert.strictEqual(result.code, 130)
    const [deployed] = json(result.stdout)
    const left = await fetch(deployed.endpoint, { method: "POST" }).catch(() => undefined)
    assert.isUndefined(left)
    assert.throws(() => process.kill(deployed.pid, 0))
  })

  it("keeps versions side by side, and forgets the one that it is told to", async () => {
    const { deploy, deployments } = place()
    for (const version of ["V1", "V2"]) {
      await running(deploy, `count${version}App.ts`, ["--operations", "text.count", "--target", "node"], async () => {})
    }
    const listed = await deployments()
    assert.match(listed.stdout, /^KEY +VERSION +ID +ENDPOINT +DEPLOYED\ntext\.count +1 .*\ntext\.count +2 .*\n$/)
    const forgotten = await deployments("--remove", "text.count@1")
    assert.match(forgotten.stdout, /^Forgotten:\n.*\ntext\.count +1 /)
    assert.deepStrictEqual(json((await deployments("--json")).stdout).map(({ version }) => version), [2])
    const absent = await deployments("--remove", "text.count@1")
    assert.deepStrictEqual([absent.code, absent.stderr], [
      3,
      "opbus: text.count@1 is not deployed; opbus deployments lists what is\n"
    ])
  })

  it("never shows or writes the secret that callers have to send", async () => {
    const { deploy, folder } = place()
    const secret = "hush-hush-hush"
    const result = await running(
      deploy,
      "countV1App.ts",
      ["--operations", "text.count", "--secret", "MY_SECRET"],
      async (deployed) => {
        const status = async (headers: Record<string, string>) =>
          (await fetch(`${deployed.endpoint}/text.count`, {
            method: "POST",
            headers: { "content-type": "application/json", ...headers },
            body: "{\"text\":\"\"}"
          })).status
        assert.strictEqual(await status({}), 403)
        assert.strictEqual(await status({ authorization: `Bearer ${secret}` }), 200)
      },
      { MY_SECRET: secret }
    )
    assert.notInclude(result.stdout + result.stderr, secret)
    for (const file of ["worker.js", "workerd.capnp", "deployment.json"]) {
      assert.notInclude(readFileSync(join(folder, "out", file), "utf8"), secret)
    }
  })

  it("builds without starting or recording", async () => {
    const { deploy, folder, registry } = place()
    const built = await deploy("app.ts", [
      "--operations",
      "ai.analyzeText, ai.translate",
      "--build-only",
      "--name",
      "text"
    ])
    assert.strictEqual(built.code, 0)
    assert.match(
      built.stdout,
      /^operation +ai\.analyzeText@1-\w+\noperation +ai\.translate@1-\w+\nfolder +.*\nbundle +[\d.]+ KB, [\d.]+ KB gzip\n$/
    )
    assert.isTrue(existsSync(join(folder, "out", "workerd.capnp")))
    assert.isFalse(existsSync(registry))
  })

  it("measures the cold start against a bare worker", async () => {
    const { deploy } = place()
    const built = await deploy("app.ts", ["--operations", "ai.analyzeText", "--build-only", "--cold-start", "--json"])
    const [{ coldStart }] = json(built.stdout) as [any]
    assert.isAbove(coldStart.worker.answer, coldStart.worker.listening)
    assert.isAbove(coldStart.worker.answer, coldStart.bare.answer)
  })

  it("asks wrangler whether it would take the worker, and records nothing", async () => {
    const { deploy, registry } = place()
    const tried = await deploy("app.ts", ["--operations", "ai.analyzeText", "--target", "cloudflare", "--dry-run"])
    assert.deepStrictEqual([tried.code, tried.stderr], [0, ""])
    assert.match(tried.stdout, /dry run +wrangler accepts it; nothing was uploaded\n$/)
    assert.isFalse(existsSync(registry))
  })

  it("says in one line what is wrong, with the exit code of wrong usage", async () => {
    const { deploy, deployments, registry } = place()
    const cases: ReadonlyArray<readonly [() => ReturnType<typeof deploy>, RegExp]> = [
      [
        () => deploy("app.ts", ["--operations", "ai.analyze"]),
        /cannot deploy ai\.analyze: it is none of its deployables/
      ],
      [() => deploy("app.ts", []), /which operations\?/],
      [() => deploy("app.ts", ["--operations", "ai.analyzeText", "--port", "70000"]), /a port is between 0 and 65535/],
      [() => deploy("app.ts", ["--operations", "ai.analyzeText", "--dry-run"]), /--dry-run is for --target cloudflare/],
      [
        () => deploy("heavy.ts", ["--operations", "a"]),
        /exports no "deployables", only CANARY_APP, CANARY_HEAVY, heavy; add: /
      ],
      [() => opbus(["deploy", "--operations", "a"]), /which application\?/],
      [() => deployments(), new RegExp(`there is no file ${registry}; deploy something first`)]
    ]
    for (const [run, message] of cases) {
      const { code, stderr, stdout } = await run()
      assert.strictEqual(code, 2, stderr)
      assert.match(stderr, /^opbus: [^\n]+\n$/)
      assert.match(stderr, message)
      assert.strictEqual(stdout, "")
    }
  })
})
