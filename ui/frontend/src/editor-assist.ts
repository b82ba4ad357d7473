// What comes up while a person types or points: completions, hovers, findings with their fixes.
import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete"
import type { Diagnostic } from "@codemirror/lint"
import type { ChangeSpec, EditorState, Extension } from "@codemirror/state"
import { type EditorView, hoverTooltip } from "@codemirror/view"
import { h } from "./dom"
import type { Answers, Change, Offer, Problem } from "./editor-channel"
import { coded, markdown } from "./editor-markdown"
import { Offsets } from "./editor-offsets"

/** Asks about the text as it is in a state, at an offset of that state. */
export type AskAt = <Name extends "offer" | "tell" | "define">(
  name: Name, state: EditorState, at: number, signal?: AbortSignal,
) => Promise<Answers[Name]>

/** Behind these something may be written that no letter has to begin. */
const BEHIND = /(?:\.|\{|\buse "|\bwith |->|[\w\])]\s*[:|,=]|\bask |=) ?$/

export function completions(ask: AskAt): Extension {
  const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const { state, pos } = context
    const before = state.sliceDoc(Math.max(0, pos - 80), pos)
    if (!context.explicit && !/\w$/.test(before) && !BEHIND.test(before)) return null
    const stop = new AbortController()
    context.addEventListener("abort", () => stop.abort())
    try {
      const { offers } = await ask("offer", state, pos, stop.signal)
      const first = offers[0]
      if (!first || context.aborted) return null
      const offsets = new Offsets(state.doc.toString())
      const from = offsets.toBrowser(first.from)
      if (!context.explicit && from === pos && offers.length > 60) return null
      const options = offers.filter((each) => each.from === first.from).map((each, n) => option(each, -n))
      return { from, options, validFor: /^\w*$/ }
    } catch {
      return null
    }
  }
  return autocompletion({
    override: [source], maxRenderedOptions: 200, icons: false, interactionDelay: 120,
    addToOptions: [{ position: 20, render: ({ type }) => h("span", { class: "kind" }, type ?? "") }],
  })
}

function option(offer: Offer, boost: number): Completion {
  return {
    label: offer.label,
    type: offer.kind,
    detail: offer.detail || undefined,
    boost: Math.max(-99, boost),
    info: offer.doc ? () => h("div", { class: "said" }, markdown(offer.doc)) : undefined,
    apply: (view, _completion, from, to) => {
      const value = offer.insert.indexOf("=") + 1
      const chosen = value > 1 && value < offer.insert.length && offer.kind === "setting"
      const start = from + (chosen ? value : offer.insert.length)
      view.dispatch({
        changes: { from, to, insert: offer.insert },
        selection: { anchor: start, head: from + offer.insert.length },
        userEvent: "input.complete",
      })
    },
  }
}

export function hovers(ask: AskAt): Extension {
  return hoverTooltip(async (view, pos) => {
    const state = view.state
    try {
      const { told } = await ask("tell", state, pos)
      if (!told || view.state.doc !== state.doc) return null
      const offsets = new Offsets(state.doc.toString())
      const dom = h("div", { class: "said" }, markdown(told.markdown))
      return { pos: offsets.toBrowser(told.from), end: offsets.toBrowser(told.to), above: true, create: () => ({ dom }) }
    } catch {
      return null
    }
  }, { hoverTime: 350 })
}

/** Changes of the server as those of the browser. */
export function changesOf(changes: Change[], offsets: Offsets): ChangeSpec[] {
  return changes.map(([from, to, insert]) => ({ from: offsets.toBrowser(from), to: offsets.toBrowser(to), insert }))
}

export const SIGNS = { error: "✕", warning: "△", information: "○", hint: "○" }
const WORDS = { error: "mistake", warning: "warning", information: "note", hint: "hint" }

export function diagnosticOf(problem: Problem, offsets: Offsets, mend: (view: EditorView) => void): Diagnostic {
  return {
    from: offsets.toBrowser(problem.from),
    to: offsets.toBrowser(problem.to),
    severity: problem.severity === "information" ? "info" : problem.severity,
    message: problem.message,
    source: problem.code,
    renderMessage: () => h("div", {},
      h("div", {}, coded(begun(problem.message))), problem.help ? h("div", { class: "help" }, coded(begun(problem.help))) : null),
    actions: problem.fix ? [{ name: plain(problem.fix.title), apply: mend }] : [],
  }
}

/** One line of the list of findings. */
export function finding(
  problem: Problem, line: number, why: { cause: string; fix: string } | undefined, go: () => void, mend: () => void,
): HTMLElement {
  const told = h("div", { class: "why", hidden: true }, coded(why ? `${why.cause}\n${why.fix}` : ""),
    h("div", { class: "code" }, "In the reference: ", h("code", {}, problem.code)))
  const more = why && h("button", { type: "button", class: "quiet more", "aria-expanded": "false", "aria-label": `Why line ${line}` }, "Why?")
  more?.addEventListener("click", (event) => {
    event.stopPropagation()
    told.hidden = !told.hidden
    more.setAttribute("aria-expanded", String(!told.hidden))
  })
  const fix = problem.fix && h("button", { type: "button", class: "mend" }, plain(problem.fix.title))
  fix?.addEventListener("click", (event) => { event.stopPropagation(); mend() })
  const place = h("button", { type: "button", class: "quiet line", title: "Go there" }, `Line ${line}`)
  place.addEventListener("click", (event) => { event.stopPropagation(); go() })
  const row = h("div", { class: `finding f-${problem.severity}`, role: "listitem" },
    h("span", { class: "sign", role: "img", "aria-label": WORDS[problem.severity] }, SIGNS[problem.severity]),
    h("span", { class: "words" }, place, coded(begun(problem.message)), " ", more,
      problem.help ? h("div", { class: "help" }, coded(begun(problem.help))) : null, told),
    fix)
  row.addEventListener("click", go)
  return row
}

/** A sentence as it begins. */
const begun = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

/** The words of a fix, without the marks around code: a button shows one kind of letters. */
const plain = (title: string): string => title.replaceAll("`", "")

/** `2 mistakes, 1 warning`; empty where nothing was found. */
export function counted(problems: Problem[]): string {
  return (["error", "warning", "information", "hint"] as const)
    .map((severity) => [problems.filter((each) => each.severity === severity).length, WORDS[severity]] as const)
    .filter(([number]) => number)
    .map(([number, word]) => `${number} ${word}${number === 1 ? "" : "s"}`)
    .join(", ")
}
