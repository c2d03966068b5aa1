import { writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { fixture, json, lines, notes, opbus, type Options } from "./command.ts"
import { serve, type Served } from "./serving.ts"

const serveFixture = (args: ReadonlyArray<string> = [], options: Options = {}) =>
  serve(["--app", fixture("served.ts"), ...args], options)

/** Notes on a database of its own, served. */
const serveNotes = async (expose: string) => {
  const app = notes()
  const served = await serve(["--app", fixture("notes.ts"), "--expose", expose], { env: { NOTES_DB: app.database } })
  return { ...app, ...served }
}

const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 600 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.isTrue(condition(), "it did not happen within 30 seconds")
}

describe("opbus invoke --remote", () => {
  it("prints what the operation returns, over HTTP and over WebSocket, as a local one does", async () => {
    const { http, run, socket } = await serveNotes(
      "note.create,note.list,note.import,note.count,note.delete,test.later"
    )
    for (const remote of [http, socket]) {
      const created = await opbus(["invoke", "note.create", "{\"title\":\"Tea\"}", "--remote", remote])
      assert.match(created.stdout, /^\{ "id": "n\d" \}\n$/)
      assert.deepStrictEqual([created.code, created.stderr], [0, ""])

      const counted = await opbus(["invoke", "note.count", "{\"to\":5,\"failAt\":3}", "--remote", remote, "--json"])
      assert.deepStrictEqual(json(counted.stdout).map(({ output }) => output), [1, 2])
      assert.strictEqual(counted.code, 1)
      assert.deepInclude(json(counted.stderr)[0], { reason: "Failed", error: { _tag: "NoteNotFound", id: "3" } })

      const imported = await opbus(["invoke", "note.import", "{\"titles\":[\"a\"]}", "--remote", remote, "--json"])
      assert.deepStrictEqual(json(imported.stdout), [
        { _tag: "Progress", key: "note.import", progress: { done: 0, total: 1 } },
        { _tag: "Progress", key: "note.import", progress: { done: 1, total: 1 } },
        { _tag: "Output", key: "note.import", output: 1 }
      ])

      const nothing = await opbus(["invoke", "test.later", "{\"fail\":false}", "--remote", remote])
      assert.deepStrictEqual(nothing, { code: 0, stdout: "", stderr: "" })

      const failed = await opbus(["invoke", "note.delete", "{\"id\":\"n99\"}", "--remote", remote])
      assert.deepStrictEqual(failed, {
        code: 1,
        stdout: "",
        stderr: "opbus: \"note.delete\" failed: NoteNotFound: {\"id\":\"n99\"}\n"
      })
    }
    // What somebody has done there is in the history of the application, and can be undone by it.
    await opbus(["invoke", "note.create", "{\"title\":\"Anns\"}", "--remote", http, "--actor", "ann"])
    assert.strictEqual((await run(["undo", "--actor", "ann"])).stdout, "undone: Create \"Anns\"\n")
    assert.strictEqual((await run(["undo"])).code, 4, "what nobody in particular has done is not recorded")
  })

  it("reads the input from a file, a pipe, or sends the empty one that the operation takes", async () => {
    const { folder } = notes()
    const { http } = await serveFixture()
    const file = join(folder, "input.json")
    writeFileSync(file, "{\"name\":\"file\"}")
    const call = (args: ReadonlyArray<string>, options?: Options) =>
      opbus(["invoke", "optional.fields", "--remote", http, ...args], options)
    assert.strictEqual((await call(["--file", file])).stdout, "file\n")
    assert.strictEqual((await call([], { stdin: "{\"name\":\"pipe\"}" })).stdout, "pipe\n")
    assert.strictEqual((await call([])).stdout, "nobody\n")
    const wrong = await call(["{\"name\":3}"])
    assert.strictEqual(wrong.code, 2)
    assert.match(wrong.stderr, /Invalid input for "optional\.fields" at name: expected string/)
  })

  it("does it once, however often it is called with one idempotency key", async () => {
    const { http, run, socket } = await serveNotes("note.create")
    const create = (title: string, remote: string) =>
      opbus(["invoke", "note.create", JSON.stringify({ title }), "--remote", remote, "--idempotency-key", "k1"])
    const first = await create("Once", http)
    assert.strictEqual(first.code, 0)
    assert.deepStrictEqual(await create("Once", socket), first)
    const other = await create("Twice", http)
    assert.strictEqual(other.code, 1)
    assert.match(other.stderr, /idempotency key .* was used before for another call/)
    const [{ output }] = json((await run(["invoke", "note.list", "--json"])).stdout) as [{ output: [] }]
    assert.strictEqual(output.length, 1)
  })

  it("interrupts the handler when --timeout is over, and on Ctrl-C", async () => {
    const { http, output, socket } = await serveFixture()
    let interruptions = 0
    for (const remote of [http, socket]) {
      const call = ["invoke", "slow.answer", "{\"millis\":60000}", "--remote", remote, "--json"]
      const late = await opbus([...call, "--timeout", "400ms"])
      assert.strictEqual(late.code, 1)
      assert.deepInclude(json(late.stderr)[0], { reason: "Timeout", key: "slow.answer" })
      interruptions++
      await until(() => output().split("slow was interrupted").length - 1 === interruptions)

      const interrupted = await opbus(call, {
        onOutput: (text, child) => {
          if (text.includes("Progress")) child.kill("SIGINT")
        }
      })
      assert.strictEqual(interrupted.code, 130)
      interruptions++
      await until(() => output().split("slow was interrupted").length - 1 === interruptions)
    }
  })

  it("says in one line why there is no answer", async () => {
    const closed = await new Promise<number>((resolve) => {
      const server = createServer()
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        server.close(() => resolve(port))
      })
    })
    const other = createServer((_, response) => response.writeHead(404).end("no such page"))
    onTestFinished(() => void other.close())
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    const { port } = other.address() as AddressInfo
    const { http } = await serveFixture()
    const cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, code: number, message: RegExp]> = [
      [
        ["--remote", `http://127.0.0.1:${closed}`],
        1,
        /http:\/\/127\.0\.0\.1:\d+\/rpc cannot be reached \(ECONNREFUSED\)/
      ],
      [["--remote", `ws://127.0.0.1:${closed}`], 1, /ws:\/\/127\.0\.0\.1:\d+\/ws cannot be reached/],
      [["--remote", `http://127.0.0.1:${port}`], 1, /the server answered with status 404/],
      [["--remote", "127.0.0.1:4400"], 2, /a server's address is written like http:\/\/127\.0\.0\.1:4400/],
      [["--remote", "ftp://127.0.0.1"], 2, /a server's address is written like/],
      [
        ["--remote", "http://ann:secret@127.0.0.1"],
        2,
        /a URL with a password in it is not used; send it with --header/
      ],
      [["--remote", http, "--header", "nothing"], 2, /a header is written like --header authorization=<value>/],
      [["--remote", http, "--header", "opbus-actor=ann"], 2, /opbus-actor is a header of opbus itself/],
      [["--header", "a=b"], 2, /--header is for --remote <url>/],
      [["--idempotency-key", "k"], 2, /--idempotency-key is for --remote <url>/]
    ]
    for (const [args, code, message] of cases) {
      const result = await opbus(["invoke", "who.calls", ...args])
      assert.strictEqual(result.code, code, result.stderr)
      assert.match(result.stderr, message)
      assert.notInclude(result.stderr, "secret")
      assert.strictEqual(lines(result.stderr).length, 1)
      assert.strictEqual(result.stdout, "")
    }
  })
})

