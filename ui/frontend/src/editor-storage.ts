// What the browser keeps of texts: for this tab, so that a reload loses nothing, and as a list of drafts for all tabs.
// Invariant: each draft lies under a key of its own, which one tab at a time writes: two tabs never overwrite each other.

/** What stands in the fields of a form, by name, as it was typed or chosen. */
export type Filled = Record<string, string | boolean>

export interface Stored {
  /** The name of the draft in the list. */
  id: string
  epoch: string
  version: number
  text: string
  name: string
  origin: string
  files: Record<string, string>
  form: Filled
  /** Whether the text was run or downloaded as it is: it may be left without a question. */
  safe: boolean
}

export interface Kept extends Omit<Stored, "epoch" | "version" | "safe"> {
  /** What the person calls it; empty where it goes by the name of its flow. */
  title: string
  /** When it was typed in last, in milliseconds. */
  at: number
}

const KEY = "flowreason-editor"
const PREFIX = "flowreason-draft:"
const MOST = 2_000_000
const MOST_DRAFTS = 40

/** What this tab held; null where there is nothing, or nothing that makes sense. */
export function load(): Stored | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Stored> | null
    if (typeof found?.text !== "string" || typeof found.epoch !== "string" || typeof found.version !== "number") return null
    const { text, epoch, version } = found
    return {
      text, epoch, version, id: String(found.id ?? epoch), name: String(found.name ?? ""),
      origin: String(found.origin ?? ""), files: found.files ?? {}, form: found.form ?? {}, safe: found.safe === true,
    }
  } catch {
    return null
  }
}

export function store(kept: Stored): void {
  try {
    let text = JSON.stringify(kept)
    if (text.length > MOST) text = JSON.stringify({ ...kept, form: {} })
    if (text.length <= MOST) sessionStorage.setItem(KEY, text)
    else sessionStorage.removeItem(KEY)
  } catch {
    // a browser that keeps nothing: the session of the page still does
  }
}

/** The drafts, the latest first. */
export function drafts(): Kept[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => read(key))
      .filter((each): each is Kept => each !== null)
      .sort((a, b) => b.at - a.at)
  } catch {
    return []
  }
}

function read(key: string): Kept | null {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "null") as Partial<Kept> | null
    if (typeof found?.text !== "string") return null
    return {
      text: found.text, id: key.slice(PREFIX.length), name: String(found.name ?? ""), title: String(found.title ?? ""),
      origin: String(found.origin ?? ""), files: found.files ?? {}, form: found.form ?? {}, at: Number(found.at) || 0,
    }
  } catch {
    return null
  }
}

/** Keep a draft, under the title that it may have; the oldest make room. */
export function keepDraft(kept: Omit<Kept, "title" | "at">, at = Date.now()): void {
  write({ ...kept, title: read(PREFIX + kept.id)?.title ?? "", at })
}

/** Whether a draft is kept under this name. */
export function isKept(id: string): boolean {
  try {
    return localStorage.getItem(PREFIX + id) !== null
  } catch {
    return false
  }
}

export function write(kept: Kept): void {
  let text = JSON.stringify(kept)
  if (text.length > MOST / 2) text = JSON.stringify({ ...kept, form: {} })
  if (text.length > MOST / 2) return
  if (isKept(kept.id) && put(PREFIX + kept.id, text)) return // it takes no other's room: they need not be read
  const others = drafts().filter((each) => each.id !== kept.id)
  for (const old of others.slice(MOST_DRAFTS - 1)) forget(old.id)
  while (!put(PREFIX + kept.id, text)) {
    const last = others.pop()
    if (!last) return
    forget(last.id)
  }
}

function put(key: string, text: string): boolean {
  try {
    localStorage.setItem(key, text)
    return true
  } catch {
    return false
  }
}

export function forget(id: string): void {
  try {
    localStorage.removeItem(PREFIX + id)
  } catch {
    // nothing is kept, and nothing need be forgotten
  }
}

const ours = new Set<string>()

/** Have a draft for this tab alone; where another tab has it, `taken` is called with another name for this tab's. */
export function claim(id: string, taken: (other: string) => void): void {
  if (ours.has(id) || !("locks" in navigator)) return
  void navigator.locks.request(PREFIX + id, { ifAvailable: true }, (lock) => {
    if (lock) {
      ours.add(id)
      return new Promise<void>(() => undefined) // until the tab is closed
    }
    taken(`${id}-${Math.random().toString(36).slice(2, 8)}`)
    return undefined
  }).catch(() => undefined)
}
