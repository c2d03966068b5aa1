import * as Context from "effect/Context"

/**
 * The permission a caller needs, for example `"notes:write"`.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Permission = Context.Reference<string | undefined>("opbus/operation/Operation/Permission", {
  defaultValue: () => undefined
})

/**
 * `true` when invoking twice with the same input has the effect of invoking once.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Idempotent = Context.Reference<boolean>("opbus/operation/Operation/Idempotent", {
  defaultValue: () => false
})

/**
 * `true` when the operation changes nothing: it may run in a transaction without an undo mapping.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Readonly = Context.Reference<boolean>("opbus/operation/Operation/Readonly", {
  defaultValue: () => false
})

/**
 * `true` when what the operation does cannot be taken back: it is refused inside a transaction.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Irreversible = Context.Reference<boolean>("opbus/operation/Operation/Irreversible", {
  defaultValue: () => false
})

/**
 * The name of an icon for menus and palettes.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Icon = Context.Reference<string | undefined>("opbus/operation/Operation/Icon", {
  defaultValue: () => undefined
})
