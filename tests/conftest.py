"""Pytest's own log handler would count as somebody who listens, and every run would then tell everything at once."""

from __future__ import annotations

import logging

logging.getLogger("flowreason").propagate = False
