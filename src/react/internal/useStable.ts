import * as Equal from "effect/Equal"
import { useRef } from "react"

/**
 * The same object for as long as its content is the same. A render that is thrown away does no harm: which of two equal
 * objects is kept makes no difference.
 *
 * @internal
 */
export const useStable = <A>(value: A): A => {
  const kept = useRef(value)
  if (!Equal.equals(kept.current, value)) kept.current = value
  return kept.current
}
