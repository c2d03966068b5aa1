import {
  type KeyboardEvent,
  memo,
  type ReactElement,
  type Ref,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState
} from "react"
import type { InvocationRow } from "../../../reactivity/InvocationTable.ts"
import { StatusBadge } from "../ui/Badge.tsx"
import { Button } from "../ui/Button.tsx"
import { formatDuration } from "../ui/format.ts"
import { Icon } from "../ui/icons.tsx"
import { Text } from "../ui/Text.tsx"
import { Time, useNow } from "../ui/Time.tsx"
import { feed } from "./feed.ts"
import { previewText } from "./preview.ts"
import { type Node } from "./TimelineModel.ts"
import { useWindow } from "./useWindow.ts"
import { barLength, originWords } from "./words.ts"

const coarse = matchMedia("(pointer: coarse)")

const lineHeight = (): number => coarse.matches ? 40 : 30

const idOf = (id: string): string => `tl-${id}`

/** The lines of the timeline. Only those in sight are in the document. */
export const TreeGrid = ({ chosen, gridRef, labels, onOpen, version }: {
  readonly chosen: string | undefined
  readonly onOpen: (id: string | undefined) => void
  readonly labels: ReadonlyMap<string, string>
  readonly gridRef: Ref<HTMLDivElement>
  /** Of the model: what is shown is read from there. */
  readonly version: number
}): ReactElement => {
  const { model } = feed
  const { lines } = model
  const box = useRef<HTMLDivElement>(null)
  const height = lineHeight()
  const [active, setActive] = useState<string | undefined>(chosen)
  /** The newest line is in sight, and stays so. */
  const following = useRef(chosen === undefined)
  const [isFollowing, setFollowing] = useState(following.current)
  /** The line at the top of what is read, and how far it is scrolled out. */
  const anchor = useRef<{ readonly node: Node; readonly offset: number } | undefined>(undefined)
  const head = 28

  const { look, onScroll, range } = useWindow(box, height, lines.length)

  const remember = (follow = true) => {
    const element = box.current
    if (element === null) return
    const end = element.scrollTop + element.clientHeight >= element.scrollHeight - 4
    if (follow) {
      following.current = end
      if (end !== isFollowing) setFollowing(end)
    }
    const top = Math.floor(element.scrollTop / height)
    const node = feed.model.lines[top]
    anchor.current = node === undefined ? undefined : { node, offset: element.scrollTop - top * height }
  }

  // What is read stays where it is, whatever happens above it; whoever is at the end stays at the end.
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    if (following.current) {
      element.scrollTop = element.scrollHeight
      look()
      return
    }
    const kept = anchor.current
    if (kept === undefined) return
    let node: Node | undefined = kept.node
    while (node !== undefined && model.lines[node.index] !== node) node = node.parent
    if (node === undefined) return
    const wanted = node.index * height + kept.offset
    if (Math.abs(element.scrollTop - wanted) <= 1) return
    element.scrollTop = wanted
    look()
  }, [version, height, model, look])

  const show = (index: number) => {
    const element = box.current
    if (element === null) return
    const top = index * height
    const room = element.clientHeight - head
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + height > element.scrollTop + room) element.scrollTop = top + height - room
  }

  // What was chosen elsewhere is brought into sight.
  useEffect(() => {
    if (chosen === undefined) return
    const node = model.get(chosen)
    if (node === undefined || model.lines[node.index] !== node) return
    setActive(chosen)
    show(node.index)
    remember()
    // Only when something else is chosen.
  }, [chosen])

  /** Whoever looks at one line does not want to be carried away from it. */
  const stay = () => {
    following.current = false
    setFollowing(false)
    remember(false)
  }

  const expand = (node: Node, expanded: boolean) => {
    stay()
    feed.edit((it) => it.setExpanded(node, expanded))
  }

  const choose = (id: string) => {
    stay()
    setActive(id)
    onOpen(id)
  }

  const move = (to: number) => {
    const index = Math.max(0, Math.min(lines.length - 1, to))
    const node = lines[index]
    if (node === undefined) return
    setActive(node.id)
    show(index)
    if (chosen !== undefined && chosen !== node.id) onOpen(node.id)
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
    const node = active === undefined ? undefined : model.get(active)
    const index = node !== undefined && lines[node.index] === node ? node.index : -1
    const current = index === -1 ? undefined : node
    const page = Math.max(1, Math.floor(((box.current?.clientHeight ?? 600) - head) / height) - 1)
    switch (event.key) {
      case "ArrowDown":
        move(index === -1 ? Math.ceil((box.current?.scrollTop ?? 0) / height) : index + 1)
        break
      case "ArrowUp":
        move(index === -1 ? lines.length - 1 : index - 1)
        break
      case "Home":
        move(0)
        break
      case "End":
        move(lines.length - 1)
        break
      case "PageDown":
        move(index + page)
        break
      case "PageUp":
        move(index - page)
        break
      case "ArrowRight":
        if (current === undefined || !model.isParent(current)) return
        if (model.isExpanded(current)) move(index + 1)
        else expand(current, true)
        break
      case "ArrowLeft":
        if (current === undefined) return
        if (model.isParent(current) && model.isExpanded(current)) expand(current, false)
        else if (current.parent !== undefined) move(current.parent.index)
        else return
        break
      case "*":
        stay()
        feed.edit((it) => it.setAllExpanded(true))
        break
      case "Enter":
      case " ":
        if (current === undefined) return
        choose(current.id)
        break
      case "Escape":
        if (chosen === undefined) return
        onOpen(undefined)
        break
      default:
        return
    }
    event.preventDefault()
  }

  const shown = lines.slice(range.start, range.end)
  // The same functions every time, so that lines are not drawn anew.
  const handlers = useRef({ choose, expand })
  useLayoutEffect(() => {
    handlers.current = { choose, expand }
  })
  const open = useCallback((id: string) => handlers.current.choose(id), [])
  const toggle = useCallback((node: Node, expanded: boolean) => {
    setActive(node.id)
    handlers.current.expand(node, expanded)
  }, [])
  const activeNode = active === undefined ? undefined : model.get(active)
  const inSight = activeNode !== undefined && shown[activeNode.index - range.start] === activeNode
  return (
    <div className="tl">
      {/* A treegrid of the ARIA practices. */}
      <div
        ref={(element) => {
          box.current = element
          if (typeof gridRef === "function") gridRef(element)
          else if (gridRef !== null && gridRef !== undefined) gridRef.current = element
        }}
        className="tl-grid"
        role="treegrid"
        aria-label="Invocations"
        aria-rowcount={lines.length + 1}
        aria-colcount={6}
        tabIndex={0}
        {...(inSight ? { "aria-activedescendant": idOf(activeNode.id) } : {})}
        onKeyDown={onKeyDown}
        onScroll={() => {
          remember()
          onScroll()
        }}
      >
        <div role="rowgroup" className="tl-head">
          <div role="row" aria-rowindex={1} className="tl-row">
            <div role="columnheader" className="tl-cell tl-operation">Operation</div>
            <div role="columnheader" className="tl-cell tl-status-cell">Status</div>
            <div role="columnheader" className="tl-cell tl-duration">Duration</div>
            <div role="columnheader" className="tl-cell tl-time">Started</div>
            <div role="columnheader" className="tl-cell tl-origin">Origin</div>
            <div role="columnheader" className="tl-cell tl-actor">Actor</div>
          </div>
        </div>
        <div role="rowgroup" className="tl-body" style={{ height: lines.length * height }}>
          {shown.map((node, i) => {
            const index = range.start + i
            const parent = model.isParent(node)
            return (
              <Line
                key={node.id}
                node={node}
                row={node.row}
                label={labels.get(node.row.key)}
                top={index * height}
                index={index}
                depth={node.depth}
                expanded={parent ? model.isExpanded(node) : undefined}
                below={node.children.length}
                fits={node.fits}
                active={node.id === active}
                chosen={node.id === chosen}
                onOpen={open}
                onExpand={toggle}
              />
            )
          })}
        </div>
      </div>
      {isFollowing ? null : (
        <Button
          icon="down"
          className="button tl-follow"
          onClick={() => {
            following.current = true
            setFollowing(true)
            if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
          }}
        >
          Newest
        </Button>
      )}
    </div>
  )
}

