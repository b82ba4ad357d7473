// The panel that looks into what is selected. Each part is made anew only when what it shows has changed.

import { button, copier, count, h, seconds, throttled, type Child } from "./dom"
import type { Attempt, Detail, FrameLine, Look, RoundLine } from "./messages"
import { codeBlock, money, traceTable } from "./parts"

export interface LookCalls {
  frame(frame: string): void
  find(text: string): void
  inner(frame: string): void
  select(key: string, frame: string): void
  fork(flow: string, node: string, frame: string): void
}

const FOLD_AT = 900
const FIND_EVERY = 180
/** A list longer than this can be searched. */
const FIND_FROM = 12
const CHANGEABLE = new Set(["done", "cached", "retried"])
const EMPTY = "Select a step in the flowchart, a line of the flow, or a bar of the timeline to look into it."

export class LookView {
  readonly element = h("div", { class: "look" })
  private made = new Map<string, { stamp: string; element: HTMLElement | null }>()
  private opened = new Map<string, boolean>()
  private whole = new Set<string>()
  private key = ""
  private look: Look | null = null
  private readonly search = h("input", { type: "search", placeholder: "Find among these", "aria-label": "find among these" })
  private readonly found = h("span", { class: "muted", "aria-live": "polite" })

  constructor(private readonly calls: LookCalls) {
    const find = throttled((text: string) => this.calls.find(text), FIND_EVERY)
    this.search.addEventListener("input", () => find(this.search.value))
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") this.element.querySelector<HTMLElement>(".frames")?.focus()
      else if (event.key === "Escape" && this.search.value) { this.search.value = ""; this.calls.find("") }
      else return
      event.preventDefault()
    })
    this.nothing()
  }

  private nothing(): void {
    this.made.clear()
    this.element.replaceChildren(h("p", { class: "empty" }, EMPTY))
  }

  set(look: Look): void {
    if (look.key === null) {
      this.look = null
      this.key = ""
      this.nothing()
      return
    }
    if (look.key !== this.key) {
      this.made.clear()
      this.whole.clear()
      this.search.value = ""
      this.element.replaceChildren()
      this.element.scrollTop = 0
      this.key = look.key
    }
    this.look = look
    const parts = this.parts(look)
    const elements: HTMLElement[] = []
    for (const [name, shown, make] of parts) {
      const stamp = JSON.stringify(shown)
      const known = this.made.get(name)
      if (known?.stamp === stamp) {
        if (known.element) elements.push(known.element)
        continue
      }
      const element = make()
      if (name === "frames") this.keepScroll(known?.element, element)
      this.made.set(name, { stamp, element })
      if (element) elements.push(element)
    }
    this.place(elements)
  }

  private keepScroll(before: HTMLElement | null | undefined, after: HTMLElement | null): void {
    const was = before?.querySelector(".frames")
    const is = after?.querySelector(".frames")
    if (!was || !is) return
    const { scrollTop } = was
    const focused = was.getRootNode() instanceof ShadowRoot && (was.getRootNode() as ShadowRoot).activeElement === was
    requestAnimationFrame(() => {
      is.scrollTop = scrollTop
      if (focused) (is as HTMLElement).focus({ preventScroll: true })
    })
  }

  /** Puts the parts in place, and moves only those that are not there yet. */
  private place(elements: HTMLElement[]): void {
    elements.forEach((element, i) => {
      if (this.element.children[i] !== element) this.element.insertBefore(element, this.element.children[i] ?? null)
    })
    while (this.element.children.length > elements.length) this.element.lastElementChild?.remove()
  }

  private parts(look: Look): [string, unknown, () => HTMLElement | null][] {
    const { detail: d } = look
    this.found.textContent = this.search.value.trim() ? `${look.found.toLocaleString("en")} found` : ""
    const head = [look.title, look.type, look.text, look.what, d?.status, d?.numbers, d?.code ? 1 : 0]
    const parts: [string, unknown, () => HTMLElement | null][] = [["head", head, () => this.head(look)]]
    parts.push(["times", [look.all, look.skipped, look.limited], () => this.times(look)])
    parts.push(["frames", [look.frames, look.frame, look.found], () => this.frames(look)])
    if (!d) {
      parts.push(["none", 1, () => h("p", { class: "empty" }, "Nothing has happened here yet.")])
      return parts
    }
    const at = d.frame
    parts.push(["notes", [at, d.notes], () => this.notes(d)])
    parts.push(["error", [at, d.error, d.code ? 1 : 0], () => this.error(d)])
    parts.push(["value", [at, d.value, d.json, look.kept, d.status], () => this.value(look, d)])
    parts.push(["rounds", [at, d.rounds, d.rounds_left_out, d.round?.frame], () => this.rounds(d)])
    parts.push(["round", [at, d.round], () => this.round(d)])
    parts.push(["inputs", [at, d.inputs], () => this.inputs(d)])
    parts.push(["trace", [at, d.trace], () => this.trace(d)])
    parts.push(["code", [at, d.code, d.error_line, d.trace ? 1 : 0], () => this.code(d)])
    parts.push(["printed", [at, d.printed], () => d.printed ? this.section("Printed", this.long("printed", d.printed)) : null])
    parts.push(["tools", [at, d.tools], () => this.tools(d)])
    parts.push(["persons", [at, d.persons], () => this.persons(d)])
    parts.push(["attempts", [at, d.attempts, d.value], () => this.attempts(d)])
    return parts
  }

  private section(title: string, ...children: Child[]): HTMLElement {
    return h("section", {}, h("h4", {}, title), ...children)
  }

  private head(look: Look): HTMLElement {
    const kind = KINDS[look.what] ?? look.what
    const state = look.detail?.status ?? "waiting"
    const said = look.detail?.numbers || (state === "waiting" ? "waiting for what it needs" : state)
    return h("header", {},
      h("div", { class: "kind" }, kind === look.title ? "" : kind, look.type ? h("span", { class: "type" }, look.type) : null),
      h("h3", {}, look.title),
      h("div", { class: `state st-${state}` }, said),
      look.text && !look.detail?.code ? this.long("text", look.text, ["python", "emulate", "loop", "decision"].includes(look.what) ? "code" : "") : null,
    )
  }

  // --- frames ---

  private times(look: Look): HTMLElement | null {
    if (look.all < 2) return null
    const ran = look.all - look.skipped - look.limited
    const limited = look.limited ? `left undone ${count(look.limited, "time")}: limit reached` : ""
    const told = [ran || !limited ? `Ran ${count(ran, "time")}` : "", limited, look.skipped ? `skipped ${count(look.skipped, "time")}` : ""]
    const said = told.filter(Boolean).join(", ")
    const find = look.all > FIND_FROM ? h("div", { class: "find" }, this.search, this.found) : null
    return h("section", { class: "times" }, h("h4", {}, said.charAt(0).toUpperCase() + said.slice(1)), find)
  }

  private frames(look: Look): HTMLElement | null {
    if (look.all < 2) return null
    if (!look.frames.length) return h("p", { class: "empty" }, "None of them holds that.")
    const rows = look.frames.map((line) => this.frameRow(line, line.frame === look.frame))
    const list = h("div", { class: "frames", role: "listbox", tabindex: 0, "aria-label": "where it ran" }, ...rows)
    list.addEventListener("keydown", (event) => this.moved(event))
    const chosen = rows[look.frames.findIndex((line) => line.frame === look.frame)]
    if (chosen) {
      chosen.id = "chosen-frame"
      list.setAttribute("aria-activedescendant", chosen.id)
      requestAnimationFrame(() => near(list, chosen))
    }
    const shown = look.frames.length < look.found
      ? h("p", { class: "muted" }, `${(look.first + 1).toLocaleString("en")} to ${(look.first + look.frames.length).toLocaleString("en")} of ${look.found.toLocaleString("en")} are shown`)
      : null
    return h("div", {}, list, shown)
  }

  private frameRow(line: FrameLine, chosen: boolean): HTMLElement {
    const row = h("div", { class: `frame st-${line.status}`, role: "option", "aria-selected": String(chosen) },
      h("span", { class: "sign", title: line.words }, line.sign),
      h("span", { class: "where", title: line.label }, line.label),
      line.given ? h("span", { class: "given", title: line.given }, line.given) : null,
      h("span", { class: "value", title: line.value }, line.value),
      h("span", { class: "time" }, line.seconds ? seconds(line.seconds) : ""))
    row.classList.toggle("told", !!line.given)
    row.addEventListener("click", () => this.calls.frame(line.frame))
    return row
  }

  private moved(event: KeyboardEvent): void {
    const { look } = this
    if (!look) return
    const at = look.frames.findIndex((line) => line.frame === look.frame)
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10 }
    const ends: Record<string, string | undefined> = this.search.value.trim()
      ? { Home: look.frames[0]?.frame, End: look.frames[look.frames.length - 1]?.frame }
      : { Home: look.ends[0], End: look.ends[1] }
    const to = steps[event.key]
    if (to === undefined && !(event.key in ends)) return
    event.preventDefault()
    event.stopPropagation()
    const frame = to === undefined ? ends[event.key] : look.frames[Math.max(0, Math.min(look.frames.length - 1, to))]?.frame
    if (frame && frame !== look.frame) this.calls.frame(frame)
  }

  private rounds(d: Detail): HTMLElement | null {
    if (!d.rounds.length) return null
    const row = (line: RoundLine): HTMLElement => {
      const took = line.seconds === null ? "" : `, ${seconds(line.seconds)}`
      const about = `${line.index === null ? line.label : `round ${line.index + 1}`}: ${line.words}${took}`
      return button(
        line.looked ? line.label : `${line.sign} ${line.index === null ? line.label : line.index + 1}`,
        () => this.calls.inner(line.frame === d.round?.frame ? "" : line.frame),
        line.looked ? "the last look at the condition; no round came of it" : about,
        `round ${line.looked ? "looked" : `st-${line.status}`}${line.frame === d.round?.frame ? " chosen" : ""}`,
      )
    }
    const title = d.rounds[0]?.index === null ? "The flow that it calls" : "Rounds"
    const left = d.rounds_left_out ? h("p", { class: "muted" }, `and ${count(d.rounds_left_out, "more round")}`) : null
    return this.section(title, h("div", { class: "rounds" }, ...d.rounds.map(row)), left)
  }

  private round(d: Detail): HTMLElement | null {
    const { round } = d
    if (!round) return null
    const rows = round.steps.map((line) => {
      const row = this.frameRow(line, false)
      if (!line.key) {
        row.classList.add("told-only")
        row.addEventListener("click", (event) => event.stopImmediatePropagation(), true)
        return row
      }
      row.setAttribute("role", "button")
      row.tabIndex = 0
      const act = (): void => this.calls.select(line.key, line.frame)
      row.addEventListener("click", (event) => { event.stopImmediatePropagation(); act() }, true)
      row.addEventListener("keydown", (event) => { if (event.key === "Enter") act() })
      return row
    })
    return h("div", { class: "frames steps" }, ...rows)
  }

  // --- what became of it ---

  private notes(d: Detail): HTMLElement | null {
    return d.notes.length ? h("ul", { class: "notes" }, ...d.notes.map((note) => h("li", {}, note))) : null
  }

  private error(d: Detail): HTMLElement | null {
    return d.error ? h("section", { class: "error" }, h("h4", {}, "What went wrong"), this.long("error", d.error)) : null
  }

  private value(look: Look, d: Detail): HTMLElement | null {
    if (d.value === null) return null
    const { value } = d
    const as = { json: false }
    const body = h("div", {}, this.long("value", value))
    const swap = d.json ? button("As JSON", () => {
      as.json = !as.json
      swap?.replaceChildren(as.json ? "As text" : "As JSON")
      body.replaceChildren(this.long(as.json ? "json" : "value", as.json ? d.json ?? "" : value, as.json ? "code" : ""))
    }, "", "quiet") : null
    const change = look.kept && CHANGEABLE.has(d.status)
      ? button("Change this value…", () => this.calls.fork(look.flow, look.node, d.frame), "", "change")
      : null
    const made = this.section("Value", body, change)
    made.querySelector("h4")?.append(h("span", { class: "tools" }, swap, copier(() => (as.json ? d.json ?? "" : value))))
    return made
  }

  private inputs(d: Detail): HTMLElement | null {
    if (!d.inputs.length) return null
    const rows = d.inputs.flatMap(({ name, value }) => [h("dt", {}, name), h("dd", {}, this.long(`input ${name}`, value))])
    return this.section("What it was given", h("dl", {}, ...rows))
  }

  private trace(d: Detail): HTMLElement | null {
    return d.trace ? this.section("Line by line", traceTable(d.trace)) : null
  }

  private code(d: Detail): HTMLElement | null {
    if (!d.code || d.trace) return null
    const { code } = d
    const made = this.section("Python", codeBlock(code.text, code.first, d.error_line ?? null, d.error))
    made.querySelector("h4")?.append(h("span", { class: "tools" }, copier(() => code.text)))
    return made
  }

  private tools(d: Detail): HTMLElement | null {
    if (!d.tools.length) return null
    const rows = d.tools.map((tool, i) => h("li", {}, h("b", {}, tool.tool), ` ${tool.error || seconds(tool.seconds)}`,
      this.long(`tool ${i}`, tool.arguments, "code")))
    return this.section("Tools", h("ul", { class: "plain" }, ...rows))
  }

  private persons(d: Detail): HTMLElement | null {
    if (!d.persons.length) return null
    const rows = d.persons.map((each, i) => h("li", {}, this.long(`person ${i}`, each.question),
      each.answer === null ? h("p", { class: "muted" }, "no answer yet") : this.long(`said ${i}`, each.answer, "reply")))
    return this.section("A person", h("ul", { class: "plain" }, ...rows))
  }

  private attempts(d: Detail): HTMLElement | null {
    if (!d.attempts.length) return null
    const draws = new Set(d.attempts.map((each) => each.sample)).size
    const last = d.attempts[d.attempts.length - 1]
    const made = d.attempts.map((attempt, i) => {
      const read = attempt === last && draws === 1 && !attempt.rejected && attempt.reply !== d.value ? d.value : null
      return this.attempt(attempt, i, d.attempts.length, read)
    })
    return this.section(d.attempts.length > 1 ? `Asked ${d.attempts.length} times` : "Asked", ...made)
  }

  private attempt(a: Attempt, i: number, all: number, read: string | null): HTMLElement {
    const free = a.cached ? "answer reused from before, no cost" : a.shared ? "same question asked elsewhere, no cost" : ""
    const tokens = a.prompt_tokens + a.completion_tokens
    const facts = [
      a.model, tokens ? `${count(a.prompt_tokens, "token")} sent, ${a.completion_tokens.toLocaleString("en")} received` : "",
      money(a.money), a.seconds === null ? "" : seconds(a.seconds), free,
      a.early ? "asked while the flow was written" : "", a.before ? "before the run was resumed" : "", a.rejected ? "reply sent back" : "",
      a.unanswered ? "no usable reply" : "", a.reply === null && !a.unanswered ? "waiting for the reply" : "",
    ].filter(Boolean)
    const name = `attempt ${a.before ? "before " : ""}${a.sample} ${a.attempt}`
    const box = h("details", { class: "attempt", open: this.opened.get(name) ?? (i === all - 1 || all <= 2) },
      h("summary", {}, h("b", {}, all > 1 ? `${i + 1}. ` : ""), facts.join(" · ")))
    box.addEventListener("toggle", () => this.opened.set(name, box.open))
    for (const [j, message] of a.messages.entries()) {
      const text = this.long(`${name} ${j}`, message.content)
      box.append(h("div", { class: "message" },
        h("div", { class: "role" }, ROLES[message.role] ?? message.role, copier(() => message.content)), text))
    }
    if (a.reply !== null) {
      const reply = a.reply
      box.append(h("div", { class: "message reply" },
        h("div", { class: "role" }, "reply", copier(() => reply)), this.long(`${name} reply`, reply)))
    }
    if (read !== null && a.reply !== null) {
      box.append(h("div", { class: "message" }, h("div", { class: "role" }, "read as"), this.long(`${name} read`, read)))
    }
    if (a.rejected) {
      box.append(h("div", { class: "message wrong" },
        h("div", { class: "role" }, "what was wrong with it"), this.long(`${name} wrong`, a.rejected)))
    }
    return box
  }

  /** A text that folds where it is long. */
  private long(name: string, text: string, style = ""): HTMLElement {
    const body = h("pre", { class: `long ${style}` }, text)
    const isLong = text.length > FOLD_AT || text.split("\n", 16).length > 15
    if (!isLong) return body
    const set = (whole: boolean): void => {
      body.classList.toggle("folded", !whole)
      more.textContent = whole ? "Show less" : "Show all"
    }
    const more = button("", () => {
      const whole = body.classList.contains("folded")
      if (whole) this.whole.add(name)
      else this.whole.delete(name)
      set(whole)
    }, "", "quiet more")
    set(this.whole.has(name))
    return h("div", {}, body, more)
  }
}

function near(list: HTMLElement, row: HTMLElement): void {
  const top = row.offsetTop - list.offsetTop
  if (top < list.scrollTop || top > list.scrollTop + list.clientHeight - 24) {
    list.scrollTop = Math.max(0, top - list.clientHeight / 2)
  }
}

const ROLES: Record<string, string> = { system: "instructions", user: "question", assistant: "earlier reply" }

const KINDS: Record<string, string> = {
  ask: "asks the model", person: "asks a person", python: "Python", emulate: "emulated Python", tool: "tool",
  call: "calls a flow", solve: "solves a sub-question", run: "runs a flow", decision: "decision", value: "value",
  answer: "answer", yield: "one value of the list", input: "input", loop: "loop", compile: "the model writes",
  other: "step",
}
