import test from "node:test"
import assert from "node:assert/strict"
import { kept, typed } from "../src/keep"

test("what is kept is read back as it was typed, and what cannot be read is nothing", () => {
  const held = new Map<string, string>()
  const storage = { getItem: (name: string) => held.get(name) ?? null }
  held.set("a", JSON.stringify(typed([{ value: "half an answ" }, { value: "" }])))
  assert.deepEqual(kept(storage, "a"), ["half an answ", ""])
  held.set("b", "{no")
  held.set("c", '{"x": 1}')
  for (const name of ["b", "c", "d"]) assert.deepEqual(kept(storage, name), [])
})
