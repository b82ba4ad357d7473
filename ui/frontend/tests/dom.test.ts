import test from "node:test"
import assert from "node:assert/strict"
import { Made, seen, shape } from "./page"
import { button, count, drawn, h, s, seconds, throttled } from "../src/dom"
import type { Drawn } from "../src/messages"

const MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"

test("a text is a text, whatever stands in it", () => {
  const made = seen(h("p", { title: MARKUP }, MARKUP, h("b", {}, "&amp;")))
  assert.equal(shape(made), `p[${MARKUP}, b[&amp;]]`)
  assert.equal(made.getAttribute("title"), MARKUP)
  assert.throws(() => { (made as unknown as { innerHTML: string }).innerHTML = MARKUP }, /markup/)
})

test("what is nothing leaves nothing", () => {
  const made = seen(h("p", { a: null, b: undefined, c: false, d: true, e: 0 }, null, undefined, false, ""))
  assert.deepEqual([...made.attributes], [["d", ""], ["e", "0"]])
  assert.equal(made.childNodes.length, 0)
})

test("a listener is called, and no attribute", () => {
  let called = 0
  const made = seen(h("button", { onclick: () => called++ }))
  made.happen("click")
  assert.equal(called, 1)
  assert.equal(made.attributes.size, 0)
})

test("of a drawing only what drawings have is made", () => {
  const sent: Drawn = ["g", { class: "node", onclick: "alert(1)", href: "javascript:alert(1)", style: "x" },
    ["script", {}, "alert(1)"], ["foreignObject", {}, ["img", { src: "x" }]], ["a", { href: "x" }, "a"],
    ["text", { x: "1", onload: "alert(1)" }, MARKUP]]
  const made = drawn(sent) as unknown as Made
  assert.equal(shape(made), `g[text[${MARKUP}]]`)
  assert.deepEqual([...made.attributes.keys()], ["class"])
  assert.deepEqual([...(made.children[0] as Made).attributes.keys()], ["x"])
  assert.equal(drawn(["iframe", { src: "x" }]), null)
})

test("elements of a drawing take numbers", () => {
  assert.equal(seen(s("rect", { x: 1.5 })).getAttribute("x"), "1.5")
})

test("a button whose text is a sign has a name", () => {
  assert.equal(seen(button("▶", () => {}, "play")).getAttribute("aria-label"), "play")
  assert.equal(seen(button("Close", () => {}, "close the panel")).getAttribute("aria-label"), null)
})

test("times are told as a person tells them", () => {
  assert.deepEqual([0, 0.0004, 0.05, 0.14, 59.9, 59.96, 61, 3599.6].map(seconds),
    ["0 s", "0 s", "0.050 s", "0.1 s", "59.9 s", "1 min 0 s", "1 min 1 s", "60 min 0 s"])
})

test("counts agree with their words", () => {
  assert.deepEqual([count(1, "call"), count(0, "call"), count(12345, "reply", "replies")],
    ["1 call", "0 calls", "12,345 replies"])
})

test("many calls become few, and the last one counts", async () => {
  const heard: number[] = []
  const tell = throttled((value: number) => heard.push(value), 30)
  for (let i = 0; i < 100; i++) tell(i)
  await new Promise((done) => setTimeout(done, 80))
  assert.deepEqual(heard, [99])
  tell(100)
  await new Promise((done) => setTimeout(done, 80))
  assert.deepEqual(heard, [99, 100])
})
