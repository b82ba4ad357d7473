// Zooming and moving a drawing: wheel, pinch, drag, and moves of our own that are calm.

export interface Place {
  x: number
  y: number
  scale: number
}

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

const LEAST = 0.08
const MOST = 4
const DRAG = 4

export class Zoom {
  place: Place = { x: 0, y: 0, scale: 1 }
  /** Whether the whole drawing is kept in sight. */
  fitted = true
  private pointers = new Map<number, { x: number; y: number }>()
  private moved = false
  private frame = 0
  private running = 0

  constructor(
    private readonly stage: HTMLElement,
    private readonly show: (place: Place) => void,
    private readonly size: () => { width: number; height: number },
    private readonly onPerson: () => void,
    private readonly onClick: (target: Element) => void,
  ) {
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    stage.addEventListener("pointerdown", (event) => this.down(event))
    stage.addEventListener("pointermove", (event) => this.move(event))
    stage.addEventListener("pointerup", (event) => this.up(event))
    stage.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId))
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault()
    const lines = event.deltaMode === 1 ? 16 : 1
    const speed = event.ctrlKey ? 0.01 : 0.0018
    const at = this.local(event)
    this.by(Math.exp(-event.deltaY * lines * speed), at.x, at.y)
  }

  private local(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const box = this.stage.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0 || (event.target as Element).closest("button, input, .legend")) return
    if (this.pointers.size === 0) this.moved = false
    this.pointers.set(event.pointerId, this.local(event))
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId)
    if (!before) return
    const now = this.local(event)
    if (this.pointers.size === 1) {
      if (!this.moved && Math.hypot(now.x - before.x, now.y - before.y) < DRAG) return
      if (!this.moved) {
        this.moved = true
        this.stage.setPointerCapture(event.pointerId)
        this.stage.classList.add("dragging")
      }
      this.person()
      this.place = { ...this.place, x: this.place.x + now.x - before.x, y: this.place.y + now.y - before.y }
    } else {
      this.moved = true
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1] ?? now
      const was = Math.hypot(before.x - other.x, before.y - other.y)
      const is = Math.hypot(now.x - other.x, now.y - other.y)
      if (was > 0) this.by(is / was, (now.x + other.x) / 2, (now.y + other.y) / 2)
    }
    this.pointers.set(event.pointerId, now)
    this.paint()
  }

  private up(event: PointerEvent): void {
    if (!this.pointers.delete(event.pointerId)) return
    this.stage.classList.remove("dragging")
    if (!this.moved && this.pointers.size === 0) this.onClick(event.target as Element)
  }

  private person(): void {
    this.fitted = false
    cancelAnimationFrame(this.running)
    this.onPerson()
  }

  private paint(): void {
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.show(this.place))
  }

  /** Zoom by a factor, around a point of the stage; without one, around its middle. */
  by(factor: number, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2): void {
    this.person()
    const scale = Math.min(MOST, Math.max(LEAST, this.place.scale * factor))
    const ratio = scale / this.place.scale
    this.place = { x: x - (x - this.place.x) * ratio, y: y - (y - this.place.y) * ratio, scale }
    this.paint()
  }

  to(place: Place): void {
    cancelAnimationFrame(this.running)
    this.place = place
    this.paint()
  }

  /** The whole drawing in sight. */
  fit(calm = false): void {
    const place = this.whole()
    this.fitted = true
    if (calm) this.glide(place)
    else this.to(place)
  }

  whole(least = 0): Place {
    const { width, height } = this.size()
    const wide = this.stage.clientWidth
    const high = this.stage.clientHeight
    const scale = Math.max(least, Math.min(1, wide / Math.max(1, width), high / Math.max(1, height)))
    return { x: (wide - width * scale) / 2, y: Math.max(0, (high - height * scale) / 2), scale }
  }

  /** A box brought into sight, if it is not; `middle` brings it into the middle whatever it is. */
  reveal(box: Box, middle = false, least = 0): void {
    const wide = this.stage.clientWidth
    const high = this.stage.clientHeight
    const edge = 28
    let scale = Math.max(least, this.place.scale)
    if (box.width * scale > wide - 2 * edge) scale = (wide - 2 * edge) / box.width
    if (box.height * scale > high - 2 * edge) scale = Math.min(scale, (high - 2 * edge) / box.height)
    scale = Math.max(LEAST, scale)
    const left = box.x * scale + this.place.x
    const top = box.y * scale + this.place.y
    const inside = scale === this.place.scale && left >= edge && top >= edge
      && left + box.width * scale <= wide - edge && top + box.height * scale <= high - edge
    if (inside && !middle) return
    this.fitted = false
    const { width, height } = this.size()
    this.glide({
      x: kept(wide / 2 - (box.x + box.width / 2) * scale, width * scale, wide),
      y: kept(high / 2 - (box.y + box.height / 2) * scale, height * scale, high),
      scale,
    })
  }

  private glide(goal: Place): void {
    cancelAnimationFrame(this.running)
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.to(goal)
      return
    }
    const from = this.place
    const began = performance.now()
    const step = (now: number): void => {
      const t = Math.min(1, (now - began) / 260)
      const e = 1 - (1 - t) ** 3
      this.place = {
        x: from.x + (goal.x - from.x) * e,
        y: from.y + (goal.y - from.y) * e,
        scale: from.scale + (goal.scale - from.scale) * e,
      }
      this.show(this.place)
      if (t < 1) this.running = requestAnimationFrame(step)
    }
    this.running = requestAnimationFrame(step)
  }

  stop(): void {
    cancelAnimationFrame(this.frame)
    cancelAnimationFrame(this.running)
  }
}

/** Where a drawing begins, so that no more of the stage is empty than has to be. */
function kept(at: number, size: number, room: number): number {
  const edge = 16
  if (size <= room - 2 * edge) return (room - size) / 2
  return Math.max(room - size - edge, Math.min(edge, at))
}
