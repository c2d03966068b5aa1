import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Random, Schedule, Schema, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Operation, type OperationError, RemoteFailure } from "opbus/operation"
import type { Outbox, OutboxChange, OutboxOptions } from "opbus/remote/Outbox"
import { Add, kinds, Mark, OtherSide, outboxOf, reason, Taken, unreachable } from "./kit.ts"

const reasonOf = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(effect), (error) => (error as OperationError).reason._tag)

const titles = (other: OtherSide) => other.deliveries.map(({ title }) => title)

/** Until a condition holds: database tests run their fibers on real promises. */
const until = (condition: () => boolean) =>
  Effect.gen(function*() {
    for (let i = 0; i < 1_000 && !condition(); i++) yield* Effect.yieldNow
    assert.isTrue(condition(), "it does not come to that")
  })

for (const kind of kinds) {
  describe(`Outbox ${kind}`, () => {
    const test = (
      name: string,
      body: (outbox: Outbox["Service"], other: OtherSide) => Effect.Effect<void, unknown, Scope.Scope>,
      options: OutboxOptions = {}
    ) =>
      it.effect(name, () =>
        Effect.gen(function*() {
          const other = new OtherSide()
          yield* body(yield* outboxOf(kind, other, options), other)
        }))

    test(
      "R4: a call is delivered at once, and its receipt gives the decoded output",
      (outbox, other) =>
        Effect.gen(function*() {
          const receipt = yield* outbox.enqueue(Add, { title: "a" }, { headers: { x: "1" }, timeout: "2 seconds" })
          const output = yield* receipt.await
          assert.strictEqual(output.n, 1)
          assert.instanceOf(output.at, Date)
          const [{ headers, idempotencyKey, timeout, version }] = other.deliveries as [any]
          assert.deepStrictEqual({ headers, timeout, version }, { headers: { x: "1" }, timeout: 2_000, version: 2 })
          assert.strictEqual(idempotencyKey, receipt.idempotencyKey)
          assert.deepStrictEqual(yield* outbox.pending, [])
        })
    )

    test(
      "R4: while the other side cannot be reached calls wait, and are delivered in order when it is back",
      (outbox, other) =>
        Effect.gen(function*() {
          other.fault = ({ key }) => Effect.fail(unreachable(key))
          const receipts = yield* Effect.forEach(["a", "b", "c"], (title) => outbox.enqueue(Add, { title }))
          yield* TestClock.adjust("10 minutes")
          const waiting = yield* outbox.pending
          assert.deepStrictEqual(waiting.map(({ id }) => id), receipts.map(({ id }) => id))
          assert.isAbove(waiting[0]!.attempts, 10)
          assert.strictEqual(waiting[1]!.attempts, 0)
          assert.include(waiting[0]!.lastError, "it is down")
          other.fault = () => Effect.void
          yield* TestClock.adjust("1 minute")
          for (const receipt of receipts) yield* receipt.await
          assert.deepStrictEqual(other.applied, ["a", "b", "c"])
        })
    )

    test("tries are spaced exponentially, with jitter, up to 30 seconds", (outbox, other) =>
      Effect.gen(function*() {
        const times: Array<number> = []
        other.fault = ({ key }) =>
          Effect.flatMap(Effect.clockWith((clock) => clock.currentTimeMillis), (now) => {
            times.push(now)
            return Effect.fail(unreachable(key))
          })
        yield* outbox.enqueue(Add, { title: "a" })
        for (let i = 0; i < 6_000; i++) yield* TestClock.adjust("50 millis")
        const gaps = times.slice(1).map((time, i) => time - times[i]!)
        gaps.forEach((gap, i) => {
          const wanted = Math.min(30_000, 250 * 2 ** i)
          assert.isAtLeast(gap, 0.8 * wanted - 50, `gap ${i}`)
          assert.isAtMost(gap, 1.2 * wanted + 100, `gap ${i}`)
        })
        assert.isAbove(gaps.length, 10)
      }).pipe(Random.withSeed("jitter")))

    test(
      "R4: lanes do not wait for each other, and a lane is delivered one by one",
      (outbox, other) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          other.fault = ({ title }) => title.startsWith("slow") ? Deferred.await(gate) : Effect.void
          yield* Effect.forEach(["slow 1", "slow 2"], (title) => outbox.enqueue(Add, { title }, { lane: "slow" }))
          const quick = yield* Effect.forEach(["a", "b"], (title) => outbox.enqueue(Add, { title }, { lane: "quick" }))
          for (const receipt of quick) yield* receipt.await
          assert.deepStrictEqual(other.applied, ["a", "b"])
          assert.strictEqual(titles(other).filter((title) => title.startsWith("slow")).length, 1)
          yield* Deferred.succeed(gate, undefined)
          yield* outbox.flush
          assert.deepStrictEqual(other.applied, ["a", "b", "slow 1", "slow 2"])
        })
    )

    test("no more lanes deliver at once than allowed", (outbox, other) =>
      Effect.gen(function*() {
        other.fault = () => Effect.yieldNow
        const receipts = yield* Effect.forEach(
          Array.from({ length: 30 }, (_, i) => `${i}`),
          (title) => outbox.enqueue(Add, { title }, { lane: title }),
          { concurrency: "unbounded" }
        )
        for (const receipt of receipts) yield* receipt.await
        assert.strictEqual(other.mostRunning, 3)
      }), { concurrency: 3 })

    test(
      "R3: an answer that is lost on its way back is asked for again, and nothing is done twice",
      (outbox, other) =>
        Effect.gen(function*() {
          let lost = 0
          other.lose = ({ key }) => lost++ < 3 ? Effect.fail(unreachable(key)) : Effect.void
          const receipt = yield* outbox.enqueue(Add, { title: "a" })
          yield* TestClock.adjust("1 minute")
          assert.strictEqual((yield* receipt.await).n, 1)
          assert.deepStrictEqual(other.applied, ["a"])
          assert.strictEqual(other.deliveries.length, 4)
          assert.strictEqual(new Set(other.deliveries.map(({ idempotencyKey }) => idempotencyKey)).size, 1)
        })
    )

    test(
      "R4: the operation's own failure is the outcome, and a dead letter that blocks nobody",
      (outbox, other) =>
        Effect.gen(function*() {
          other.handle = ({ title }) => title === "bad" ? Effect.fail(new Taken({ title })) : Effect.void
          const bad = yield* outbox.enqueue(Add, { title: "bad" })
          const good = yield* outbox.enqueue(Add, { title: "good" })
          const failure = yield* Effect.flip(bad.await)
          assert.instanceOf(failure, Taken)
          yield* good.await
          const [letter] = yield* outbox.deadLetters
          assert.deepStrictEqual(letter!.reason, { _tag: "Failed", error: { _tag: "Taken", title: "bad" } })
          assert.strictEqual(letter!.id, bad.id)
          assert.strictEqual(letter!.attempts, 1)
          assert.include(letter!.why, "Taken")
        })
    )

    for (
      const refusal of [
        { _tag: "InvalidInput", issue: "no", path: [] },
        { _tag: "Denied", why: "no" },
        { _tag: "Incompatible", difference: "no" },
        { _tag: "RemoteFunctionNotFound" },
        { _tag: "IdempotencyConflict" },
        { _tag: "Uncertain" },
        { _tag: "HandlerNotFound", suggestions: [] }
      ] as const
    ) {
      test(
        `R4: ${refusal._tag} is final: a dead letter with its reason, and the lane goes on`,
        (outbox, other) =>
          Effect.gen(function*() {
            other.fault = ({ key, title }) => title === "bad" ? Effect.fail(reason(key, refusal)) : Effect.void
            const bad = yield* outbox.enqueue(Add, { title: "bad" })
            yield* (yield* outbox.enqueue(Add, { title: "good" })).await
            assert.strictEqual(yield* reasonOf(bad.await), "DeadLettered")
            const [letter] = yield* outbox.deadLetters
            assert.deepStrictEqual(letter!.reason, { _tag: "Refused", reason: refusal })
          })
      )
    }

    for (
      const passing of [
        { _tag: "RemoteUnavailable", why: "no" },
        { _tag: "Overloaded", limit: 1 },
        { _tag: "Timeout", millis: 1 }
      ] as const
    ) {
      test(`R4: ${passing._tag} passes: it is tried again`, (outbox, other) =>
        Effect.gen(function*() {
          let left = 3
          other.fault = ({ key }) => left-- > 0 ? Effect.fail(reason(key, passing)) : Effect.void
          const receipt = yield* outbox.enqueue(Add, { title: "a" })
          yield* TestClock.adjust("1 minute")
          yield* receipt.await
          assert.strictEqual(other.deliveries.length, 4)
        }))
    }

    test(
      "R4: what always ends unexpectedly is a dead letter after a few tries, and other lanes do not notice",
      (outbox, other) =>
        Effect.gen(function*() {
          other.fault = ({ title }) => title === "bad" ? Effect.die("broken") : Effect.void
          const bad = yield* outbox.enqueue(Add, { title: "bad" })
          const behind = yield* outbox.enqueue(Add, { title: "behind" })
          yield* (yield* outbox.enqueue(Mark, { title: "elsewhere" })).await
          assert.deepStrictEqual(other.applied, ["elsewhere"])
          yield* TestClock.adjust("1 minute")
          yield* behind.await
          assert.strictEqual(yield* reasonOf(bad.await), "DeadLettered")
          assert.deepStrictEqual((yield* outbox.deadLetters)[0]!.reason, { _tag: "Defect" })
          assert.strictEqual(titles(other).filter((title) => title === "bad").length, 3)
        }),
      { poisonAttempts: 3 }
    )

    test(
      "R4: a limit of tries, of age, or a schedule that ends gives an unreachable call up",
      (outbox, other) =>
        Effect.gen(function*() {
          other.fault = ({ key }) => Effect.fail(unreachable(key))
          const receipt = yield* outbox.enqueue(Add, { title: "a" })
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(yield* reasonOf(receipt.await), "DeadLettered")
          const [letter] = yield* outbox.deadLetters
          assert.strictEqual(letter!.reason._tag, "Exhausted")
          assert.strictEqual(letter!.attempts, 4)
        }),
      { maxAttempts: 4 }
    )

    test("R4: a retry schedule that ends gives an unreachable call up", (outbox, other) =>
      Effect.gen(function*() {
        other.fault = ({ key }) => Effect.fail(unreachable(key))
        const receipt = yield* outbox.enqueue(Add, { title: "a" })
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* reasonOf(receipt.await), "DeadLettered")
        assert.strictEqual((yield* outbox.deadLetters)[0]!.attempts, 3)
      }), { retry: Schedule.upTo(Schedule.spaced("1 second"), { times: 2 }) })

    test("a transport that does not keep time is not waited for for ever", (outbox, other) =>
      Effect.gen(function*() {
        let stuck = true
        other.fault = () => stuck ? Effect.never : Effect.void
        const receipt = yield* outbox.enqueue(Add, { title: "a" })
        yield* until(() => other.deliveries.length === 1)
        stuck = false
        yield* TestClock.adjust("1 minute")
        yield* receipt.await
      }))

    test(
      "a dead letter can be tried again, at the end of its lane and under a new key when it had been answered",
      (outbox, other) =>
        Effect.gen(function*() {
          let bad = true
          other.handle = ({ title }) => bad && title === "bad" ? Effect.fail(new Taken({ title })) : Effect.void
          const receipt = yield* outbox.enqueue(Add, { title: "bad" })
          yield* Effect.flip(receipt.await)
          bad = false
          assert.isTrue(yield* outbox.retryDeadLetter(receipt.id))
          assert.isFalse(yield* outbox.retryDeadLetter(receipt.id))
          assert.strictEqual((yield* receipt.await).n, 1)
          assert.deepStrictEqual(yield* outbox.deadLetters, [])
          assert.notStrictEqual(other.deliveries[0]!.idempotencyKey, other.deliveries[1]!.idempotencyKey)
          assert.strictEqual((yield* (yield* outbox.receipt(Add, receipt.id)).await).n, 1)
        })
    )

    test(
      "a dead letter that may have taken effect is tried again under its old key",
      (outbox, other) =>
        Effect.gen(function*() {
          other.lose = ({ key }) => Effect.fail(unreachable(key))
          const receipt = yield* outbox.enqueue(Add, { title: "a" })
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(yield* reasonOf(receipt.await), "DeadLettered")
          other.lose = () => Effect.void
          assert.isTrue(yield* outbox.retryDeadLetter(receipt.id))
          assert.strictEqual((yield* receipt.await).n, 1)
          assert.deepStrictEqual(other.applied, ["a"])
        }),
      { maxAttempts: 2 }
    )

    test("a dead letter can be forgotten", (outbox, other) =>
      Effect.gen(function*() {
        other.handle = ({ title }) => Effect.fail(new Taken({ title }))
        const receipt = yield* outbox.enqueue(Add, { title: "a" })
        yield* Effect.flip(receipt.await)
        assert.isTrue(yield* outbox.removeDeadLetter(receipt.id))
        assert.isFalse(yield* outbox.removeDeadLetter(receipt.id))
        assert.deepStrictEqual(yield* outbox.deadLetters, [])
        assert.isFalse(yield* outbox.removeDeadLetter("no such id"))
      }))

    test(
      "R4: a call that cannot have arrived is taken back, and its receipt says so",
      (outbox, other) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          other.fault = () => Deferred.await(gate)
          const [first, second, third] = yield* Effect.forEach(
            ["a", "b", "c"],
            (title) => outbox.enqueue(Add, { title })
          )
          yield* until(() => other.deliveries.length === 1)
          // On its way: nobody knows whether it arrives.
          assert.isFalse(yield* outbox.remove(first!.id))
          assert.isTrue(yield* outbox.remove(second!.id))
          assert.isFalse(yield* outbox.remove(second!.id))
          yield* Deferred.succeed(gate, undefined)
          yield* third!.await
          assert.strictEqual(yield* reasonOf(second!.await), "RemoteUnavailable")
          assert.deepStrictEqual(other.applied, ["a", "c"])
          assert.isFalse(yield* outbox.remove(first!.id))
        })
    )

    test(
      "R4: a call that failed before it was sent can be taken back while it waits, one that was sent cannot",
      (outbox, other) =>
        Effect.gen(function*() {
          other.fault = ({ key, title }) =>
            Effect.fail(
              title === "sent"
                ? unreachable(key)
                : reason(key, { _tag: "RemoteUnavailable", why: "no connection", sent: false } as any)
            )
          const unsent = yield* outbox.enqueue(Add, { title: "unsent" }, { lane: "1" })
          const behind = yield* outbox.enqueue(Add, { title: "behind" }, { lane: "1" })
          const sent = yield* outbox.enqueue(Add, { title: "sent" }, { lane: "2" })
          yield* until(() => other.deliveries.length === 2)
          yield* outbox.flush
          assert.isFalse(yield* outbox.remove(sent.id))
          assert.isTrue(yield* outbox.remove(unsent.id))
          other.fault = () => Effect.void
          yield* outbox.flush
          yield* behind.await
          assert.deepStrictEqual([...other.applied].sort(), ["behind", "sent"])
        })
    )

    test(
      "flush tries at once what waits for its next try, and comes back when that fails again",
      (outbox, other) =>
        Effect.gen(function*() {
          other.fault = ({ key }) => Effect.fail(unreachable(key))
          for (const title of ["a", "b"]) yield* outbox.enqueue(Add, { title }, { lane: title })
          yield* until(() => other.deliveries.length === 2)
          yield* outbox.flush
          assert.strictEqual(other.deliveries.length, 4)
          other.fault = () => Effect.void
          yield* outbox.flush
          assert.deepStrictEqual([...other.applied].sort(), ["a", "b"])
          assert.deepStrictEqual(yield* outbox.pending, [])
          yield* outbox.flush
        })
    )

    test(
      "beyond its limits the queue refuses, and has room again when calls were delivered",
      (outbox, other) =>
        Effect.gen(function*() {
          other.fault = ({ key }) => Effect.fail(unreachable(key))
          const exits = yield* Effect.forEach(
            ["a", "b", "c", "d", "e"],
            (title) => Effect.exit(outbox.enqueue(Add, { title })),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(exits.filter((exit) => exit._tag === "Success").length, 3)
          assert.strictEqual(yield* reasonOf(outbox.enqueue(Add, { title: "f" })), "Overloaded")
          other.fault = () => Effect.void
          yield* outbox.flush
          yield* outbox.enqueue(Add, { title: "g" })
        }),
      { maxCount: 3 }
    )

    test("the queue refuses what is too large for it", (outbox, other) =>
      Effect.gen(function*() {
        other.fault = ({ key }) => Effect.fail(unreachable(key))
        yield* outbox.enqueue(Add, { title: "x".repeat(400) })
        assert.strictEqual(yield* reasonOf(outbox.enqueue(Add, { title: "x".repeat(400) })), "Overloaded")
        yield* outbox.enqueue(Add, { title: "small" })
      }), { maxBytes: 2_000 })

    test("an input that does not fit is refused before it is accepted", (outbox, other) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* reasonOf(outbox.enqueue(Add, { title: 1 } as any)), "InvalidInput")
        assert.strictEqual(yield* reasonOf(outbox.enqueue(Add, { title: "a", more: 1 } as any)), "InvalidInput")
        assert.deepStrictEqual(yield* outbox.pending, [])
        assert.deepStrictEqual(other.deliveries, [])
      }))

    test("a key given by the caller is the key that is delivered", (outbox, other) =>
      Effect.gen(function*() {
        const receipt = yield* outbox.enqueue(Add, { title: "a" }, { idempotencyKey: "mine" })
        yield* receipt.await
        assert.strictEqual(other.deliveries[0]!.idempotencyKey, "mine")
        assert.strictEqual(receipt.idempotencyKey, "mine")
      }))

    test("keys and lanes from outside may be called like anything", (outbox, other) =>
      Effect.gen(function*() {
        for (const name of ["__proto__", "constructor", "toString", ""]) {
          yield* (yield* outbox.enqueue(Add, { title: name }, { lane: name, idempotencyKey: `k${name}` })).await
        }
        assert.deepStrictEqual(other.applied, ["__proto__", "constructor", "toString", ""])
      }))

    test("changes tells what happens, in order", (outbox, other) =>
      Effect.gen(function*() {
        const seen: Array<OutboxChange> = []
        yield* Effect.forkScoped(
          Stream.runForEach(outbox.changes, (change) => Effect.sync(() => seen.push(change))),
          { startImmediately: true }
        )
        let left = 1
        other.fault = ({ key, title }) =>
          title === "bad"
            ? Effect.fail(new RemoteFailure({ key, error: { _tag: "Taken", title } }))
            : left-- > 0
            ? Effect.fail(unreachable(key))
            : Effect.void
        const good = yield* outbox.enqueue(Add, { title: "good" })
        const bad = yield* outbox.enqueue(Add, { title: "bad" })
        yield* TestClock.adjust("1 second")
        yield* Effect.exit(good.await)
        yield* Effect.exit(bad.await)
        yield* until(() => seen.length === 5)
        const of = (id: string) => seen.filter((change) => change.id === id).map(({ _tag }) => _tag)
        assert.deepStrictEqual(of(good.id), ["Accepted", "Retrying", "Delivered"])
        assert.deepStrictEqual(of(bad.id), ["Accepted", "DeadLettered"])
      }))

    test("headers of the queue are asked for at each delivery", (outbox, other) =>
      Effect.gen(function*() {
        let left = 1
        tokens = 0
        other.fault = ({ key }) => left-- > 0 ? Effect.fail(unreachable(key)) : Effect.void
        const receipt = yield* outbox.enqueue(Add, { title: "a" }, { headers: { mine: "1" } })
        yield* TestClock.adjust("1 second")
        yield* receipt.await
        assert.deepStrictEqual(other.deliveries.map(({ headers }) => headers), [
          { token: "1", mine: "1" },
          { token: "2", mine: "1" }
        ])
      }), { headers: Effect.sync(() => ({ token: String(++tokens) })) })

    test("a receipt of an unknown or of another operation's call is refused", (outbox) =>
      Effect.gen(function*() {
        const receipt = yield* outbox.enqueue(Add, { title: "a" })
        yield* receipt.await
        assert.strictEqual(yield* reasonOf(outbox.receipt(Add, "4711")), "RemoteUnavailable")
        assert.strictEqual(yield* reasonOf(outbox.receipt(Mark, receipt.id)), "RemoteUnavailable")
        assert.strictEqual(yield* reasonOf(outbox.receipt(Add, "__proto__")), "RemoteUnavailable")
      }))

    test("waiting for an outcome can be interrupted, and many can wait", (outbox, other) =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        other.fault = () => Deferred.await(gate)
        const receipt = yield* outbox.enqueue(Add, { title: "a" })
        const first = yield* Effect.forkChild(receipt.await, { startImmediately: true })
        const second = yield* Effect.forkChild(receipt.await, { startImmediately: true })
        yield* Fiber.interrupt(first)
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual((yield* Fiber.join(second)).n, 1)
      }))

    test("a stream operation cannot be queued", (outbox) =>
      Effect.gen(function*() {
        const Watch = Operation.make({ meta: { key: "note.watch" }, output: Schema.Int, stream: true })
        assert.strictEqual(yield* reasonOf(outbox.enqueue(Watch, undefined)), "RemoteUnavailable")
      }))
  })
}

let tokens = 0
