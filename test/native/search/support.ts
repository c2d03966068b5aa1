import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type SearchCommands, SearchService } from "opbus/native/modules/search/SearchService"
import type { Instance } from "opbus/native/ServiceDefinition"
import * as NodeNativeModule from "opbus/node/NodeNativeModule"
import * as NodeSidecar from "opbus/node/NodeSidecar"
import type { Random } from "../../spec/support/random.ts"

export const root = fileURLToPath(new URL("../../..", import.meta.url))

/** `npm test` builds it where cargo is; without cargo there is only TypeScript. */
export const hasRust = existsSync(NodeNativeModule.fileOf(root))
const hasSidecar = existsSync(join(root, "native", "dist", `${NodeNativeModule.platform}-sidecar`))

const build = <E, R>(layer: Layer.Layer<SearchService, E, R>) =>
  Effect.flatMap(Layer.build(layer), (context) => Effect.provide(SearchService, context))

const implementations = {
  typescript: (config: Schema.Json) => build(SearchService.layerTypeScript({ config })),
  rust: (config: Schema.Json) =>
    build(SearchService.layerRust({ config }).pipe(Layer.provide(NodeNativeModule.layer({ project: root })))),
  sidecar: (config: Schema.Json) =>
    build(SearchService.layerSidecar({ config }).pipe(Layer.provide(NodeSidecar.layer({ project: root }))))
}

export type Kind = keyof typeof implementations

/** What can be run here. */
export const kinds: ReadonlyArray<Kind> = [
  "typescript",
  ...(hasRust ? ["rust" as const] : []),
  ...(hasSidecar ? ["sidecar" as const] : [])
]

/** A service of one kind, for as long as the scope. */
export const make = (
  kind: Kind,
  config: Schema.Json = {}
): Effect.Effect<Instance<SearchCommands>, never, Scope.Scope> =>
  Effect.orDie(implementations[kind](config) as Effect.Effect<Instance<SearchCommands>, unknown, Scope.Scope>)

const words = [
  ..."the quick brown fox jumps over lazy dogs search searching searched index indices memory pressure operation".split(
    " "
  ),
  ..."Rust TypeScript naïve café CAFÉ Straße ΣΊΣΥΦΟΣ σίσυφος İstanbul ısı Ёлка ёлка 東京 とうきょう 北京 한국어 नमस्ते שלום"
    .split(" "),
  ..."مرحبا co\u00adoperate cafe\u0301 می\u200cخواهم 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍💻 x1 42 3.14 snake_case a aa aaa aaaa aaab aaba abab"
    .split(" "),
  "x".repeat(80),
  "é".repeat(70),
  "\u0000",
  "ﬁx",
  "Å"
]
const separators = [" ", " ", " ", "\n", ", ", "-", "_", "\u3000", "", "'", "🙂"]

/** Text of words that come again, in several scripts, sometimes with a letter too many or too few. */
export const text = (random: Random, most: number): string => {
  let all = ""
  for (let left = random.int(0, most); left > 0; left--) {
    let word = random.pick(words)
    if (random.chance(0.15)) word = [...word].slice(0, random.int(1, 6)).join("")
    if (random.chance(0.1)) word = word + random.pick([..."abcé東x"])
    if (random.chance(0.02)) word = String.fromCodePoint(random.int(0xe000, 0x10ffff))
    if (random.chance(0.02)) word = String.fromCodePoint(random.int(0, 0xd7ff))
    all += word + random.pick(separators)
  }
  return all
}
