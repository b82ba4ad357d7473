"""The app, and a browser to look at it with, for all tests of this folder that ask for one."""

from tests.end_to_end.browser import app, browser, wheel

__all__ = ["app", "browser", "wheel"]
