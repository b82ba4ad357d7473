// A button with a panel that drops down from it: closed by Escape and by a click elsewhere, and the focus goes back.
import { button, h } from "./dom"

export class Drop {
  readonly element: HTMLElement
  private readonly panel: HTMLElement
  private readonly opener: HTMLButtonElement

  /** `fill` gives what the panel shows, anew each time it opens. */
  constructor(words: string, label: string, private readonly fill: (again: () => void) => Node[]) {
    this.panel = h("div", { class: "drop", role: "dialog", "aria-label": label, hidden: true })
    this.opener = button(words, () => this.show(this.panel.hidden), label)
    this.opener.setAttribute("aria-expanded", "false")
    this.element = h("span", { class: "dropper" }, this.opener, this.panel)
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.panel.hidden) return
      event.stopPropagation()
      this.show(false)
      this.opener.focus()
    })
    this.element.addEventListener("focusout", (event) => {
      const to = event.relatedTarget // none where what had the focus was made anew
      if (to instanceof Node && !this.element.contains(to)) this.show(false)
    })
  }

  show(open: boolean): void {
    this.panel.hidden = !open
    this.opener.setAttribute("aria-expanded", String(open))
    if (!open) return
    this.again()
    this.panel.querySelector<HTMLElement>("button, input")?.focus()
  }

  /** Something was clicked: close, unless it is part of this. */
  outside(event: Event): void {
    if (!event.composedPath().includes(this.element)) this.show(false)
  }

  private again(): void {
    this.panel.replaceChildren(...this.fill(() => this.again()))
  }
}