interface LineProps {
  readonly node: Node
  readonly row: InvocationRow
  readonly label: string | undefined
  readonly top: number
  readonly index: number
  readonly depth: number
  /** `undefined`: there is nothing to open. */
  readonly expanded: boolean | undefined
  readonly below: number
  readonly fits: boolean
  readonly active: boolean
  readonly chosen: boolean
  readonly onOpen: (id: string) => void
  readonly onExpand: (node: Node, expanded: boolean) => void
}

const deepest = 12

const Line = memo((
  { active, below, chosen, depth, expanded, fits, index, label, node, onExpand, onOpen, row, top }: LineProps
) => (
  // The grid has the focus, and its keys.
  <div
    role="row"
    id={idOf(row.id)}
    className="tl-row"
    aria-rowindex={index + 2}
    aria-level={depth + 1}
    aria-selected={chosen}
    {...(expanded === undefined ? {} : { "aria-expanded": expanded })}
    data-active={active}
    data-fits={fits}
    data-status={row.status}
    style={{ transform: `translateY(${top}px)` }}
    onClick={() => {
      onOpen(row.id)
    }}
  >
    <div role="gridcell" className="tl-cell tl-operation" style={{ paddingLeft: 4 + Math.min(depth, deepest) * 16 }}>
      {depth > deepest ? <span className="tl-deep">{depth}</span> : null}
      {expanded === undefined ? <span className="tl-toggle" /> : (
        <button
          type="button"
          tabIndex={-1}
          className="tl-toggle"
          aria-label={expanded ? "Close" : "Open"}
          onClick={(event) => {
            event.stopPropagation()
            onExpand(node, !expanded)
          }}
        >
          <Icon name={expanded ? "down" : "right"} size={12} />
        </button>
      )}
      <Text value={row.key} limit={200} truncate className="tl-key" />
      {label === undefined || label === "" ? null : <Text value={label} limit={100} truncate className="tl-label" />}
      {expanded === false || row.input === null ? null : (
        <span className="tl-preview">
          <Text value={previewOf(row)} limit={160} />
        </span>
      )}
      {expanded === false && below > 0 ? <span className="tl-below tabular">{below}</span> : null}
    </div>
    <div role="gridcell" className="tl-cell tl-status-cell">
      <StatusBadge status={row.status} />
    </div>
    <div role="gridcell" className="tl-cell tl-duration tabular">
      <Took row={row} />
    </div>
    <div role="gridcell" className="tl-cell tl-time">
      <Time millis={row.startedAt} />
    </div>
    <div role="gridcell" className="tl-cell tl-origin">{originWords[row.origin]}</div>
    <div role="gridcell" className="tl-cell tl-actor">
      {row.actor === undefined ? <span className="muted">–</span> : <Text value={row.actor} limit={80} truncate />}
    </div>
  </div>
))

const previews = new WeakMap<InvocationRow, string>()

/** The beginning of an input, as text; made when a line comes into sight. */
const previewOf = (row: InvocationRow): string => {
  let preview = previews.get(row)
  if (preview === undefined) {
    preview = previewText(row.input)
    previews.set(row, preview)
  }
  return preview
}

const Took = ({ row }: { readonly row: InvocationRow }): ReactElement => {
  if (row.durationMillis === undefined) return row.status === "running" ? <Running since={row.startedAt} /> : <>–</>
  return (
    <>
      <span className="tl-took">{formatDuration(row.durationMillis)}</span>
      <span
        className="tl-bar"
        data-bad={row.status === "failed" || row.status === "refused"}
        style={{ width: `${barLength(row.durationMillis) * 45}%` }}
      />
    </>
  )
}

const Running = ({ since }: { readonly since: number }): ReactElement => {
  const now = useNow(1_000)
  return (
    <span className="tl-took muted">
      {now - since < 1_000 ? "…" : `${formatDuration(Math.floor((now - since) / 1_000) * 1_000)}…`}
    </span>
  )
}
