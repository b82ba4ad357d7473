// The line above the chart: what the run is doing and what it used, at the moment that is looked at; and the search.

import { button, h, moment } from "./dom"
import type { States } from "./messages"

export interface HeadCalls {
  find(text: string): void
  /** To the next that was found, or the one before; 0: to the one that is found now. */
  jump(by: number): void
  leave(): void
  follow(): void
  panel(): void
}

export class HeadView {
  readonly element: HTMLElement
  readonly search = h("input", { type: "search", placeholder: "Find a step", "aria-label": "find a step" })
  private readonly sign = h("span", { class: "sign", "aria-hidden": "true" })
  private readonly moment = h("span", { class: "moment" })
  private readonly words = h("span", { class: "status", role: "status" })
  private readonly numbers = h("span", { class: "numbers" })
  private readonly hits = h("span", { class: "hits", "aria-live": "polite" })
  private readonly followed: HTMLButtonElement
  private readonly panel: HTMLButtonElement

  constructor(calls: HeadCalls) {
    this.followed = button("Follow", () => calls.follow(), "keep what is running in sight")
    this.panel = button("Panel", () => calls.panel(), "show or hide the panel")
    this.search.addEventListener("input", () => calls.find(this.search.value))
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") calls.jump(event.shiftKey ? -1 : 1)
      else if (event.key === "Escape") { this.search.value = ""; calls.find(""); calls.leave() }
      else return
      event.preventDefault()
    })
    this.element = h("div", { class: "top" },
      h("div", { class: "standing" }, this.moment, this.sign, this.words, this.numbers),
      h("div", { class: "find" }, this.search, this.hits), this.followed, this.panel)
  }

  setStates(message: States): void {
    const past = !message.live && message.at < message.of
    this.element.classList.toggle("past", past)
    this.moment.textContent = past ? `At ${moment(message.time, Math.max(message.until, message.time))}:` : ""
    this.moment.hidden = !past
    this.words.textContent = message.words
    this.sign.textContent = message.sign
    this.element.dataset["status"] = message.status
    const limit = message.run.limit && !message.words.includes("limit") ? "a limit was reached" : ""
    this.numbers.textContent = [past ? message.run.spent : message.run.numbers, limit].filter(Boolean).join(" · ")
    this.followed.hidden = message.over || past
  }

  /** The moment that is looked at goes on by itself. */
  tick(time: string): void {
    if (!this.moment.hidden) this.moment.textContent = `At ${time}:`
  }

  setFollow(follow: boolean): void {
    this.followed.setAttribute("aria-pressed", String(follow))
  }

  setPanel(shown: boolean): void {
    this.panel.setAttribute("aria-pressed", String(shown))
  }

  setHits(text: string): void {
    this.hits.textContent = text
  }
}
