/**
 * The native modules that this process has loaded.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Addon, isAddon, type ModuleInfo } from "./internal/binding/addon.ts"
import { Binding } from "./internal/binding/binding.ts"
import { abi } from "./internal/binding/layout.ts"
import { ServiceUnavailable } from "./ServiceUnavailable.ts"

/**
 * A file that was looked for: what it exports, or why it could not be loaded.
 *
 * @category models
 * @since 0.1.0
 */
export type Candidate =
  | { readonly file: string; readonly exports: unknown }
  | { readonly file: string; readonly problem: string }

/**
 * A file that was looked for, and what is in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Loaded {
  readonly file: string
  /** Why nothing of it can be used. */
  readonly problem?: string
  readonly modules: ReadonlyArray<ModuleInfo>
}

/**
 * The native modules of this process: where services written in Rust come from.
 *
 * **When to use**
 *
 * Provide `NodeNativeModule.layer` of `opbus/node` to services made by `layerRust` or `layer`. Where nothing native can
 * be loaded, provide `NativeModule.layerNone`: then `layer` takes the implementation in TypeScript.
 *
 * **Details**
 *
 * Making the layer never fails; a service that needs a module that is not there is `NotLoaded`, and says which files
 * were looked for and what to run.
 *
 * @category services
 * @since 0.1.0
 */
export class NativeModule extends Context.Service<NativeModule, {
  /** What was looked for, in the order in which it is used. */
  readonly loaded: ReadonlyArray<Loaded>
  /** The binding that has the module of a service, built for these specs. */
  readonly find: (service: string, specHash: string) => Effect.Effect<NativeModule.Found, ServiceUnavailable>
}>()("opbus/native/NativeModule") {
  /**
   * No native modules.
   *
   * @since 0.1.0
   */
  static readonly layerNone: Layer.Layer<NativeModule> = Layer.sync(
    NativeModule,
    () => fromCandidates([], "this environment")
  )
}

/**
 * @since 0.1.0
 */
export declare namespace NativeModule {
  /**
   * A module and the way to it.
   *
   * @category models
   * @since 0.1.0
   */
  export interface Found {
    /** Internal to opbus: `NativeService.make` is what uses it. */
    readonly binding: unknown
    readonly module: ModuleInfo
  }
}

/**
 * The native modules of what was loaded; the first that has a service's module, built for its specs, is taken.
 *
 * **When to use**
 *
 * `NodeNativeModule.layer` calls it. Use it to load addons some other way.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromCandidates = (
  candidates: ReadonlyArray<Candidate>,
  platform: string
): (typeof NativeModule)["Service"] => {
  const files = candidates.map((candidate) => load(candidate))
  return {
    loaded: files.map(({ binding, file, problem }) => ({
      file,
      ...(problem === undefined ? undefined : { problem }),
      modules: binding === undefined ? [] : [...binding.modules.values()]
    })),
    find: (service, specHash) =>
      Effect.suspend(() => {
        const reasons: Array<string> = []
        for (const { binding, file, problem } of files) {
          const module = binding?.modules.get(service)
          if (binding !== undefined && module?.specHash === specHash) return Effect.succeed({ binding, module })
          reasons.push(
            problem ?? (module === undefined
              ? `${file} has no module "${service}"`
              : `${file} was built for other specs (${short(module.specHash)}, needed is ${short(specHash)})`)
          )
        }
        const looked = reasons.length === 0 ? "nowhere to look for it" : reasons.join("; ")
        return Effect.fail(
          new ServiceUnavailable({
            service,
            reason: "NotLoaded",
            message:
              `The service "${service}" is not there in Rust for ${platform}, ABI ${abi}: ${looked}. Run "opbus build-native" (in opbus itself: node scripts/build-native.ts) where cargo is, or use its layerTypeScript.`
          })
        )
      })
  }
}

const short = (hash: string): string => hash.slice(0, 12)

const load = (
  candidate: Candidate
): { readonly file: string; readonly binding?: Binding; readonly problem?: string } => {
  const { file } = candidate
  if ("problem" in candidate) return { file, problem: candidate.problem }
  if (!isAddon(candidate.exports)) {
    return { file, problem: `${file} is not a native module of opbus, or Node could not load it fully` }
  }
  const addon: Addon = candidate.exports
  return addon.abi === abi
    ? { file, binding: Binding.of(addon) }
    : { file, problem: `${file} was built for the ABI ${addon.abi}, this is ${abi}` }
}
