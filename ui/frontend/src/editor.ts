// The flow editor. It is handed a text by the page, hands back what was typed, and asks the app about it meanwhile.
// Invariant: no keystroke is lost to a button: what was typed is handed over before any click or blur has an effect.
import { acceptCompletion, closeBracketsKeymap } from "@codemirror/autocomplete"
import { defaultKeymap, historyKeymap, indentWithTab, redo, redoDepth, undo, undoDepth } from "@codemirror/commands"
import { lintKeymap } from "@codemirror/lint"
import { openSearchPanel, searchKeymap } from "@codemirror/search"
import { Compartment, type Extension } from "@codemirror/state"
import { EditorView, keymap, tooltips, type ViewUpdate } from "@codemirror/view"
import { button, h } from "./dom"
import { changesOf, completions, hovers } from "./editor-assist"
import { ask, type Beside, Refused, setup } from "./editor-channel"
import { draftsDrop } from "./editor-drafts"
import { Form } from "./editor-form"
import { Findings, STALE } from "./editor-findings"
import { keepToItself, keysDrop, leavable, tabbedThrough } from "./editor-keys"
import { flowLanguage } from "./editor-language"
import { gripped, reveal } from "./editor-layout"
import { Names } from "./editor-names"
import { Offsets, whole } from "./editor-offsets"
import { keepPast, withPast } from "./editor-past"
import { Picture } from "./editor-picture"
import { STEADY } from "./editor-steady"
import { EDITOR_STYLES } from "./editor-styles"
import { claim, type Filled, isKept, keepDraft, type Kept, load, type Stored, store } from "./editor-storage"
import { idle } from "./editor-quiet"
import { STYLES } from "./styles"
import { watchTheme } from "./theme"

interface Data extends Beside {
  root: string
  text: string
  epoch: string
  version: number
  fresh: boolean
  name: string
  origin: string
  height: number
  reveal: string
  /** Whether the text of this version can be had again: it was opened, run or downloaded as it is. */
  safe: boolean
  /** What was chosen in those fields below in which nothing is typed. */
  chosen: Filled
}

export interface Component {
  data: Data
  parentElement: HTMLElement
  setStateValue(name: string, value: unknown): void
}

const REST = 280
/** Milliseconds that a text rests before the page is told of it. */
const HAND_OVER = 900
const NARROW = 760
/** Milliseconds after which the picture follows what is typed: it is not moved with each key. */
const MARK = 90

class Editor {
  private readonly view: EditorView
  private readonly frame = h("div", { class: "fr edit" })
  private readonly tips = h("div", { class: "fr tips" })
  private readonly sheet = document.createElement("style")
  private readonly findings: Findings = new Findings({
    view: () => this.view, go: (at) => this.choose(at, at), stale: (why) => this.picture.fresh(why), fix: () => void this.edit("fix"),
  })
  private readonly undo = button("Undo", () => undo(this.view))
  private readonly redo = button("Redo", () => redo(this.view))
  private readonly picture = new Picture((from, to) => this.choose(from, to), () => void this.draw(),
    () => this.sheet.textContent ?? "")
  private readonly drafts = draftsDrop(() => this.id, (kept) => this.take(kept))
  private readonly keys = keysDrop()
  private readonly form = new Form(() => this.keepSoon())
  private readonly names: Names = new Names({
    view: () => this.view, text: () => this.text, go: (from, to) => this.choose(from, to), note: (words) => this.findings.note(words),
    ask: (name, text, more) => ask(this.component.data.root, name, text, this.beside(), more),
  })
  private readonly language = new Compartment()
  private readonly ends: (() => void)[] = []
  private readonly shade = new Compartment()
  private words: Extension = []
  private isDark = false
  private epoch = ""
  /** The name of the draft in the list, and of the one that was chosen there. */
  private id = ""
  private chosen: Kept | null = null
  private version = 0
  private handed = -1
  /** The version that is kept as a draft, or that nobody has typed in yet. */
  private opened = 0
  private restored: Stored | null = null
  private revealed: string
  private resting = 0
  private handing = 0
  private keeping = 0
  private marking = 0
  private looking: AbortController | null = null

