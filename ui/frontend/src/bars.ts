// What the timeline says of bars, and the colours that it draws them with.

import { count, seconds } from "./dom"
import type { Bar } from "./messages"

export interface Tints {
  [kind: string]: { fill: string; stroke: string }
}

export const LIGHT: Tints = {
  ask: { fill: "#c9dbfb", stroke: "#5b8def" }, person: { fill: "#f8d9b8", stroke: "#e0964a" },
  python: { fill: "#c6e8cf", stroke: "#59a86f" }, emulate: { fill: "#bfe7e2", stroke: "#3fa79b" },
  tool: { fill: "#f5e3a0", stroke: "#c9a227" }, call: { fill: "#d9cdf5", stroke: "#8f74d6" },
  solve: { fill: "#f0c9e6", stroke: "#c068aa" }, run: { fill: "#f0c9e6", stroke: "#c068aa" },
  loop: { fill: "#dde3ec", stroke: "#94a3b8" }, compile: { fill: "#e2e8f0", stroke: "#64748b" },
  other: { fill: "#e2e8f0", stroke: "#94a3b8" },
}
export const DARK: Tints = {
  ask: { fill: "#234380", stroke: "#6c9cf5" }, person: { fill: "#6b4417", stroke: "#e2a05a" },
  python: { fill: "#1f5632", stroke: "#62b87b" }, emulate: { fill: "#195751", stroke: "#4cb8ab" },
  tool: { fill: "#5f5214", stroke: "#d3b03c" }, call: { fill: "#473a77", stroke: "#a48be4" },
  solve: { fill: "#682f5c", stroke: "#d07fbb" }, run: { fill: "#682f5c", stroke: "#d07fbb" },
  loop: { fill: "#2b3a50", stroke: "#64748b" }, compile: { fill: "#334155", stroke: "#94a3b8" },
  other: { fill: "#334155", stroke: "#64748b" },
}

const ENDS: Record<string, string> = {
  running: "under way", done: "done", failed: "failed", limit: "left undone: limit reached", skipped: "skipped", spared: "not needed", cancelled: "stopped",
}

export function describe(bar: Bar, until: number, critical: boolean): string[] {
  const end = bar.end ?? until
  const waits = (kind: string): number => bar.spans.filter(([, , what]) => what === kind)
    .reduce((sum, [a, b]) => sum + (b ?? until) - a, 0)
  const lines = [`${ENDS[bar.status] ?? bar.status} · took ${seconds(end - bar.start)}, from ${seconds(bar.start)} on`]
  const waited = (amount: number, what: string): void => { if (amount > 0.02) lines.push(`waited ${seconds(amount)} for ${what}`) }
  waited(bar.start - bar.ready, "what it needs, before it began")
  waited(waits("limit"), "the model’s server (stripes)")
  waited(waits("turn"), "its turn (stripes)")
  waited(waits("person"), "a person (dots)")
  const spent = [bar.calls ? count(bar.calls, "call") : "", bar.tokens ? count(bar.tokens, "token") : "",
    bar.free ? `${count(bar.free, "call")} saved` : "", bar.tries ? `tried ${count(bar.tries + 1, "time")}` : ""]
  const said = spent.filter(Boolean).join(" · ")
  if (said) lines.push(said)
  if (bar.ahead) lines.push("asked while the flow was written")
  if (critical) lines.push("decided how long the run took")
  return lines
}

/** A round number of seconds that is not less than another. */
export function tick(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  for (const factor of [1, 2, 5, 10]) if (power * factor >= least) return power * factor
  return power * 10
}
