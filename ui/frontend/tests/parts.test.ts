import test from "node:test"
import assert from "node:assert/strict"
import { seen, shape } from "./page"
import { codeBlock, money } from "../src/parts"
import { SourceView } from "../src/source"
import type { ChartMessage, Thing, Writing } from "../src/messages"

const MARKUP = "<img src=x onerror=alert(1)>"

test("the line of an error is marked, by its number in the flow", () => {
  const made = seen(codeBlock("a = 1\nb = 1 / 0\n", 10, 11, `ZeroDivisionError ${MARKUP}`))
  const [wrong] = made.children.filter((each) => each.classList.contains("wrong"))
  assert.equal(wrong?.textContent, "11b = 1 / 0")
  assert(made.textContent.includes(MARKUP))
  assert.equal(made.all("img").length, 0)
})

test("money is told as exactly as it matters", () => {
  assert.deepEqual([null, 0, 12.345, 0.01234, 0.0000456].map(money), ["", "", "$12.35", "$0.0123", "$0.000046"])
})

function source(text: string, selected: (key: string) => void = () => {}): SourceView {
  const view = new SourceView(selected)
  const things = [{ key: "f:b", span: [text.indexOf("b ="), text.indexOf("b =") + 5], kind: "python" } as Thing]
  view.setChart({ kind: "chart", things, text, tokens: [[0, 1, "name"]], whole: true } as unknown as ChartMessage)
  return view
}

const rows = (view: SourceView): string[] => seen(view.element).all("code").map((each) => each.textContent)

test("a flow is shown line by line, as text", () => {
  const view = source(`a = 1\n${MARKUP}\nb = 2\n`)
  assert.deepEqual(rows(view), ["a = 1", MARKUP, "b = 2", ""])
})

test("what became of drafts is told in the tense that is true", () => {
  const fault = { severity: "error", message: "no", line: 1 }
  const draft = (round: number, ...diagnostics: object[]): object => ({ text: `t${round}`, round, diagnostics, mended: [] })
  const said = (more: object): string => {
    const view = source("a = 1\n")
    view.setWriting({ kind: "writing", text: "a = 1\n", tokens: [], statements: 1, done: false, whole: false, fallback: "", drafts: [], ...more } as unknown as Writing)
    return shape(seen(view.element))
  }
  assert(said({ drafts: [draft(1, fault)] }).includes("1 draft had faults, being mended"))
  assert(said({ drafts: [draft(1, fault), draft(2)], done: true }).includes("1 draft had faults, mended before it ran"))
  const plain = said({ drafts: [draft(1, fault), draft(2, fault)], done: true, fallback: "no valid flow" })
  assert(plain.includes("2 drafts had faults, given up") && plain.includes("A plain flow was used instead: no valid flow"))
  assert(!plain.includes("being mended"))
  assert(said({ drafts: [{ ...draft(1), mended: ["no bound: ten rounds"] }] }).includes("no bound: ten rounds"))
  assert(said({ drafts: [draft(1, { severity: "warning", message: "unused", line: 1 })] }).includes("Worth a look"))
})

test("a draft that did not hold is told with its mistakes, as text", () => {
  const view = source("a = 1\n")
  const found = { severity: "error", message: `no ${MARKUP}`, line: 3, help: MARKUP }
  const drafts = [{ text: MARKUP, round: 1, diagnostics: [found] }, { text: "good", round: 2, diagnostics: [] }]
  const writing = { kind: "writing", text: "a = 1\n", tokens: [], statements: 1, done: true, whole: true, fallback: "", drafts }
  const tell: (writing: Writing, whole: boolean) => void = view.setWriting.bind(view)
  tell(writing as unknown as Writing, true)
  assert(shape(seen(view.element)).includes(`no ${MARKUP}`))
  assert(shape(seen(view.element)).includes("line 3"))
  assert.equal(seen(view.element).all("img").length, 0)
})