  constructor(private component: Component) {
    const { parentElement, data } = component
    this.revealed = data.reveal
    const root = parentElement.getRootNode()
    const sheet = h("style", {})
    sheet.textContent = STYLES + EDITOR_STYLES
    this.view = new EditorView({ root: root instanceof ShadowRoot ? root : undefined })
    const text = leavable(h("div", { class: "text" }, this.view.dom))
    const grip = h("div", { class: "grip", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "Width of the text", "aria-valuenow": 53 })
    const writing = h("div", { class: "writing" }, this.names.element, text, this.findings.list)
    this.frame.append(this.bar(), h("div", { class: "main" }, writing, grip, this.picture.element))
    parentElement.replaceChildren(sheet, this.sheet, this.frame, this.tips)
    this.follow(grip, writing)
    this.open(data)
    setup(data.root).then((known) => {
      this.words = flowLanguage(known.words)
      this.view.dispatch({ effects: this.language.reconfigure(this.words) })
      this.ends.push(watchTheme(this.frame, (dark) => {
        this.sheet.textContent = known.styles[dark ? "dark" : "light"] + (dark ? known.styles.dark : "")
        for (const each of [this.frame, this.tips]) each.classList.toggle("dark", dark)
        this.isDark = dark
        this.view.dispatch({ effects: this.shade.reconfigure(EditorView.darkTheme.of(dark)) })
      }))
    }, () => this.complain())
  }

  private bar(): HTMLElement {
    return h("div", { class: "top" },
      button("Format", () => void this.edit("form"), "Bring the text into the one style (Shift-Alt-F)"),
      this.undo, this.redo, button("Find", () => openSearchPanel(this.view), "Find and replace (Ctrl-F)"),
      this.drafts.element, this.keys.element, ...this.findings.bar)
  }

  /** Hear of what happens around: sizes, blurs, clicks elsewhere. */
  private follow(grip: HTMLElement, writing: HTMLElement): void {
    const flush = (): void => {
      this.handOver()
      this.keep()
    }
    const leave = (): void => { flush(); keepPast(this.id, this.view.state) }
    const outside = (event: Event): void => {
      if (event.type === "pointerdown") for (const each of [this.drafts, this.keys]) each.outside(event)
      if (!event.composedPath().includes(this.frame)) flush()
    }
    this.frame.addEventListener("focusout", flush)
    document.addEventListener("pointerdown", outside, true)
    document.addEventListener("keydown", outside, true)
    window.addEventListener("pagehide", leave)
    this.ends.push(this.form.listen(), keepToItself(), tabbedThrough(this.view.dom))
    const sizes = new ResizeObserver(() => {
      const narrow = this.frame.clientWidth > 0 && this.frame.clientWidth < NARROW
      for (const each of [this.frame, this.tips]) each.classList.toggle("narrow", narrow)
      this.picture.resized()
    })
    sizes.observe(this.frame)
    sizes.observe(this.picture.element)
    gripped(grip, this.frame, writing)
    this.ends.push(() => {
      document.removeEventListener("pointerdown", outside, true)
      document.removeEventListener("keydown", outside, true)
      window.removeEventListener("pagehide", leave)
      sizes.disconnect()
    })
  }

  // --- the text ---

  private get text(): string {
    return whole(this.view.state.doc.toString())
  }

  update(component: Component): void {
    const before = this.component.data
    this.component = component
    const { data } = component
    this.frame.style.height = `${data.height}px`
    if (data.epoch !== this.epoch) this.open(data)
    else if (JSON.stringify([before.files, before.tools, before.prices]) !== JSON.stringify([data.files, data.tools, data.prices])) {
      void this.look()
    }
    this.form.choose(data.chosen)
    if (data.safe !== before.safe) this.keep()
    if (data.reveal && data.reveal !== this.revealed) {
      setTimeout(reveal, 500)
    }
    this.revealed = data.reveal
  }

