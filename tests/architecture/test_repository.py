"""What lies in the repository: no trace of one machine, no link that leads nowhere, no key."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
MACHINE = re.compile(
    r"(?<![\w.:/~-])/(?:home|root|Users|work|mnt|srv)/[A-Za-z0-9._-]+"  # somebody's folder
    r"|(?:extra-)?index-url|find-links|file:///"  # where somebody's packages come from
    r"|--hash=|\bsha256:[0-9a-f]{20}"
)
KEY = re.compile(r"\bsk-(?!canary)(?=[a-zA-Z_-]*\d)[A-Za-z0-9_-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY")
HERE = Path(__file__).name


def files() -> list[Path]:
    """Every file that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in files() if path.name != HERE]


def hits(pattern: re.Pattern[str]) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {match.group()}" for path, text in texts() for match in pattern.finditer(text)]


def test_nothing_names_a_folder_or_a_package_index_of_one_machine() -> None:
    assert hits(MACHINE) == []


def test_no_key_lies_in_the_repository() -> None:
    assert hits(KEY) == []


def broken_links(page: Path, text: str) -> list[str]:
    targets = [first or second for first, second in LINK.findall(FENCE.sub("", text))]
    local = [target for target in targets if not re.match(r"[a-z]+:|#", target)]
    return [f"{page.relative_to(ROOT)} → {t}" for t in local if not (page.parent / t.partition("#")[0]).exists()]


def test_links_in_the_pages_lead_somewhere() -> None:
    pages = [(path, text) for path, text in texts() if path.suffix == ".md"]
    assert pages
    assert [fault for page, text in pages for fault in broken_links(page, text)] == []


def test_links_with_a_missing_target_are_found() -> None:
    page = ROOT / "README.md"
    assert broken_links(page, "see [the map](maps/rivers.md) and [us](https://example.org)") == [
        "README.md → maps/rivers.md"
    ]


def test_constraints_are_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert len(pinned) > 20
    assert [line for line in pinned if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)] == []
