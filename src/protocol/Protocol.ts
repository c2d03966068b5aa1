/**
 * What all messages have in common: a version, and one way to read what comes from outside.
 *
 * Messages are plain JSON. They import nothing of what they describe, so that both ends of a wire, and a store that
 * outlives a release, agree on text and not on classes.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * The version that this release writes. It reads no other.
 *
 * @category models
 * @since 0.1.0
 */
export const version = 1

/**
 * The field that carries the version in every message.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Version = Schema.Literal(version)

/**
 * A message that this release cannot read.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unreadable extends Schema.TaggedError<Unreadable>("opbus/protocol/Protocol/Unreadable")("Unreadable", {
  /** What it was expected to be. */
  what: Schema.String,
  why: Schema.String
}) {
  override get message(): string {
    return `A ${this.what} cannot be read: ${this.why}.`
  }
}

/**
 * Makes the reader of one kind of message: an unknown version, or anything that does not fit, is `Unreadable`.
 *
 * **Details**
 *
 * Properties that this release does not know are ignored, so that a newer one of the same version can add some. The value
 * itself never shows in the error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const reader = <S extends Schema.ConstraintCodec<unknown, unknown>>(
  what: string,
  schema: S
): (message: unknown) => Effect.Effect<S["Type"], Unreadable> => {
  const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(schema))
  return (message) => {
    const found = typeof message === "object" && message !== null && Object.hasOwn(message, "v")
      ? (message as { readonly v: unknown }).v
      : undefined
    if (found !== version) {
      return Effect.fail(
        new Unreadable({
          what,
          why: typeof found === "number"
            ? `its version is ${found}, and this release reads ${version}`
            : "it has no version"
        })
      )
    }
    return Effect.mapError(
      decode(message),
      (error) => new Unreadable({ what, why: String(error.message).split("\n")[0]!.slice(0, 200).replace(/\.$/, "") })
    )
  }
}

/**
 * Reads JSON text with a reader.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = <A>(
  what: string,
  read: (message: unknown) => Effect.Effect<A, Unreadable>
): (text: string) => Effect.Effect<A, Unreadable> =>
(text) =>
  Effect.flatMap(
    Effect.try({
      try: () => JSON.parse(text) as unknown,
      catch: () => new Unreadable({ what, why: "it is not JSON" })
    }),
    read
  )
