// Elements made one by one. Invariant: text becomes text nodes; nothing is ever read as markup.

import type { Drawn } from "./messages"

export type Child = Node | string | null | undefined | false
type Listener = (event: never) => void
type Attributes = Record<string, string | number | boolean | null | undefined | Listener>

/** An HTML element: attributes by name, listeners as functions under `on…`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener)
    else element.setAttribute(name, value === true ? "" : String(value))
  }
  element.append(...children.filter((child): child is Node | string => !!child))
  return element
}

const SVG = "http://www.w3.org/2000/svg"

export function s(tag: string, attributes: Record<string, string | number> = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  element.append(...children.filter((child): child is Node | string => !!child))
  return element
}

const TAGS = new Set(["g", "rect", "path", "text", "tspan", "title"])
const ATTRIBUTES = new Set([
  "class", "x", "y", "width", "height", "rx", "d", "transform", "font-size", "text-anchor",
  "data-from", "data-to", "data-flow", "data-node",
])

/** What the server says is drawn. Tags and attributes that no drawing has are left out. */
export function drawn(parts: Drawn): SVGElement | null {
  const [tag, attributes, ...children] = parts
  if (!TAGS.has(tag)) return null
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (ATTRIBUTES.has(name)) element.setAttribute(name, value)
  }
  for (const child of children) {
    const made = typeof child === "string" ? document.createTextNode(child) : drawn(child)
    if (made) element.append(made)
  }
  return element
}

/** A button with words; `label` is what it does, where its text is a sign. */
export function button(text: string, act: () => void, label = "", style = ""): HTMLButtonElement {
  const named = label && !/[a-z]/i.test(text) ? label : null
  const made = h("button", { type: "button", class: style || null, "aria-label": named, title: label || null }, text)
  made.addEventListener("click", act)
  return made
}

/** A button that copies a text. */
export function copier(text: () => string, what = "Copy"): HTMLButtonElement {
  const made = button("Copy", async () => {
    const done = await copied(text())
    made.textContent = done ? "Copied" : "Not copied"
    setTimeout(() => { made.textContent = "Copy" }, 1400)
  }, what, "quiet copy")
  return made
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = h("textarea", { style: "position:fixed;opacity:0" })
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand("copy")
    area.remove()
    return done
  }
}

export function seconds(value: number): string {
  if (value < 0.0005) return "0 s"
  if (value < 0.1) return `${value.toFixed(3)} s`
  if (value < 59.95) return `${value.toFixed(1)} s`
  const whole = Math.round(value)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** A moment of a run that lasted so long: `1.2 of 2.4 s`, `0:12 of 2:40`. */
export function moment(at: number, until: number): string {
  if (until < 59.95) {
    const digits = until < 1 ? 3 : until < 10 ? 2 : 1
    return `${at.toFixed(digits)} of ${until.toFixed(digits)} s`
  }
  return `${clock(at)} of ${clock(until)}`
}

function clock(value: number): string {
  const whole = Math.floor(value)
  const two = (part: number): string => String(part).padStart(2, "0")
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString("en")} ${value === 1 ? one : many}`
}

/** Calls a function at most once in so many milliseconds, and at the end for what came last. */
export function throttled<T>(act: (value: T) => void, every: number): (value: T) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = 0
  let waiting: { value: T } | undefined
  return (value) => {
    waiting = { value }
    if (timer !== undefined) return
    const wait = Math.max(0, last + every - performance.now())
    timer = setTimeout(() => {
      timer = undefined
      last = performance.now()
      if (waiting) act(waiting.value)
      waiting = undefined
    }, wait)
  }
}