  /** Show a text that the page has opened, or what the browser still holds of it. */
  private open(data: Data): void {
    const held = load()
    const newer = held !== null && held.epoch === data.epoch && held.version > data.version
    const same = held !== null && (data.origin === "" || held.origin === data.origin)
    const changed = same && data.fresh && held.text !== data.text && held.version > 0
    const again = changed || (same && data.fresh && Object.keys(held.form).length > 0)
    const mine = newer || again || held?.epoch === data.epoch
    this.id = held !== null && mine ? held.id : this.chosen?.id || data.epoch
    this.form.begin(mine ? held?.form ?? {} : this.chosen?.form ?? {})
    this.chosen = null
    claim(this.id, (other) => { this.id = other })
    this.restored = again ? held : null
    this.epoch = data.epoch
    this.version = newer ? held.version : again ? data.version + 1 : data.version
    this.handed = data.version
    this.opened = this.version
    this.frame.style.height = `${data.height}px`
    this.picture.clear()
    this.view.setState(withPast(this.id, newer || changed ? held.text : data.text, this.extensions()))
    this.findings.clear()
    this.names.element.hidden = true
    this.buttons()
    if (this.version !== this.handed) this.handing = window.setTimeout(() => this.handOver(), 50)
    this.keep()
    void this.look()
  }

  private extensions(): Extension {
    const at: Parameters<typeof completions>[0] = (name, state, at, signal) => {
      const text = whole(state.doc.toString())
      return ask(this.component.data.root, name, text, this.beside(), { at: new Offsets(text).toServer(at) }, signal)
    }
    return [
      this.language.of(this.words), this.shade.of(EditorView.darkTheme.of(this.isDark)), STEADY, completions(at), hovers(at), this.names.following(),
      tooltips({ position: "fixed", parent: this.tips }),
      keymap.of([
        { key: "Shift-Alt-f", run: () => { void this.edit("form"); return true } },
        { key: "F12", run: (view) => { void this.names.define(view.state.selection.main.head); return true } },
        { key: "F2", run: (view) => { void this.names.start(view.state.selection.main.head); return true } },
        { key: "Mod-Enter", run: () => { this.handOver(); return true } },
        { key: "Tab", run: acceptCompletion },
        ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap, indentWithTab,
      ]),
      EditorView.updateListener.of((update) => this.updated(update)),
    ]
  }

  private updated(update: ViewUpdate): void {
    if (update.docChanged) {
      this.version++
      this.findings.changed(update)
      this.picture.moved(update.changes)
      this.buttons()
      clearTimeout(this.resting)
      this.resting = window.setTimeout(() => void this.look(), REST)
      clearTimeout(this.handing)
      this.handing = window.setTimeout(() => this.handOver(), HAND_OVER)
      this.keepSoon()
    }
    if (update.docChanged || update.selectionSet) clearTimeout(this.marking)
    if (update.docChanged) this.marking = window.setTimeout(() => this.markPlace(), MARK)
    else if (update.selectionSet) this.markPlace()
  }

  private buttons(): void {
    this.undo.disabled = undoDepth(this.view.state) === 0
    this.redo.disabled = redoDepth(this.view.state) === 0
  }

  private markPlace(): void {
    const { main } = this.view.state.selection
    this.picture.mark(main.head, this.view.state.doc.lineAt(main.head))
  }

  private choose(from: number, to: number): void {
    const most = this.view.state.doc.length
    const anchor = Math.min(from, most)
    this.view.dispatch({ selection: { anchor, head: anchor }, effects: EditorView.scrollIntoView(Math.min(to, most), { y: "nearest", yMargin: 40 }) })
    this.view.dispatch({ effects: EditorView.scrollIntoView(anchor, { y: "nearest", yMargin: 40 }) })
    if (!matchMedia("(pointer: coarse)").matches) this.view.focus()
  }

  // --- handing it over ---

  /** Tell the page what was typed, where it does not know it yet. */
  private handOver(): void {
    clearTimeout(this.handing)
    if (this.handed === this.version) return
    this.handed = this.version
    const { restored } = this
    this.restored = null
    this.component.setStateValue("draft", {
      epoch: this.epoch, version: this.version, text: this.text,
      ...(restored ? { restored: { ...beside(restored), safe: restored.safe && restored.text === this.text } } : {}),
    })
    this.keep()
  }