describe("opbus history, undo and redo --remote", () => {
  it("show and take back what an actor has done on the server, and nothing of others", async () => {
    const { http, run, socket } = await serveNotes("note.create,note.list")
    const as = (actor: string, args: ReadonlyArray<string>, remote = http) =>
      opbus([...args, "--remote", remote, "--actor", actor])
    for (const title of ["Tea", "Milk"]) await as("ann", ["invoke", "note.create", JSON.stringify({ title })])
    await as("bob", ["invoke", "note.create", "{\"title\":\"Beer\"}"])

    const listed = json((await as("ann", ["history", "--json"])).stdout)
    assert.deepStrictEqual(listed.map(({ actor, message, number }) => [number, actor, message]), [
      [2, "ann", "Create \"Milk\""],
      [1, "ann", "Create \"Tea\""]
    ])
    assert.strictEqual((await as("bob", ["undo", "--dry-run"])).stdout, "would undo: Create \"Beer\"\n")
    assert.strictEqual((await as("bob", ["undo"])).stdout, "undone: Create \"Beer\"\n")
    assert.strictEqual(
      (await as("ann", ["undo", "--to", "1"], socket)).stdout,
      "undone: Create \"Milk\"\nundone: Create \"Tea\"\n"
    )
    assert.deepStrictEqual(await as("ann", ["redo"]), { code: 0, stdout: "redone: Create \"Tea\"\n", stderr: "" })
    const blocked = await as("bob", ["undo"])
    assert.deepStrictEqual(blocked, { code: 4, stdout: "", stderr: "opbus: There is nothing to undo.\n" })
    const [{ output }] = json((await run(["invoke", "note.list", "--json"])).stdout) as [{ output: ReadonlyArray<any> }]
    assert.deepStrictEqual(output.map(({ title }) => title), ["Tea"])
  })

  it("say in one line why the server gives no history", async () => {
    const { http } = await serveNotes("note.create")
    const nobody = await opbus(["undo", "--remote", http])
    assert.strictEqual(nobody.code, 1)
    assert.match(
      nobody.stderr,
      /^opbus: the history of the server \(undo\) is not allowed here: the server does not know whose/
    )
    assert.strictEqual(lines(nobody.stderr).length, 1)
    const down = await opbus(["history", "--remote", "http://127.0.0.1:1"])
    assert.strictEqual(down.code, 1)
    assert.match(
      down.stderr,
      /^opbus: the history of the server \(history\) cannot be invoked remotely: .* cannot be reached/
    )
  })
})

