// Zooming and moving a drawing: wheel, pinch, drag, and moves of our own that are calm.
//
// The page scrolls as ever: the wheel zooms where the drawing was clicked before, or with ctrl; a finger moves the drawing
// as far as there is more of it to see, and the page from there on.

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
const EDGE = 16
/** The height at the foot of the stage in which its buttons stand. */
const FOOT = 46

export class Zoom {
  place: Place = { x: 0, y: 0, scale: 1 }
  /** Whether the whole drawing is kept in sight. */
  fitted = true
  private pointers = new Map<number, { x: number; y: number }>()
  private moved = false
  private frame = 0
  private running = 0
  private aside: ReturnType<typeof setTimeout> | undefined

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
    stage.addEventListener("pointercancel", (event) => this.drop(event))
    stage.addEventListener("touchmove", (event) => this.touch(event), { passive: false })
    stage.addEventListener("click", (event) => {
      // a reader of the screen presses a box without a pointer
      if (event.detail === 0 && !inControl(event.target)) this.onClick(event.target as Element)
    })
  }

  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey && !this.stage.matches(":focus, :focus-within")) {
      this.stage.classList.add("aside")
      clearTimeout(this.aside)
      this.aside = setTimeout(() => this.stage.classList.remove("aside"), 1400)
      return
    }
    if ((event.target as Element).closest(".legend")) return
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
    if (event.button !== 0 || inControl(event.target)) return
    if (this.pointers.size === 0) this.moved = false
    this.pointers.set(event.pointerId, this.local(event))
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId)
    if (!before) return
    const now = this.local(event)
    if (this.pointers.size === 1) {
      const [dx, dy] = [now.x - before.x, now.y - before.y]
      if (!this.moved && Math.hypot(dx, dy) < DRAG) return
      if (!this.moved && event.pointerType === "touch" && Math.abs(dy) >= Math.abs(dx) && !this.goesOn(dy)) return
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

  /** Two fingers are ours; one is where the drawing goes on in its direction, else the page's. */
  private touch(event: TouchEvent): void {
    if (!event.cancelable || inControl(event.target)) return
    if (event.touches.length > 1 || this.moved) {
      event.preventDefault()
      return
    }
    const [finger] = event.touches
    const from = [...this.pointers.values()][0]
    if (!finger || !from) return
    const now = this.local(finger)
    const [dx, dy] = [now.x - from.x, now.y - from.y]
    if (Math.abs(dx) > Math.abs(dy) || this.goesOn(dy)) event.preventDefault()
  }

  /** Whether there is more of the drawing above (`by` > 0) or below than is seen. */
  private goesOn(by: number): boolean {
    const top = this.place.y
    const bottom = top + this.size().height * this.place.scale
    return by > 0 ? top < -1 : bottom > this.stage.clientHeight + 1
  }

  private drop(event: PointerEvent): void {
    this.pointers.delete(event.pointerId)
    this.stage.classList.remove("dragging")
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

  /** The upper left of the drawing at a scale; where a thing is not in sight there, the drawing around it. */
  top(thing: Box, scale: number, above = EDGE): void {
    this.fitted = false
    const wide = this.stage.clientWidth
    const inSight = (thing.x + thing.width) * scale < wide - EDGE
    const middle = wide / 2 - (thing.x + thing.width / 2) * scale
    this.to({ x: kept(inSight ? EDGE : middle, this.size().width * scale, wide), y: above, scale })
  }

  whole(least = 0): Place {
    const { width, height } = this.size()
    const wide = this.stage.clientWidth
    const high = this.room()
    const scale = Math.max(least, Math.min(1, wide / Math.max(1, width), high / Math.max(1, height)))
    return { x: (wide - width * scale) / 2, y: Math.max(0, (high - height * scale) / 2), scale }
  }

  /** The height of the stage above its buttons. */
  private room(): number {
    return Math.max(80, this.stage.clientHeight - FOOT)
  }

  /** A box brought into sight, if it is not; `middle` brings it into the middle whatever it is. */
  reveal(box: Box, middle = false, least = 0): void {
    const wide = this.stage.clientWidth
    const high = this.room()
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
    clearTimeout(this.aside)
    cancelAnimationFrame(this.frame)
    cancelAnimationFrame(this.running)
  }
}

function inControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, input, .legend, .controls") !== null
}

/** Where a drawing begins, so that no more of the stage is empty than has to be. */
function kept(at: number, size: number, room: number): number {
  if (size <= room - 2 * EDGE) return (room - size) / 2
  return Math.max(room - size - EDGE, Math.min(EDGE, at))
}
