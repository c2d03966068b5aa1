import { useSyncExternalStore } from "react"
import type { AnalyzeText } from "../../../plugins/analysis/operations.ts"
import { usePage } from "../page.ts"
import { useNotebook } from "../useNotebook.ts"
import { WorkerSwitch } from "./WorkerSwitch.tsx"

/** An operation that runs elsewhere: while its worker is stopped the request waits, on disk, and is answered later. */
export const AnalysisPanel = ({ id }: { readonly id: string }) => {
  const { away } = useNotebook()
  const { analyses, drafts } = usePage()
  const analysis = useSyncExternalStore(analyses.subscribe, () => analyses.of(id))
  const waits = analysis?.state === "queued" || analysis?.state === "asking"
  const ask = async () => {
    await drafts.flush()
    analyses.ask(id)
  }

  return (
    <section className="analysis" aria-label="Analysis">
      <div className="actions">
        <button type="button" aria-disabled={waits || away} onClick={() => !waits && !away && void ask()}>
          Analyse
        </button>
        <WorkerSwitch />
      </div>
      <div role="status">
        {analysis?.state === "asking" && <p className="muted">Asking …</p>}
        {analysis?.state === "queued" && <p>Queued: it is answered when the worker is there, also after a restart.</p>}
        {analysis?.state === "failed" && <p className="problem">{analysis.why ?? "It failed."}</p>}
        {analysis?.state === "done" && analysis.analysis !== undefined && <Outcome {...analysis.analysis} />}
      </div>
    </section>
  )
}

const Outcome = ({ readingEase, readingSeconds, sentiment, sentences, words }: typeof AnalyzeText.output.Type) => (
  <dl>
    <div>
      <dt>Mood</dt>
      <dd>{sentiment > 0.3 ? "in good spirits" : sentiment < -0.3 ? "gloomy" : "even-tempered"}</dd>
    </div>
    <div>
      <dt>Words</dt>
      <dd>{words}</dd>
    </div>
    <div>
      <dt>Sentences</dt>
      <dd>{sentences}</dd>
    </div>
    <div>
      <dt>Reading time</dt>
      <dd>{readingSeconds < 60 ? `${readingSeconds} s` : `${Math.round(readingSeconds / 60)} min`}</dd>
    </div>
    <div>
      <dt>Reading ease</dt>
      <dd>{Math.round(readingEase)} of 100</dd>
    </div>
  </dl>
)
