// What this tab keeps of the text, for when the page is loaded again.

export interface Stored {
  epoch: string
  version: number
  text: string
  name: string
  origin: string
  files: Record<string, string>
}

const KEY = "flowreason-editor"
const MOST = 2_000_000

/** What was kept; null where there is nothing, or nothing that makes sense. */
export function load(): Stored | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Stored> | null
    if (typeof found?.text !== "string" || typeof found.epoch !== "string" || typeof found.version !== "number") return null
    const { text, epoch, version } = found
    return { text, epoch, version, name: String(found.name ?? ""), origin: String(found.origin ?? ""), files: found.files ?? {} }
  } catch {
    return null
  }
}

export function store(kept: Stored): void {
  try {
    const text = JSON.stringify(kept)
    if (text.length <= MOST) sessionStorage.setItem(KEY, text)
    else sessionStorage.removeItem(KEY)
  } catch {
    // a browser that keeps nothing: the session of the page still does
  }
}
