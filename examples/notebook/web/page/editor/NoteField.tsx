import { type RefObject, useLayoutEffect, useRef } from "react"
import type { FieldName } from "../drafts.ts"
import { follow, merge } from "../merge.ts"
import { useDraft } from "./useDraft.ts"

interface NoteFieldProps {
  readonly id: string
  readonly name: FieldName
  readonly fieldId?: string
  readonly text: string
}

type Field = HTMLInputElement & HTMLTextAreaElement

/**
 * The browser owns the text of the field, so that nothing typed waits for React; what comes from elsewhere is put in
 * around the caret.
 */
export const NoteField = ({ fieldId, id, name, text }: NoteFieldProps) => {
  const [draft, state] = useDraft(id, name, text)
  const ref = useRef<Field>(null)
  /** What the field has shown so far. */
  const shown = useRef("")
  const composing = useRef(false)

  const show = () => {
    const field = ref.current!
    if (composing.current || shown.current === state.text) return
    const { selectionEnd, selectionStart } = field
    field.value = state.text
    if (document.activeElement === field) {
      field.setSelectionRange(
        follow(selectionStart, shown.current, state.text),
        follow(selectionEnd, shown.current, state.text)
      )
    }
    shown.current = state.text
  }
  useLayoutEffect(show, [state.text])

  const read = () => {
    if (composing.current) return
    const { value } = ref.current!
    const merged = merge(shown.current, value, draft.state().text)
    shown.current = value
    draft.type(merged)
    if (merged !== value) show()
  }

  const props = {
    id: fieldId,
    defaultValue: "",
    autoComplete: "off",
    onInput: read,
    onBlur: draft.leave,
    onCompositionStart: () => {
      composing.current = true
    },
    onCompositionEnd: () => {
      composing.current = false
      read()
    }
  }
  return name === "title"
    ? <input ref={ref as RefObject<HTMLInputElement | null>} maxLength={500} {...props} />
    : <textarea ref={ref as RefObject<HTMLTextAreaElement | null>} placeholder="Write something …" {...props} />
}
