// Questions to the app about a text (see flowreason_ui/editing.py). Offsets in what comes back count characters.
import type { ChartMessage } from "./messages"

export interface Words {
  defining: string[]
  acting: string[]
  adding: string[]
  leaving: string[]
  constants: string[]
  deciding: string[]
  types: string[]
  person: string
  settings: string[]
  python: string[]
  known: string[]
}

export interface Setup {
  words: Words
  styles: { light: string; dark: string }
  most: number
}

export type Change = [from: number, to: number, text: string]

export interface Problem {
  from: number
  to: number
  severity: "error" | "warning" | "information" | "hint"
  code: string
  message: string
  help: string
  fix: { title: string; changes: Change[] } | null
}

export interface Look {
  problems: Problem[]
  codes: Record<string, { cause: string; fix: string }>
  fixable: number
  ok: boolean
  note: string
  main: string
  price: string
}

export interface Offer {
  label: string
  kind: string
  from: number
  to: number
  detail: string
  doc: string
  insert: string
}

export type Chart = Pick<ChartMessage, "width" | "height" | "elements" | "things" | "edges" | "foldable" | "closed">

export interface Answers {
  look: Look
  draw: { chart: Chart | null; why: string }
  offer: { offers: Offer[] }
  tell: { told: { from: number; to: number; markdown: string } | null }
  define: { spans: [number, number][] }
  form: { edits: Change[]; why: string }
  fix: { edits: Change[] }
  rename: { name: string; edits: Change[]; why: string }
}

/** What goes with a text. */
export interface Beside {
  files: Record<string, string>
  tools: string[]
  prices: [number, number] | null
}

export class Refused extends Error {}

let known: Promise<Setup> | null = null

/** What an editor needs to know once. */
export function setup(root: string): Promise<Setup> {
  known ??= fetch(`${root}/setup`).then((response) => {
    if (!response.ok) throw new Refused(`the app said ${response.status}`)
    return response.json() as Promise<Setup>
  })
  known.catch(() => (known = null))
  return known
}

/** One question, one answer. Throws `Refused` with what the app said, or what `fetch` throws. */
export async function ask<Name extends keyof Answers>(
  root: string,
  name: Name,
  text: string,
  beside: Beside,
  more: { at?: number; closed?: string[]; name?: string } = {},
  signal?: AbortSignal,
): Promise<Answers[Name]> {
  const response = await fetch(`${root}/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text, ...beside, ...more }),
    signal,
  })
  const said: unknown = await response.json()
  if (!response.ok) throw new Refused(String((said as { error?: unknown }).error ?? response.status))
  return said as Answers[Name]
}
