// As much of a page as the scripts need to be tested without a browser: elements, text, listeners. It has no way to read
// a string as markup: who tries gets an error. `import "./page"` comes before what is tested.

type Listener = (event: Happening) => void
export type Happening = Record<string, unknown> & { target?: unknown }

const MARKUP = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "write"]

export class Piece {
  parentNode: Parent | null = null
  constructor(public data = "") {}
  get textContent(): string { return this.data }
  set textContent(text: string) { this.data = text }
  remove(): void { this.parentNode?.drop(this) }
}

export class Parent extends Piece {
  childNodes: Piece[] = []

  get textContent(): string { return this.childNodes.map((each) => each.textContent).join("") }
  set textContent(text: string) { this.replaceChildren(...(text === "" ? [] : [text])) }
  get children(): Made[] { return this.childNodes.filter((each): each is Made => each instanceof Made) }
  get firstChild(): Piece | null { return this.childNodes[0] ?? null }
  get firstElementChild(): Made | null { return this.children[0] ?? null }

  append(...added: (Piece | string)[]): void {
    for (const each of added.map((one) => (one instanceof Piece ? one : new Piece(String(one))))) {
      const pieces = each instanceof Parent && !(each instanceof Made) ? [...each.childNodes] : [each]
      for (const piece of pieces) {
        piece.remove()
        piece.parentNode = this
        this.childNodes.push(piece)
      }
    }
  }

  replaceChildren(...added: (Piece | string)[]): void {
    for (const each of [...this.childNodes]) this.drop(each)
    this.append(...added)
  }

  drop(piece: Piece): void {
    this.childNodes = this.childNodes.filter((each) => each !== piece)
    piece.parentNode = null
  }

  /** All elements inside, in their order. */
  all(tag = ""): Made[] {
    return this.children.flatMap((each) => [each, ...each.all()]).filter((each) => !tag || each.tagName === tag)
  }
}

export class Made extends Parent {
  readonly attributes = new Map<string, string>()
  readonly style: Record<string, unknown> = { setProperty: (name: string, value: string) => { this.style[name] = value } }
  private readonly listeners = new Map<string, Listener[]>()
  clientWidth = 800
  clientHeight = 600
  hidden = false
  disabled = false
  private entered: string | null = null

  constructor(readonly tagName: string) { super() }

  /** What was entered; of a choice, what is chosen at first. */
  get value(): string {
    const chosen = this.all("option").find((each) => each.attributes.has("selected"))
    return this.entered ?? chosen?.getAttribute("value") ?? ""
  }
  set value(value: string) { this.entered = value }

  get className(): string { return this.attributes.get("class") ?? "" }
  set className(names: string) { this.attributes.set("class", names) }

  readonly classList = {
    contains: (name: string): boolean => this.className.split(" ").includes(name),
    add: (name: string): void => { this.classList.toggle(name, true) },
    remove: (name: string): void => { this.classList.toggle(name, false) },
    toggle: (name: string, on = !this.classList.contains(name)): boolean => {
      const others = this.className.split(" ").filter((each) => each && each !== name)
      this.className = [...others, ...(on ? [name] : [])].join(" ")
      return on
    },
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, String(value))
    if (name === "hidden" || name === "disabled") this[name] = true
    if (name === "value") this.value = String(value)
  }
  getAttribute(name: string): string | null { return this.attributes.get(name) ?? null }
  removeAttribute(name: string): void { this.attributes.delete(name) }
  addEventListener(name: string, listener: Listener): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener])
  }
  removeEventListener(): void {}
  setPointerCapture(): void {}
  getBoundingClientRect(): object { return { left: 0, top: 0, width: this.clientWidth, height: this.clientHeight } }
  closest(): null { return null }

  /** Something happens to it; gives whether that was kept from what is usual. */
  happen(name: string, event: Happening = {}): boolean {
    let kept = false
    const full = { target: this, preventDefault: () => { kept = true }, stopPropagation: () => {}, ...event }
    for (const listener of this.listeners.get(name) ?? []) listener(full)
    return kept
  }
}

for (const name of MARKUP) {
  const refuse = (): never => { throw new Error(`a text was to be read as markup: ${name}`) }
  Object.defineProperty(Parent.prototype, name, { set: refuse, get: refuse })
}

/** What stands in an element, in short: `p[a, code[b]]`. */
export function shape(piece: Piece): string {
  if (!(piece instanceof Parent)) return piece.textContent
  const inside = piece.childNodes.map(shape).filter(Boolean).join(", ")
  return piece instanceof Made ? `${piece.tagName}${inside && `[${inside}]`}` : inside
}

/** An element of a script as what it is here. */
export const seen = (element: unknown): Made => element as Made

/** What the browser would paint next. */
export const frames: ((now: number) => void)[] = []
export function paint(now = performance.now()): void {
  for (const each of frames.splice(0)) each(now)
}

const page = globalThis as unknown as Record<string, unknown>
page.document = {
  documentElement: { style: {} },
  createElement: (tag: string) => new Made(tag),
  createElementNS: (_space: string, tag: string) => new Made(tag),
  createTextNode: (text: string) => new Piece(text),
  createDocumentFragment: () => new Parent(),
}
page.Node = Piece
page.Element = Made
page.window = globalThis
page.location = { origin: "http://127.0.0.1:8501" }
page.requestAnimationFrame = (act: (now: number) => void) => frames.push(act)
page.cancelAnimationFrame = (number: number) => { frames[number - 1] = () => {} }
page.matchMedia = () => ({ matches: true, addEventListener: () => {}, removeEventListener: () => {} })
