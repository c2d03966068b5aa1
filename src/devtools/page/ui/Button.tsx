import { type ButtonHTMLAttributes, type ReactElement, type ReactNode, type Ref } from "react"
import { Icon, type IconName } from "./icons.tsx"

interface Look {
  /** `primary`: what one came for; at most one in sight. `danger`: cannot be taken back. `quiet`: without a border. */
  readonly kind?: "default" | "primary" | "danger" | "quiet"
  readonly size?: "m" | "s"
  readonly icon?: IconName
  readonly ref?: Ref<HTMLButtonElement>
}

export const Button = (
  { children, icon, kind = "default", size = "m", ...rest }:
    & Look
    & ButtonHTMLAttributes<HTMLButtonElement>
    & { readonly children: ReactNode }
): ReactElement => (
  <button type="button" className="button" data-kind={kind} data-size={size} {...rest}>
    {icon === undefined ? null : <Icon name={icon} />}
    {children}
  </button>
)

/** A button that shows an icon; `label` says what it does. */
export const IconButton = (
  { icon, kind = "quiet", label, size = "m", ...rest }:
    & Omit<Look, "icon">
    & Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children">
    & { readonly icon: IconName; readonly label: string }
): ReactElement => (
  <button
    type="button"
    className="button button-icon"
    data-kind={kind}
    data-size={size}
    aria-label={label}
    title={label}
    {...rest}
  >
    <Icon name={icon} />
  </button>
)
