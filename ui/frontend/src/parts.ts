// Pieces of the look panel: code with its lines, and the trace of an emulated program.

import { h } from "./dom"
import type { Detail } from "./messages"

/** Code with the numbers that its lines have in the flow; the line of an error is marked, and says what it is. */
export function codeBlock(text: string, first: number, errorLine: number | null, error: string): HTMLElement {
  const rows = text.split("\n").map((line, i) => {
    const number = first + i
    const wrong = number === errorLine
    const row = h("div", { class: wrong ? "row wrong" : "row" },
      h("span", { class: "number", "aria-hidden": "true" }, String(number)), h("code", {}, line || " "))
    return wrong ? [row, h("div", { class: "row said" }, h("span", { class: "number" }, "✗"), h("code", {}, error))] : [row]
  })
  return h("div", { class: "code-block" }, ...rows.flat())
}

const BY: Record<string, string> = { python: "Python", model: "model", state: "state" }

/** Who carried out each line: Python, the model, or the model's word of the state; and what it changed. */
export function traceTable(trace: NonNullable<Detail["trace"]>): HTMLElement {
  const legend = h("div", { class: "by-legend" },
    ...Object.entries(BY).map(([by, word]) => h("span", { class: `by by-${by}` }, word)))
  const rows = trace.lines.map((line) => h("div", { class: `traced by-${line.by}` },
    h("span", { class: "number" }, String(line.line)),
    h("span", { class: `by by-${line.by}` }, BY[line.by] ?? line.by),
    h("code", {}, line.text || " "),
    h("span", { class: "changed" }, ...Object.entries(line.changed).map(([name, value]) =>
      h("span", {}, h("b", {}, name), ` = ${value}`)))))
  const left = trace.left_out ? h("p", { class: "muted" }, `and ${trace.left_out.toLocaleString("en")} more lines`) : null
  return h("div", { class: "trace" }, legend, ...rows, left)
}

export function money(value: number | null): string {
  if (!value) return ""
  return value >= 1 ? `$${value.toFixed(2)}` : value >= 0.0001 ? `$${value.toFixed(4)}` : `$${value.toPrecision(2)}`
}