describe("opbus serve", () => {
  it("says where, one line each, as text and as JSON", async () => {
    const human = await serveFixture()
    assert.match(
      human.output(),
      /^http:\/\/127\.0\.0\.1:(\d+)\/rpc\nws:\/\/127\.0\.0\.1:\1\/ws\nws:\/\/127\.0\.0\.1:\1\/ws\/binary\ndevtools {2}http:\/\/127\.0\.0\.1:\1\/_opbus\nopbus: serving 4 operations; /
    )
    human.child.kill("SIGTERM")
    assert.strictEqual((await human.ended).code, 0)

    const machine = opbus(["--app", fixture("served.ts"), "serve", "--port", "0", "--json"], {
      onOutput: (text, child) => {
        if (text.includes("Ready") && !text.includes("Ending")) child.kill("SIGTERM")
      }
    })
    const { code, stderr, stdout } = await machine
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(json(stdout).map(({ _tag, transport }) => [_tag, transport]), [
      ["Serving", "http"],
      ["Serving", "websocket"],
      ["Serving", "websocket, binary"],
      ["Serving", "devtools"]
    ])
    assert.deepInclude(json(stderr)[0], {
      _tag: "Ready",
      expose: ["slow.answer", "who.calls", "tick.forever", "optional.fields"]
    })
  })

  it("serves what the module exposes, or what --expose names instead, and nothing else (R1)", async () => {
    const exported = await serveFixture()
    const named = await serveFixture(["--expose", "who.calls, hidden.away"])
    const call = async ({ http }: Served, key: string) =>
      (await fetch(`${http}/rpc/${key}`, { method: "POST", headers: { "content-type": "application/json" } })).status
    assert.deepStrictEqual(
      await Promise.all(["who.calls", "hidden.away", "__proto__"].map((key) => call(exported, key))),
      [
        200,
        404,
        404
      ]
    )
    assert.deepStrictEqual(
      await Promise.all(["who.calls", "hidden.away", "optional.fields"].map((key) => call(named, key))),
      [200, 200, 404]
    )
    const missing = await opbus(["invoke", "hidden.away", "--remote", exported.http])
    assert.deepStrictEqual(missing, { code: 3, stdout: "", stderr: "opbus: Remote function not found: hidden.away\n" })
  })

  it("lets no web page and no form call it", async () => {
    const { http } = await serveFixture()
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${http}/rpc/who.calls`, { method: "POST", headers, body: "null" })).status
    assert.strictEqual(await status({ "content-type": "application/json" }), 200)
    assert.strictEqual(await status({ "content-type": "application/json", origin: "https://evil.example" }), 403)
    assert.strictEqual(await status({ "content-type": "text/plain" }), 415)
  })

  it("answers the calls that run before it ends, and takes no others", async () => {
    const { child, ended, http, output, socket } = await serveFixture()
    const call = (remote: string) => opbus(["invoke", "slow.answer", "{\"millis\":3000}", "--remote", remote])
    const running = [call(http), call(socket)]
    await until(() => output().split("slow began").length === 3)
    child.kill("SIGTERM")
    await until(() => output().includes("ending when the calls that run are answered"))
    const refused = await fetch(`${http}/rpc/who.calls`, { method: "POST" }).then(() => "answered", () => "refused")
    assert.strictEqual(refused, "refused")
    for (const result of await Promise.all(running)) {
      assert.deepStrictEqual(result, { code: 0, stdout: "answered\n", stderr: "" })
    }
    assert.strictEqual((await ended).code, 0)
  })

  it("interrupts what takes longer than --drain, tells its callers, and ends with 0", async () => {
    const { child, ended, http, output, socket } = await serveFixture(["--drain", "300ms"])
    const call = (remote: string) => opbus(["invoke", "slow.answer", "{\"millis\":60000}", "--remote", remote])
    const running = [call(http), call(socket)]
    await until(() => output().split("slow began").length === 3)
    child.kill("SIGINT")
    for (const { code, stderr } of await Promise.all(running)) {
      assert.strictEqual(code, 1)
      assert.strictEqual(stderr, "opbus: \"slow.answer\" cannot be invoked remotely: the server is closing.\n")
    }
    const { code, stderr } = await ended
    assert.strictEqual(code, 0)
    assert.strictEqual(stderr.split("slow was interrupted").length, 3)
    assert.include(stderr, "calls that ran longer than 300ms are interrupted; --drain allows more time")
  })

  it("does not wait for those who only watch", async () => {
    const { child, ended, http } = await serveFixture(["--observe", "--drain", "60s"])
    const call = () =>
      fetch(`${http}/rpc/who.calls`, { method: "POST", headers: { "content-type": "application/json" } })
    let seen = ""
    const watching = fetch(`${http}/rpc`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: `${JSON.stringify({ _tag: "Request", id: 1, tag: "@opbus/invocations", payload: {}, headers: [] })}\n`
    }).then(async ({ body }) => {
      for await (const chunk of body!) seen += new TextDecoder().decode(chunk)
    })
    while (!seen.includes("who.calls")) await call()
    const outcome = watching.then(() => "ended", () => "cut off")
    child.kill("SIGTERM")
    assert.strictEqual((await ended).code, 0)
    await outcome
  })

  it("ends at once on a second signal", async () => {
    const { child, ended, http, output } = await serveFixture(["--drain", "60s"])
    const running = opbus(["invoke", "slow.answer", "{\"millis\":60000}", "--remote", http])
    await until(() => output().includes("slow began"))
    child.kill("SIGTERM")
    await until(() => output().includes("ending when"))
    child.kill("SIGTERM")
    assert.strictEqual((await ended).code, 130)
    assert.strictEqual((await running).code, 1)
  })

  it("asks the module's authorizer, whose verdict names the actor", async () => {
    const { http, socket } = await serveFixture([], { env: { TOKENS: "t1" } })
    const { folder } = notes()
    const file = join(folder, "token")
    writeFileSync(file, "authorization: Bearer t1\n")
    for (const remote of [http, socket]) {
      const call = (...args: ReadonlyArray<string>) => opbus(["invoke", "who.calls", "--remote", remote, ...args])
      assert.strictEqual((await call("--header", "authorization=Bearer t1")).stdout, "ann\n")
      assert.strictEqual((await call("--header", `@${file}`)).stdout, "ann\n")
      assert.strictEqual((await call("--header", "authorization=Bearer t1", "--actor", "bob")).stdout, "ann\n")
      const denied = await call("--header", "authorization=Bearer t2")
      assert.strictEqual(denied.code, 1)
      assert.strictEqual(denied.stderr, "opbus: \"who.calls\" is not allowed here: the token is wrong.\n")
    }
  })

  it("believes a caller of this machine who it is, where there is no authorizer", async () => {
    const { http } = await serveFixture()
    assert.strictEqual((await opbus(["invoke", "who.calls", "--remote", http, "--actor", "bob"])).stdout, "bob\n")
    assert.strictEqual((await opbus(["invoke", "who.calls", "--remote", http])).stdout, "")
  })

  it("does not listen for others without an authorizer, and says what to do", async () => {
    for (const host of ["0.0.0.0", "::", "example.org"]) {
      const result = await opbus(["--app", fixture("served.ts"), "serve", "--port", "0", "--host", host])
      assert.deepStrictEqual([result.code, result.stdout], [2, ""])
      assert.match(
        result.stderr,
        /^opbus: on .* others could call, and nothing decides who may; export `authorize` from .*served\.ts, or leave out --host\n$/
      )
    }
    const open = opbus(["--app", fixture("served.ts"), "serve", "--port", "0", "--host", "0.0.0.0"], {
      env: { TOKENS: "t1" },
      onOutput: (text, child) => {
        if (text.includes("Ctrl-C ends it") && !text.includes("ending")) child.kill("SIGTERM")
      }
    })
    assert.strictEqual((await open).code, 0)
  })

  it("shows the devtools to this machine, unless it is told not to or listens for others", async () => {
    const usual = await serveFixture()
    assert.match(usual.output(), /^devtools {2}http:\/\/127\.0\.0\.1:\d+\/_opbus$/m)
    const page = await fetch(`${usual.http}/_opbus`)
    assert.strictEqual(page.status, 200)
    assert.include(await page.text(), "<div id=\"root\">")
    assert.strictEqual(
      (await fetch(`${usual.http}/_opbus`, { headers: { origin: "https://evil.example" } })).status,
      403
    )

    const without = await serveFixture(["--no-devtools"])
    assert.notInclude(without.output(), "devtools")
    assert.strictEqual((await fetch(`${without.http}/_opbus`)).status, 404)

    /** Listens on all addresses, where the module decides who may call; the status of the page there. */
    const onAll = async (flags: ReadonlyArray<string>) => {
      let status: number | undefined
      const { stdout } = await opbus([
        "--app",
        fixture("served.ts"),
        "serve",
        "--port",
        "0",
        "--host",
        "0.0.0.0",
        ...flags
      ], {
        env: { TOKENS: "t1" },
        onOutput: (text, child) => {
          if (!text.includes("Ctrl-C ends it") || text.includes("ending") || status !== undefined) return
          status = 0
          void fetch(`http://127.0.0.1:${/:(\d+)\/rpc/.exec(text)![1]}/_opbus`).then((response) => {
            status = response.status
            child.kill("SIGTERM")
          })
        }
      })
      return [status, /^devtools .*$/m.exec(stdout)?.[0].replace(/\d{4,}/, "…")]
    }
    assert.deepStrictEqual(await onAll([]), [404, undefined])
    assert.deepStrictEqual(await onAll(["--devtools"]), [200, "devtools  http://127.0.0.1:…/_opbus"])
    const unreachable = await opbus(
      ["--app", fixture("served.ts"), "serve", "--port", "0", "--host", "192.0.2.1", "--devtools"],
      { env: { TOKENS: "t1" } }
    )
    assert.strictEqual(unreachable.code, 2)
    assert.match(
      unreachable.stderr,
      /^opbus: the devtools answer only 127\.0\.0\.1, and nothing listens there on --host 192\.0\.2\.1; [^\n]*\n$/
    )
  })

  it("says in one line what else is wrong, and what to do", async () => {
    const { http } = await serveFixture()
    const app = fixture("served.ts")
    const cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, code: number, message: RegExp]> = [
      [
        ["--app", fixture("notes.ts")],
        2,
        /nothing would be served; name operations with --expose <keys>, or export `expose`/
      ],
      [
        ["--app", app, "--expose", "who.call"],
        3,
        /No handler is registered for "who\.call"\. Did you mean "who\.calls"\?/
      ],
      [["--app", app, "--port", "70000"], 2, /a port is between 0 and 65535, not 70000/],
      [
        ["--app", app, "--port", new URL(http).port],
        2,
        /port \d+ of 127\.0\.0\.1 is in use; choose another one with --port/
      ],
      [["--app", app, "--drain", "soon"], 2, /a duration is written like/],
      [[], 2, /which application\?/]
    ]
    for (const [args, code, message] of cases) {
      const result = await opbus(["serve", ...args])
      assert.strictEqual(result.code, code, result.stderr)
      assert.match(result.stderr, message)
      assert.strictEqual(lines(result.stderr).length, 1)
      assert.strictEqual(result.stdout, "")
    }
  })
})
