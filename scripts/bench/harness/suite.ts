/** The groups that can be named on the command line. */
export const groups = ["invoke", "peers", "history", "sql", "undo", "remote", "native", "startup", "size"] as const
export type Group = (typeof groups)[number]

/** Something that is timed: it runs itself `count` times. */
export interface Case {
  readonly name: string
  readonly run: (count: number) => void | Promise<void>
  /** Makes ready for the next batch, untimed. */
  readonly before?: ((count: number) => void | Promise<void>) | undefined
  /** At most so many operations in a batch, where a batch needs room: entries to undo, rows to insert. */
  readonly maxBatch?: number
  /** `false`: its allocations are not measured, for example because they happen in native code. */
  readonly bytes?: boolean
  /** The processor time of all processes that take part, so far: measured beside the suite's own clock. */
  readonly cpu?: () => Promise<number>
}

/**
 * Two cases side by side, round by round: the median of the rounds' ratios (or differences), so that what a round shares
 * (another process, a slower clock) cancels.
 */
export interface Comparison {
  readonly label: string
  readonly of: string
  readonly to: string
  readonly measure: "time" | "bytes" | "cpu"
  readonly as: "ratio" | "difference"
  /** The time of this case is taken off both first: what the loop itself costs. */
  readonly without?: string
  readonly budget?: Budget
}

/** The time of one case in units of another's. */
export const time = (of: string, to: string, budget?: Budget): Comparison => ({
  label: "time",
  of,
  to,
  measure: "time",
  as: "ratio",
  ...(budget === undefined ? undefined : { budget })
})

/** What one case allocates in units of another. */
export const bytes = (of: string, to: string, budget?: Budget): Comparison => ({
  ...time(of, to, budget),
  label: "bytes",
  measure: "bytes"
})

/** The processor time of one case, in all processes, in units of another's. */
export const cpu = (of: string, to: string, budget?: Budget): Comparison => ({
  ...time(of, to, budget),
  label: "processor",
  measure: "cpu"
})

/** What one case costs more than another, in nanoseconds. */
export const added = (of: string, to: string, budget?: Budget): Comparison => ({
  ...time(of, to, budget),
  label: "added",
  as: "difference"
})

export const atMost = (value: number): Budget => ({ atMost: value })
export const atLeast = (value: number): Budget => ({ atLeast: value })

/** A number that is not timed in rounds: bytes, milliseconds of a cold start. */
export interface Figure {
  readonly label: string
  readonly value: number
  readonly unit: "bytes" | "ms" | "ns" | "per second" | "ratio"
  readonly budget?: Budget
  readonly note?: string
}

/** `atMost`: more is over budget. `atLeast`: less is. In the unit of what it belongs to. */
export type Budget = { readonly atMost: number } | { readonly atLeast: number }

export const withinBudget = (value: number, budget: Budget): boolean =>
  "atMost" in budget ? value <= budget.atMost : value >= budget.atLeast

/** What a suite measures. Built in the child process that runs it. */
export interface Plan {
  readonly cases?: ReadonlyArray<Case>
  readonly comparisons?: ReadonlyArray<Comparison>
  /** Called when all cases are warm, before the rounds. */
  readonly warm?: () => void
  /** Taken after the rounds. */
  readonly figures?: () => Promise<ReadonlyArray<Figure>>
}

/** A module of `suites/`: a few cases that are interleaved in one process. */
export interface Suite {
  readonly group: Group
  readonly title: string
  /** What a reader has to know to judge the figures. */
  readonly about: string
  /** In how many fresh processes the suite runs; the rounds of all are pooled. Default: as asked. */
  readonly processes?: number
  /** Default `"cpu"`. */
  readonly clock?: "cpu" | "wall"
  /** How long a batch takes at least. */
  readonly batchMillis?: number
  /** How long each case runs before it is timed, at least: slow ones need longer until all of their code is compiled. */
  readonly warmupMillis?: number
  /** `true`: nothing else runs in the process before. Default `false`: all kinds of effects have run. */
  readonly alone?: boolean
  readonly plan: () => Promise<Plan>
}

/** What one process reports. */
export interface Report extends Sample, Omit<Suite, "plan"> {}

/** What one process measured. */
export interface Sample {
  readonly cases: ReadonlyArray<
    {
      readonly name: string
      readonly nanos: ReadonlyArray<number>
      readonly cpu?: ReadonlyArray<number>
      readonly bytes?: number
    }
  >
  readonly comparisons: ReadonlyArray<Comparison>
  readonly figures: ReadonlyArray<Figure>
}
