"""The warm process that children are forked from: one for each session, confined before it reads its first message.

Requests come on a socket that keeps message boundaries: `fork` with the child's end of a line, `kill` to stop
a child, `end` to say how one ended. Invariant: the zygote runs no piece, keeps no line, and ends when the host is gone.
"""

from __future__ import annotations

import array
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from flowreason.sandbox.inside.confine import LINE, Confiner
from flowreason.sandbox.inside.names import Names
from flowreason.sandbox.inside.serve import DEEPEST, Server
from flowreason.sandbox.inside.wire import Wire

LONGEST = 4096
MOST_OPEN = 1 << 20
"""More descriptors than a process has: those that are not there cost nothing to close."""
PATIENCE = 0.05
"""Seconds that a child whose line is closed gets to end by itself, so that its own way of ending is known."""


def zygote(control: int, names: Names) -> None:
    """Serve fork requests until the host is gone."""
    host = socket.socket(fileno=control)
    try:
        confiner = Confiner()
    except (OSError, AttributeError) as error:
        _tell(host, {"is": "broken", "text": f"libseccomp cannot be used: {error}"})
        return
    gc.collect()
    gc.freeze()
    sys.setrecursionlimit(DEEPEST)
    _tell(host, {"is": "ready"})
    Zygote(host, names, confiner).serve()


def _tell(host: socket.socket, message: dict[str, Any]) -> None:
    host.send(json.dumps(message).encode())


class Zygote:
    """Forks children and buries them."""

    def __init__(self, host: socket.socket, names: Names, confiner: Confiner) -> None:
        self.host = host
        self.names = names
        self.confiner = confiner
        self.children: dict[int, int] = {}
        self.dying: set[int] = set()

    def serve(self) -> None:
        while True:
            self._bury()
            data, controls, _, _ = self.host.recvmsg(LONGEST, socket.CMSG_SPACE(4))
            if not data:
                os._exit(0)  # the children die with their parent
            message = json.loads(data)
            match message["do"]:
                case "fork":
                    self.fork(message, _descriptor(controls))
                case "kill":
                    self.kill(message["child"])
                case "end":
                    status = self.end(message["child"])
                    _tell(self.host, {"is": "ended", "child": message["child"], "status": status})

    def fork(self, message: dict[str, Any], line: int) -> None:
        me = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # the host sees its line closed
            os.close(line)
            return
        if pid == 0:
            self.child(line, message["limits"], me)
        self.children[message["child"]] = pid
        os.close(line)

    def kill(self, child: int) -> None:
        """Stop a child without waiting until it is gone: on a busy machine that takes a while."""
        pid = self.children.pop(child, None)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            self.dying.add(pid)

    def _bury(self) -> None:
        """Wait for the next request; meanwhile bury the children that were killed."""
        waiting = select.poll()  # `select` knows no descriptor beyond 1,023
        waiting.register(self.host, select.POLLIN)
        while self.dying:
            self.dying = {pid for pid in self.dying if os.waitpid(pid, os.WNOHANG)[0] == 0}
            if waiting.poll(20):
                return

    def end(self, child: int) -> int | None:
        """Stop a child; how it ended: its exit status, or minus the signal."""
        pid = self.children.pop(child, None)
        if pid is None:
            return None
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def child(self, line: int, limits: dict[str, Any], parent: int) -> None:
        """Never returns."""
        try:
            os.dup2(line, LINE)
            os.closerange(LINE + 1, MOST_OPEN)
            wire = Wire(LINE, LINE)
            try:
                self.confiner.confine(limits, parent)
            except Exception as error:  # noqa: BLE001 - whatever is wrong, nothing may run here
                wire.send({"is": "broken", "text": f"the sandbox does not hold: {type(error).__name__}: {error}"})
                os._exit(3)
            Server(wire, self.names, limits).serve()
        finally:
            os._exit(4)


def _descriptor(controls: list[tuple[int, int, bytes]]) -> int:
    found = array.array("i")
    for level, kind, data in controls:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: found.itemsize])
    return found[0]
