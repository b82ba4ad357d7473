// The flow editor. It is handed a text by the page, hands back what was typed, and asks the app about it meanwhile.
// Invariant: no keystroke is lost to a button: what was typed is handed over before any click or blur has an effect.
import { acceptCompletion, closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete"
import { defaultKeymap, history, historyKeymap, indentWithTab, redo, redoDepth, undo, undoDepth } from "@codemirror/commands"
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language"
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint"
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search"
import { ChangeSet, Compartment, EditorState, type Extension } from "@codemirror/state"
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
  tooltips, type ViewUpdate,
} from "@codemirror/view"
import { button, h } from "./dom"
import { changesOf, completions, counted, diagnosticOf, finding, hovers } from "./editor-assist"
import { ask, type Beside, type Change, type Look, Refused, setup } from "./editor-channel"
import { flowLanguage } from "./editor-language"
import { Offsets, whole } from "./editor-offsets"
import { Picture } from "./editor-picture"
import { EDITOR_STYLES } from "./editor-styles"
import { load, type Stored, store } from "./editor-storage"
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
const STALE = "The picture is of the last text without mistakes."

class Editor {
  private readonly view: EditorView
  private readonly frame = h("div", { class: "fr edit" })
  private readonly tips = h("div", { class: "fr tips" })
  private readonly sheet = document.createElement("style")
  private readonly told = h("div", { class: "told", role: "status" })
  private readonly findings = h("div", { class: "findings", role: "list", "aria-label": "what was found in the flow" })
  private readonly fixes = button("Mend all", () => void this.edit("fix"), "Make all fixes that are certain", "fixes")
  private readonly undo = button("Undo", () => undo(this.view))
  private readonly redo = button("Redo", () => redo(this.view))
  private readonly picture = new Picture((from, to) => this.choose(from, to), () => void this.draw())
  private readonly language = new Compartment()
  private readonly ends: (() => void)[] = []
  private readonly shade = new Compartment()
  private words: Extension = []
  private isDark = false
  private epoch = ""
  private version = 0
  private handed = -1
  private restored: Stored | null = null
  private revealed: string
  /** What was changed since the text that the findings are about. */
  private since: ChangeSet | null = null
  private resting = 0
  private handing = 0
  private keeping = 0
  private looking: AbortController | null = null

  constructor(private component: Component) {
    const { parentElement, data } = component
    this.revealed = data.reveal
    const root = parentElement.getRootNode()
    const sheet = h("style", {})
    sheet.textContent = STYLES + EDITOR_STYLES
    this.view = new EditorView({ root: root instanceof ShadowRoot ? root : undefined })
    const text = h("div", { class: "text" }, this.view.dom)
    const grip = h("div", { class: "grip", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "width of the text" })
    const writing = h("div", { class: "writing" }, text, this.findings)
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
    this.fixes.hidden = true
    return h("div", { class: "top" },
      button("Format", () => void this.edit("form"), "Bring the text into the one style (Shift-Alt-F)"),
      this.undo, this.redo, button("Find", () => openSearchPanel(this.view), "Find and replace (Ctrl-F)"),
      this.fixes, this.told)
  }

