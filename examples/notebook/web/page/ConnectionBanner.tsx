import { useNotebook } from "./useNotebook.ts"

/** The region is always there, so that what appears in it is read out. */
export const ConnectionBanner = () => {
  const { away, error } = useNotebook()
  return (
    <div className="banner" role="status">
      {away && (
        <p>
          <strong>The notebook's server cannot be reached.</strong>{" "}
          What you type is kept, and sent when it is back. Everything else waits until then.
        </p>
      )}
      {!away && error !== undefined && (
        <p>
          <strong>The notes cannot be read.</strong> {error.message}
        </p>
      )}
    </div>
  )
}
