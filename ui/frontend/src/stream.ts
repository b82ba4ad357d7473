// The WebSocket of one run: opened again when it breaks, with what the viewer had asked for.

import type { Message, Request } from "./messages"

export class Stream {
  private socket: WebSocket | null = null
  private closed = false
  private gone = false
  private tries = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly path: string,
    private readonly onMessage: (message: Message) => void,
    private readonly onLink: (connected: boolean, gone: boolean) => void,
    private readonly greeting: () => Request[],
  ) {
    this.open()
  }

  private open(): void {
    const url = new URL(this.path, window.location.origin)
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
    const socket = new WebSocket(url.href)
    this.socket = socket
    socket.onopen = () => {
      this.tries = 0
      this.onLink(true, false)
      for (const request of this.greeting()) this.send(request)
    }
    socket.onmessage = (event) => {
      if (this.closed) return
      const message = JSON.parse(event.data as string) as Message
      if (message.kind === "gone") this.gone = true
      this.onMessage(message)
    }
    socket.onclose = () => {
      if (this.closed) return
      this.onLink(false, this.gone)
      if (this.gone) return
      this.tries += 1
      this.timer = setTimeout(() => this.open(), Math.min(5000, 300 * 2 ** this.tries))
    }
  }

  send(request: Request): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(request))
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
    this.socket?.close()
  }
}