  /** Hear of what happens around: sizes, blurs, clicks elsewhere. */
  private follow(grip: HTMLElement, writing: HTMLElement): void {
    const flush = (): void => {
      this.handOver()
      this.keep()
    }
    const outside = (event: Event): void => {
      if (!event.composedPath().includes(this.frame)) flush()
    }
    this.frame.addEventListener("focusout", flush)
    document.addEventListener("pointerdown", outside, true)
    document.addEventListener("keydown", outside, true)
    window.addEventListener("pagehide", flush)
    const sizes = new ResizeObserver(() => {
      this.frame.classList.toggle("narrow", this.frame.clientWidth > 0 && this.frame.clientWidth < NARROW)
      this.picture.resized()
    })
    sizes.observe(this.frame)
    sizes.observe(this.picture.element)
    const wide = (x: number): void => {
      const box = this.frame.getBoundingClientRect()
      const share = Math.min(0.8, Math.max(0.2, (x - box.left) / box.width))
      writing.style.flex = `0 0 ${(100 * share).toFixed(1)}%`
    }
    grip.addEventListener("pointerdown", (event) => grip.setPointerCapture(event.pointerId))
    grip.addEventListener("pointermove", (event) => { if (grip.hasPointerCapture(event.pointerId)) wide(event.clientX) })
    grip.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowLeft" ? -30 : event.key === "ArrowRight" ? 30 : 0
      if (step) wide(writing.getBoundingClientRect().right + step)
    })
    this.ends.push(() => {
      document.removeEventListener("pointerdown", outside, true)
      document.removeEventListener("keydown", outside, true)
      window.removeEventListener("pagehide", flush)
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
    if (data.reveal && data.reveal !== this.revealed) {
      setTimeout(reveal, 500)
    }
    this.revealed = data.reveal
  }

  /** Show a text that the page has opened, or what the browser still holds of it. */
  private open(data: Data): void {
    const held = load()
    const newer = held !== null && held.epoch === data.epoch && held.version > data.version
    const again = held !== null && data.fresh && held.text !== data.text && held.version > 0
    this.restored = again ? held : null
    this.epoch = data.epoch
    this.version = newer ? held.version : again ? data.version + 1 : data.version
    this.handed = data.version
    this.frame.style.height = `${data.height}px`
    this.picture.clear()
    this.view.setState(EditorState.create({
      doc: newer || again ? held.text : data.text,
      extensions: this.extensions(),
    }))
    this.since = null
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
      this.language.of(this.words), this.shade.of(EditorView.darkTheme.of(this.isDark)), lineNumbers(), highlightActiveLineGutter(), highlightActiveLine(), highlightSpecialChars(),
      history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightSelectionMatches(),
      indentUnit.of("  "), search({ top: true }), lintGutter(), completions(at), hovers(at),
      EditorView.lineWrapping, EditorView.contentAttributes.of({ "aria-label": "The flow", spellcheck: "false" }),
      tooltips({ position: "fixed", parent: this.tips }),
      keymap.of([
        { key: "Shift-Alt-f", run: () => { void this.edit("form"); return true } },
        { key: "F12", run: (view) => { void this.define(view); return true } },
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
      this.since = this.since?.compose(update.changes) ?? null
      this.picture.moved(update.changes)
      this.buttons()
      clearTimeout(this.resting)
      this.resting = window.setTimeout(() => void this.look(), REST)
      clearTimeout(this.handing)
      this.handing = window.setTimeout(() => this.handOver(), HAND_OVER)
      clearTimeout(this.keeping)
      this.keeping = window.setTimeout(() => this.keep(), 200)
    }
    if (update.docChanged || update.selectionSet) this.markPlace()
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
      ...(restored ? { restored: { name: restored.name, origin: restored.origin, files: restored.files } } : {}),
    })
    this.keep()
  }

  /** Keep the text in this tab, for when the page is loaded again. */
  private keep(): void {
    clearTimeout(this.keeping)
    const { name, origin, files } = this.restored ?? this.component.data
    store({ epoch: this.epoch, version: this.version, text: this.text, name, origin, files })
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
      this.since = ChangeSet.empty(doc.length)
      this.tell(found, text)
      if (found.ok) await this.draw(stop)
      else this.picture.fresh(found.note || STALE)
    } catch (error) {
      if (!stop.signal.aborted) this.complain(error)
    }
  }

  async draw(stop: AbortController | null = this.looking): Promise<void> {
    const { doc } = this.view.state
    const text = this.text
    const { chart, why } = await ask(this.component.data.root, "draw", text, this.beside(), { closed: this.picture.closed }, stop?.signal)
    if (stop?.signal.aborted || this.view.state.doc !== doc) return
    if (chart) {
      this.picture.show(chart, text)
      this.markPlace()
    } else this.picture.fresh(why || STALE)
  }

  private tell(found: Look, text: string): void {
    const { state } = this.view
    const offsets = new Offsets(text)
    this.view.dispatch(setDiagnostics(state, found.problems.map((each) =>
      diagnosticOf(each, offsets, () => this.make(each.fix?.changes ?? [], text)))))
    const rows = found.problems.map((each) => {
      const from = offsets.toBrowser(each.from)
      return finding(each, state.doc.lineAt(from).number, found.codes[each.code],
        () => this.choose(this.now(from), this.now(from)), () => this.make(each.fix?.changes ?? [], text))
    })
    this.findings.replaceChildren(...rows)
    this.fixes.hidden = found.fixable < 2
    this.fixes.textContent = `Mend ${found.fixable}`
    const said = counted(found.problems) || (found.ok ? "No mistakes" : "")
    this.told.textContent = [found.note, said, found.price && `a run takes ${found.price}`].filter(Boolean).join(" · ")
    this.told.title = [found.main, this.told.textContent].filter(Boolean).join("\n")
    this.told.classList.remove("failed")
  }

  private complain(error?: unknown): void {
    this.told.textContent = error instanceof Refused ? error.message : "The app does not answer; what you type is kept in this tab."
  }

  /** Where a place of the text that was looked at is now. */
  private now(at: number): number {
    return this.since?.mapPos(at) ?? Math.min(at, this.view.state.doc.length)
  }

  /** Make changes to the text that was looked at, in what it has become since. */
  private make(changes: Change[], text: string): void {
    if (!this.since) return
    const wanted = ChangeSet.of(changesOf(changes, new Offsets(text)), this.since.length).map(this.since.desc)
    this.view.dispatch({ changes: wanted, userEvent: "input.fix" })
    this.view.focus()
  }

  private async edit(name: "form" | "fix"): Promise<void> {
    const { doc } = this.view.state
    const text = this.text
    try {
      const said = await ask(this.component.data.root, name, text, this.beside())
      if (this.view.state.doc !== doc) return
      if (said.edits.length) {
        this.view.dispatch({ changes: changesOf(said.edits, new Offsets(text)), userEvent: "input.format", scrollIntoView: true })
      } else if ("why" in said) this.told.textContent = said.why || "It is formatted already."
      this.view.focus()
    } catch (error) {
      this.complain(error)
    }
  }

  private async define(view: EditorView): Promise<void> {
    const text = this.text
    const offsets = new Offsets(text)
    const at = offsets.toServer(view.state.selection.main.head)
    const said = await ask(this.component.data.root, "define", text, this.beside(), { at }).catch(() => null)
    const first = said?.spans[0]
    if (first) this.choose(offsets.toBrowser(first[0]), offsets.toBrowser(first[1]))
  }

  stop(): void {
    this.handOver()
    this.looking?.abort()
    clearTimeout(this.resting)
    this.ends.forEach((end) => end())
    this.picture.stop()
    this.view.destroy()
  }
}

/** Bring the run below into sight, under the page's menu. */
function reveal(): void {
  const run = document.querySelector<HTMLElement>(".st-key-edit-run-view")
  if (!run) return
  run.style.scrollMarginTop = "4.5rem"
  run.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" })
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
