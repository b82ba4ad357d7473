// Keeps what somebody has begun to type as an answer, so that a reload does not lose it: in the memory of the tab, until
// it is sent. It draws nothing, and says nothing to the server.

type Field = HTMLInputElement | HTMLTextAreaElement

const FIELDS = 'textarea, input[type="text"], input[type="number"]'

/** What was typed in the fields of a place, by their order. */
export function typed(fields: Iterable<{ value: string }>): string[] {
  return [...fields].map((field) => field.value)
}

/** What is kept under a name; nothing where it cannot be read. */
export function kept(storage: Pick<Storage, "getItem">, name: string): string[] {
  try {
    const found: unknown = JSON.parse(storage.getItem(name) ?? "[]")
    return Array.isArray(found) ? found.map(String) : []
  } catch {
    return []
  }
}

/** Fill in a field as if it were typed, so that the page takes it. */
function fill(field: Field, text: string): void {
  const own = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement
  Object.getOwnPropertyDescriptor(own.prototype, "value")?.set?.call(field, text)
  field.dispatchEvent(new Event("input", { bubbles: true }))
}

interface Component {
  data: { name: string; place: string }
  parentElement: HTMLElement | ShadowRoot
}

/** Take no room on the page. */
function vanish(element: HTMLElement | ShadowRoot): void {
  const root = element instanceof ShadowRoot ? element : element.getRootNode()
  const seen = root instanceof ShadowRoot ? root.host : element
  if (!(seen instanceof Element)) return
  const around = seen.closest<HTMLElement>("[data-testid=stElementContainer]")
  if (around) around.style.display = "none"
}

export default function keep(component: Component): () => void {
  const { name } = component.data
  vanish(component.parentElement)
  const place = `.${CSS.escape(component.data.place)}`
  const fields = (): Field[] => [...(document.querySelector(place)?.querySelectorAll<Field>(FIELDS) ?? [])]
  const inside = (target: EventTarget | null): Element | null =>
    target instanceof Element && target.closest(place) ? target : null
  const seen = new WeakSet<Field>()

  /** Fields that are new, also where the page has drawn them anew, get what was typed in them; what was typed before
   * this could hear of it is kept. */
  function restore(): void {
    const found = fields()
    if (found.every((field) => seen.has(field))) return
    const before = kept(sessionStorage, name)
    found.forEach((field, at) => {
      const text = before[at]
      if (!seen.has(field) && text && !field.value) fill(field, text)
      seen.add(field)
    })
    if (found.some((field) => field.value)) sessionStorage.setItem(name, JSON.stringify(typed(found)))
  }
  function save(event: Event): void {
    if (inside(event.target)) sessionStorage.setItem(name, JSON.stringify(typed(fields())))
  }
  function sent(event: Event): void {
    if (inside(event.target)?.closest("[data-testid=stFormSubmitButton]")) sessionStorage.removeItem(name)
  }
  function entered(event: KeyboardEvent): void {
    const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement)
    if (sends && inside(event.target)) sessionStorage.removeItem(name)
  }
  const watch = new MutationObserver(restore)
  watch.observe(document.body, { childList: true, subtree: true })
  restore()
  document.addEventListener("input", save, true)
  document.addEventListener("click", sent, true)
  document.addEventListener("keydown", entered, true)
  return () => {
    watch.disconnect()
    document.removeEventListener("input", save, true)
    document.removeEventListener("click", sent, true)
    document.removeEventListener("keydown", entered, true)
  }
}
