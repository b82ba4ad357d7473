// What the stream of a run sends (see flowreason_ui/stream.py), and what may be sent to it.

export type Drawn = [string, Record<string, string>, ...(Drawn | string)[]]
export type Token = [number, number, string]
export type ThingState = [state: string, text: string, sign: string]

export interface Thing {
  key: string
  flow: string
  id: string
  kind: string
  title: string
  box: [number, number, number, number]
  span: [number, number] | null
  region: string
}

export interface Hello {
  kind: "hello"
  light: string
  dark: string
  states: [state: string, sign: string, words: string, path: string][]
  kinds: [kind: string, words: string, width: number, height: number, drawn: Drawn][]
}

export interface ChartMessage {
  kind: "chart"
  width: number
  height: number
  elements: Drawn[]
  things: Thing[]
  edges?: [string[], string[]][]
  foldable: string[]
  closed: string[]
  text: string
  tokens: Token[]
  version: number
  whole: boolean
}

export interface Diagnostic {
  severity: string
  message: string
  line: number
  help?: string
}

export interface Writing {
  kind: "writing"
  text: string
  tokens: Token[]
  statements: number
  done: boolean
  whole: boolean
  fallback: string
  drafts: { text: string; round: number; diagnostics: Diagnostic[]; mended?: string[] }[]
}

export interface States {
  kind: "states"
  full: boolean
  things: Record<string, ThingState>
  lit: number[]
  running: string[]
  at: number
  of: number
  live: boolean
  over: boolean
  time: number
  until: number
  run: { status: string; error: string; limit: string; numbers: string; spent: string; seconds: number }
  status: string
  words: string
  sign: string
  told: string
}

export interface Bar {
  n: number
  key: string
  frame: string
  kind: string
  label: string
  ready: number
  start: number
  end: number | null
  status: string
  lane: number
  calls: number
  tokens: number
  free: number
  tries: number
  ahead: boolean
  again: boolean
  spans: [number, number | null, string][]
}

export interface TimelineMessage {
  kind: "timeline"
  full: boolean
  bars: Bar[]
  chain: number[]
  lanes: number
  seconds: number
  calls: number
  tokens: number
  saved: number
  waited: number
  critical: number
  left_out: number
  breaks: [number, number | null][]
  pauses: [number, number | null][]
}

export interface Marks {
  kind: "marks"
  times: [number, number][]
}

export interface FrameLine {
  frame: string
  label: string
  status: string
  words: string
  sign: string
  seconds: number
  tokens: number
  value: string
  given: string
}

export interface Attempt {
  sample: number
  attempt: number
  model: string
  schema: unknown
  messages: { role: string; content: string }[]
  reply: string | null
  rejected: string
  unanswered: boolean
  cached: boolean
  shared: boolean
  early: boolean
  emulated: boolean
  prompt_tokens: number
  completion_tokens: number
  money: number | null
  seconds: number | null
  before: boolean
}

export interface TraceLine {
  line: number
  by: string
  text: string
  changed: Record<string, string>
}

export interface RoundLine {
  frame: string
  index: number | null
  label: string
  status: string
  sign: string
  words: string
  seconds: number | null
  /** No round: a last look at the condition of a loop, which came out false. */
  looked: boolean
}

export interface Detail {
  frame: string
  status: string
  numbers: string
  inputs: { name: string; value: string }[]
  attempts: Attempt[]
  code?: { text: string; first: number } | null
  rounds: RoundLine[]
  rounds_left_out?: number
  round?: { frame: string; steps: (FrameLine & { key: string })[] } | null
  value: string | null
  json?: string | null
  error: string
  error_line?: number | null
  printed: string
  trace: { lines: TraceLine[]; program: string; left_out: number } | null
  tools: { tool: string; arguments: string; seconds: number; error: string }[]
  persons: { question: string; answer: string | null }[]
  notes: string[]
}

export interface Look {
  kind: "look"
  key: string | null
  kept?: boolean
  flow: string
  node: string
  title: string
  type: string
  text: string
  span: [number, number] | null
  frames: FrameLine[]
  first: number
  found: number
  all: number
  skipped: number
  limited: number
  ends: string[]
  frame: string
  detail: Detail | null
  // `look` has a kind of its own; the message's own `kind` is told apart by the stream.
  what: string
}

export interface Gone {
  kind: "gone"
}

export type Message = Hello | ChartMessage | Writing | States | TimelineMessage | Marks | Look | Gone

export type Request =
  | { do: "seek"; at: number }
  | { do: "step"; by: number }
  | { do: "select"; key: string | null; frame: string; inner: string; find: string }
  | { do: "close"; keys: string[] }