  private keepSoon(): void {
    clearTimeout(this.keeping)
    this.keeping = window.setTimeout(() => this.keep(), 200)
  }

  /** Keep the text in this tab, for when the page is loaded again. */
  private keep(): void {
    clearTimeout(this.keeping)
    const { name, origin, files } = this.restored ?? this.component.data
    const { id, epoch, version, text, form: { values: form }, component: { data } } = this
    const safe = this.restored?.safe ?? (data.safe && data.epoch === epoch && data.version === version)
    store({ id, epoch, version, text, name, origin, files, form, safe })
    if ((version > this.opened || (this.form.touched && isKept(id))) && text.trim()) keepDraft({ id, text, name, origin, files, form })
    this.opened = version
  }

  /** Open a draft that this browser kept. */
  private take(kept: Kept): void {
    if (kept.id === this.id) return
    this.keep()
    this.chosen = kept
    this.handed = ++this.version
    this.component.setStateValue("draft", { epoch: this.epoch, version: this.version, text: kept.text, opened: beside(kept) })
  }

  // --- what the app says of it ---

  private beside(): Beside {
    const { files, tools, prices } = this.component.data
    return { files: this.restored?.files ?? files, tools, prices }
  }

  private async look(): Promise<void> {
    clearTimeout(this.resting)
    this.looking?.abort()
    const stop = (this.looking = new AbortController())
    const { doc } = this.view.state
    const text = this.text
    try {
      const found = await ask(this.component.data.root, "look", text, this.beside(), {}, stop.signal)
      if (stop.signal.aborted || this.view.state.doc !== doc) return
      this.findings.say(found, text)
      if (found.ok) await this.draw(stop)
    } catch (error) {
      if (!stop.signal.aborted) this.complain(error)
    }
  }

  async draw(stop: AbortController | null = this.looking): Promise<void> {
    const { doc } = this.view.state
    const text = this.text
    const { chart, why } = await ask(this.component.data.root, "draw", text, this.beside(), { closed: this.picture.closed }, stop?.signal)
    await idle()
    if (stop?.signal.aborted || this.view.state.doc !== doc) return
    if (chart) {
      this.picture.show(chart, text)
      this.markPlace()
    } else this.picture.fresh(why || STALE)
  }

  private complain(error?: unknown): void {
    this.findings.note(error instanceof Refused ? error.message : "The app does not answer; what you type is kept in this tab.")
  }

  private async edit(name: "form" | "fix"): Promise<void> {
    const { doc } = this.view.state
    const text = this.text
    try {
      const said = await ask(this.component.data.root, name, text, this.beside())
      if (this.view.state.doc !== doc) return
      if (said.edits.length) {
        this.view.dispatch({ changes: changesOf(said.edits, new Offsets(text)), userEvent: "input.format", scrollIntoView: true })
      } else if ("why" in said) this.findings.note(said.why || "It is formatted already.")
      this.view.focus()
    } catch (error) {
      this.complain(error)
    }
  }

  stop(): void {
    this.handOver()
    keepPast(this.id, this.view.state)
    this.looking?.abort()
    this.findings.clear()
    for (const timer of [this.resting, this.marking]) clearTimeout(timer)
    this.ends.forEach((end) => end())
    this.picture.stop()
    this.view.destroy()
  }
}

/** What goes with a text that was kept. */
function beside({ name, origin, files, form }: Pick<Kept, "name" | "origin" | "files" | "form">): object {
  return { name, origin, files, form }
}

const editors = new WeakMap<HTMLElement, Editor>()

export default function (component: Component): () => void {
  const { parentElement } = component
  const known = editors.get(parentElement)
  if (known) known.update(component)
  else editors.set(parentElement, new Editor(component))
  return () => {
    editors.get(parentElement)?.stop()
    editors.delete(parentElement)
  }
}
