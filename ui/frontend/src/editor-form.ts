// What stands in the fields with which the flow is run: kept with its text, so that a reload loses neither. The page is
// told of a field when it is left; here each letter is heard of.
import type { Filled } from "./editor-storage"

/** Where the page has the fields; each is named after its parameter. */
const FIELDS = ".st-key-edit-fields"

export class Form {
  /** What was typed or chosen, by name. */
  values: Filled = {}
  /** Whether something was typed or chosen since the text was opened. */
  touched = false

  constructor(private readonly changed: () => void) {}

  /** Another text stands in the editor, with what was in its fields. */
  begin(values: Filled): void {
    this.values = { ...values }
    this.touched = false
  }

  /** What was chosen in those fields in which nothing is typed. */
  choose(chosen: Filled): void {
    const before = JSON.stringify(this.values)
    this.values = { ...this.values, ...chosen }
    if (JSON.stringify(this.values) !== before) this.change()
  }

  private change(): void {
    this.touched = true
    this.changed()
  }

  /** Hear of each letter; gives what ends that. */
  listen(): () => void {
    const heard = (event: Event): void => {
      const field = event.target
      if (!(field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement)) return
      const name = field.getAttribute("aria-label")
      const typed = field instanceof HTMLTextAreaElement || field.type === "text" && field.getAttribute("role") !== "combobox"
      if (!name || !typed || !field.closest(FIELDS)) return
      this.values[name] = field.value
      this.change()
    }
    document.addEventListener("input", heard, true)
    return () => document.removeEventListener("input", heard, true)
  }
}
