// What goes with a text: what stands in its fields; and where its picture goes on beyond what is seen.
import test from "node:test"
import assert from "node:assert/strict"
import "./page"
import { history, undo, undoDepth } from "@codemirror/commands"
import { EditorState } from "@codemirror/state"
import { Form } from "../src/editor-form"
import { keepPast, withPast } from "../src/editor-past"
import { load, store, type Stored } from "../src/editor-storage"
import { goesOn } from "../src/editor-ways"

const held = new Map<string, string>()
Object.assign(globalThis, {
  sessionStorage: {
    getItem: (name: string) => held.get(name) ?? null,
    removeItem: (name: string) => held.delete(name),
    setItem: (name: string, value: string) => held.set(name, value),
  },
})
const KEPT: Stored = { id: "i", epoch: "e", version: 3, text: "flow", name: "n", origin: "o", files: {}, form: { a: "1", b: true }, safe: true }

test("what stands in the fields is kept with the text, and left out where there is no room for both", () => {
  store(KEPT)
  assert.deepEqual(load(), KEPT)
  store({ ...KEPT, form: { a: "x".repeat(2_000_001) } })
  assert.deepEqual(load(), { ...KEPT, form: {} })
})

test("what was kept by an earlier version has no fields", () => {
  const { form: _, ...old } = KEPT
  store(old as Stored)
  assert.deepEqual(load()?.form, {})
})

test("what was kept by an earlier version is not known to be safe", () => {
  const { safe: _, ...old } = KEPT
  store(old as Stored)
  assert.equal(load()?.safe, false)
})

test("what can be undone comes back with its text and its draft, and with no other", () => {
  let state = EditorState.create({ doc: "one", extensions: history() })
  state = state.update({ changes: { from: 3, insert: " two" }, userEvent: "input.type" }).state
  keepPast("i", state)
  let again = withPast("i", "one two", history())
  assert.equal(undoDepth(again), 1)
  undo({ state: again, dispatch: (change) => { again = change.state } })
  assert.equal(again.doc.toString(), "one")
  assert.equal(undoDepth(withPast("other", "one two", history())), 0)
  assert.equal(undoDepth(withPast("i", "one two three", history())), 0)
  held.set("flowreason-editor-past", '{"id":"i","text":"one","history":{"done":7}}')
  assert.equal(withPast("i", "one", history()).doc.toString(), "one")
})

test("what was chosen is told once, and goes when another text is opened", () => {
  let told = 0
  const form = new Form(() => { told++ })
  form.begin({ name: "Ada" })
  form.choose({})
  assert.equal(told, 0)
  form.choose({ mood: "glad" })
  form.choose({ mood: "glad" })
  assert.equal(told, 1)
  assert.equal(form.touched, true)
  assert.deepEqual(form.values, { name: "Ada", mood: "glad" })
  form.begin({})
  assert.deepEqual([form.values, form.touched], [{}, false])
})

test("a picture goes on at the sides where there is more of it than is seen", () => {
  const size = { width: 400, height: 1000 }
  assert.deepEqual(goesOn({ x: 50, y: 8, scale: 1 }, size, 500, 600), ["below"])
  assert.deepEqual(goesOn({ x: -100, y: -300, scale: 1 }, size, 250, 600), ["above", "below", "left", "right"])
  assert.deepEqual(goesOn({ x: 0, y: 0, scale: 0.5 }, size, 500, 600), [])
})
