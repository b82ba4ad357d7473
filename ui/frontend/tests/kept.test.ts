// What the browser keeps: of the text of an editor, and of what was set in the view of a run.
import test from "node:test"
import assert from "node:assert/strict"
import "./page"
import { load, store, type Stored } from "../src/editor-storage"
import { memoryOf } from "../src/memory"

const held = new Map<string, string>()
let full = false
Object.assign(globalThis, {
  sessionStorage: {
    getItem: (name: string) => held.get(name) ?? null,
    removeItem: (name: string) => held.delete(name),
    setItem: (name: string, value: string) => {
      if (full) throw new Error("there is no room")
      held.set(name, value)
    },
  },
})
const KEPT = { epoch: "e", version: 3, text: "flow", name: "n", origin: "o", files: { "a.txt": "b" } } as unknown as Stored

test("what was kept comes back", () => {
  held.clear()
  assert.equal(load(), null)
  store(KEPT)
  assert.deepEqual({ ...load(), ...KEPT }, load())
})

test("what makes no sense is nothing", () => {
  store(KEPT)
  const [name] = held.keys() as unknown as [string]
  for (const text of ["", "{", "null", "3", "[]", '{"text": 3, "epoch": "e", "version": 1}', '{"text": "a"}']) {
    held.set(name, text)
    assert.equal(load(), null, text)
  }
})

test("what is too long is not kept, nor what was there before it; no room is no error", () => {
  store(KEPT)
  store({ ...KEPT, text: "x".repeat(2_000_001) })
  assert.equal(load(), null)
  full = true
  store(KEPT)
  full = false
  assert.equal(load(), null)
})

test("each run has a memory, and those used last are kept", () => {
  const first = memoryOf("0")
  first.at = 7
  assert.equal(memoryOf("0").at, 7)
  for (let i = 1; i < 30; i++) memoryOf(String(i))
  assert.equal(memoryOf("0").at, 7)
  for (let i = 30; i < 70; i++) memoryOf(String(i))
  assert.notEqual(memoryOf("0").at, 7)
})
