// For tests/unit/test_ui_edit_typing.py: what is told while somebody types, and the drafts that a browser keeps.
import type { Problem } from "../src/editor-channel"
import { ago, titleOf } from "../src/editor-drafts"
import { told } from "../src/editor-quiet"
import { drafts, forget, keepDraft, write } from "../src/editor-storage"

declare const process: { stdout: { write(text: string): void } }

const said = (message: string, code = "c"): Problem =>
  ({ from: 0, to: 1, severity: "error", code, message, help: "", fix: null })
const words = (found: Problem[]): string[] => found.map((each) => each.message)

const room = new Map<string, string>()
let size = Infinity
const storage = {
  getItem: (key: string) => room.get(key) ?? null,
  removeItem: (key: string) => room.delete(key),
  setItem: (key: string, value: string) => {
    const others = [...room].filter(([each]) => each !== key).reduce((sum, [, each]) => sum + each.length, 0)
    if (others + value.length > size) throw new Error("full")
    room.set(key, value)
  },
}
Object.defineProperty(globalThis, "localStorage", {
  value: new Proxy(storage, { ownKeys: () => [...room.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) }),
})
const ids = (): string[] => drafts().map((each) => each.id)
const draft = (id: string, text = "flow f() -> int {\n answer 1\n}\n") => ({ id, text, name: "n", origin: "", files: {}, form: {} })

const [a, b] = [said("a"), said("b")]
const quiet = {
  paused: words(told([a, b], [], false)),
  fresh: words(told([a, b], [a], true)),
  twice: words(told([a, said("a")], [a], true)),
  mended: words(told([b], [a, b], true)),
}

keepDraft(draft("one"), 1)
keepDraft(draft("two"), 2)
keepDraft(draft("one", "flow g() -> int { answer 2 }"), 3)
const kept = { order: ids(), titles: drafts().map(titleOf), room: 0, broken: [] as string[], full: [] as string[], again: "" }
write({ ...drafts()[0], title: "<b>mine</b>" })
keepDraft(draft("one"), 4)
kept.again = titleOf(drafts()[0])
forget("one")
for (let n = 0; n < 60; n++) keepDraft(draft(`n${n}`), 10 + n)
kept.room = ids().length
room.set("flowreason-draft:bad", "{")
room.set("other", "{}")
kept.broken = ids().filter((id) => id === "bad")
size = [...room.values()].reduce((sum, each) => sum + each.length, 0)
keepDraft(draft("last"), 100)
kept.full = [ids()[0], ids().at(-1) ?? ""]

const minute = 60_000
const times = [0, 59_000, minute, 5 * minute, 61 * minute, 5 * 60 * minute].map((since) => ago(1e12 - since, 1e12))
process.stdout.write(JSON.stringify({ quiet, kept, times }))
