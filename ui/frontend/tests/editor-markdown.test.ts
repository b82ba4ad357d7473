import test from "node:test"
import assert from "node:assert/strict"
import { type Piece, shape } from "./page"
import { coded, markdown } from "../src/editor-markdown"

const read = (text: string): string => shape(markdown(text) as unknown as Piece)

test("paragraphs, lists, rules and code are what they are in Markdown", () => {
  assert.equal(read("one\ntwo\n\nthree"), "p[one,  , two], p[three]")
  assert.equal(read("- a\n- *b*\n---\nc"), "ul[li[a], li[em[b]]], hr, p[c]")
  assert.equal(read("```flow\n*x*\n- y\n```\nz"), "pre[code[*x*\n- y]], p[z]")
  assert.equal(read("**a** and `b*c*`"), "p[strong[a],  and , code[b*c*]]")
})

test("a fence that does not end takes what is left", () => {
  assert.equal(read("```\na\n\nb"), "pre[code[a\n\nb]]")
})

test("markup stays text", () => {
  const markup = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) <script>x</script>"
  assert.equal(read(markup), `p[${markup}]`)
  assert.equal(read(`\`${markup}\``), `p[code[${markup}]]`)
})

test("reading ends, whatever stands there", () => {
  for (const text of ["``` a `b`", "---x", "- ", "*", "**", "`", "````", "\r\n\r", "  - a\n```"]) read(text)
  read("`*".repeat(2000))
})

test("in a message names stand between backticks, and nothing else is read", () => {
  assert.equal(shape(coded("`a` is no **b** `c") as unknown as Piece), "code[a],  is no **b** `c")
})
