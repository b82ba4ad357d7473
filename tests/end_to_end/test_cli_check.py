"""`flowreason check` as it is used: on files and pipes, in editors and pipelines, with and without `--fix`."""

from __future__ import annotations

import os
import pty
import re
import stat
from pathlib import Path

import pytest

from flowreason.cli.checking import check_files
from tests.end_to_end.command import COMMAND, Started, environment, flowreason, is_short

FAULTY = (
    '# rivers\nflow f(city: text) -> text {\n  // one question\n  answer ask "Where is {citi}?" with temprature=0\n}\n'
)
MENDED = (
    '# rivers\nflow f(city: text) -> text {\n  # one question\n  answer ask "Where is {city}?" with temperature=0\n}\n'
)
HOPELESS = 'flow f(city: text) -> text {\n  answer "Where is {land}?"  # which?\n}\n'


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "a.flow"
    path.write_text(FAULTY, "utf-8")
    return path


def test_fix_mends_the_file_in_place_and_says_what_was_mended(faulty: Path) -> None:
    faulty.chmod(0o640)
    ran = flowreason("check", "--fix", "a.flow", folder=faulty.parent)
    assert ran.code == 0, ran.out + ran.err
    assert faulty.read_text("utf-8") == MENDED
    assert stat.S_IMODE(faulty.stat().st_mode) == 0o640
    assert "a.flow:4: fixed[name-unknown]: there is no name `citi`" in ran.out
    assert "a.flow:3: fixed[syntax-comment]" in ran.out
    assert os.listdir(faulty.parent) == ["a.flow"]


def test_what_cannot_be_mended_is_told_and_the_file_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.flow"
    path.write_text(HOPELESS, "utf-8")
    before = path.stat()
    ran = flowreason("check", "--fix", "a.flow", folder=tmp_path)
    assert ran.code == 2
    assert "error[name-unknown]" in ran.out
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_without_fix_nothing_is_written_and_fix_is_named(faulty: Path) -> None:
    ran = flowreason("check", "a.flow", folder=faulty.parent)
    assert ran.code == 2
    assert faulty.read_text("utf-8") == FAULTY
    assert "check --fix" in ran.out


def test_a_pipe_is_mended_from_stdin_to_stdout(tmp_path: Path) -> None:
    ran = flowreason("check", "--fix", "-", folder=tmp_path, stdin=FAULTY.encode())
    assert (ran.code, ran.out) == (0, MENDED)
    assert "fixed[name-unknown]" in ran.err
    assert flowreason("check", "-", folder=tmp_path, stdin=MENDED.encode()).code == 0


def test_a_link_is_followed_and_line_ends_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "deep" / "real.flow"
    real.parent.mkdir()
    real.write_bytes(FAULTY.replace("\n", "\r\n").encode())
    (tmp_path / "a.flow").symlink_to(real)
    assert flowreason("check", "--fix", "a.flow", folder=tmp_path).code == 0
    assert (tmp_path / "a.flow").is_symlink()
    assert real.read_bytes() == MENDED.replace("\n", "\r\n").encode()


def test_nothing_is_mended_where_a_file_cannot_be_read(faulty: Path) -> None:
    (faulty.parent / "maps").mkdir()
    ran = flowreason("check", "--fix", "a.flow", "none.flow", "maps", folder=faulty.parent)
    assert (ran.code, ran.out, faulty.read_text("utf-8")) == (2, "", FAULTY)
    assert "no file none.flow" in ran.err
    assert "maps is a folder" in ran.err


def test_one_file_that_cannot_be_written_does_not_hide_what_was_mended_in_others(
    faulty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = faulty.with_name("kept.flow")
    kept.write_text(FAULTY, "utf-8")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "kept.flow")  # root may write everywhere
    assert check_files([kept, faulty], None, "text", fix=True) == 2
    told = capsys.readouterr()
    assert (kept.read_text("utf-8"), faulty.read_text("utf-8")) == (FAULTY, MENDED)
    assert f"{faulty}:4: fixed[name-unknown]" in told.out
    assert f"{kept}: 3 errors; `flowreason check --fix` can mend all of them" in told.out
    assert told.err == f"error: {kept} cannot be written: it is write-protected\n"


def test_a_folder_that_cannot_be_written_is_told_in_words(faulty: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    faulty.parent.chmod(0o500)
    try:
        ran = flowreason("check", "--fix", "a.flow", folder=faulty.parent)
    finally:
        faulty.parent.chmod(0o700)
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert is_short(ran.err)


def test_json_and_sarif_tell_of_several_files_at_once(faulty: Path) -> None:
    (faulty.parent / "b.flow").write_text(HOPELESS, "utf-8")
    told = flowreason("check", "a.flow", "b.flow", "--json", folder=faulty.parent)
    assert (told.code, told.data["ok"]) == (2, False)
    assert {each["file"] for each in told.data["diagnostics"]} == {"a.flow", "b.flow"}
    log = flowreason("check", "a.flow", "b.flow", "--format", "sarif", folder=faulty.parent)
    (run,) = log.data["runs"]
    assert log.code == 2
    assert [each["location"]["uri"] for each in run["artifacts"]] == ["a.flow", "b.flow"]
    assert len(run["results"]) == len(told.data["diagnostics"])
    fixed = flowreason("check", "--fix", "a.flow", "--format", "json", folder=faulty.parent)
    assert fixed.data["ok"] is True
    assert {each["line"] for each in fixed.data["fixed"]} == {3, 4}


def test_what_was_mended_on_the_way_is_told_as_a_hint(tmp_path: Path) -> None:
    (tmp_path / "a.flow").write_text("```flow\nflow f() -> int { answer 1 }\n```\n", "utf-8")
    ran = flowreason("check", "a.flow", folder=tmp_path)
    assert ran.code == 0
    assert ran.out.count("hint[mended-fence]") == 2


@pytest.mark.parametrize("arguments", [("-f", "xml"), ("--json", "-f", "sarif"), ("--fix", "-", "a.flow")])
def test_options_that_make_no_sense_are_refused_in_words(faulty: Path, arguments: tuple[str, ...]) -> None:
    ran = flowreason("check", *arguments, *([] if "-" in arguments else ["a.flow"]), folder=faulty.parent)
    assert ran.code == 2
    assert is_short(ran.err or ran.out)
    assert faulty.read_text("utf-8") == FAULTY


def test_colours_are_for_terminals_and_not_where_they_are_unwanted(faulty: Path) -> None:
    def seen(**env: str) -> str:
        ours, theirs = pty.openpty()
        told = environment(faulty.parent, **env)
        ran = Started([*COMMAND, "check", "a.flow"], cwd=faulty.parent, env=told, stdout=theirs, stderr=theirs)
        os.close(theirs)
        out = b""
        try:
            while got := os.read(ours, 65536):
                out += got
        except OSError:  # the other side is closed
            pass
        ran.wait(30)
        os.close(ours)
        return out.decode()

    coloured = seen()
    assert re.search(r"\x1b\[1;31merror\[[a-z-]+\]\x1b\[0m", coloured)
    assert "\x1b" not in seen(NO_COLOR="1")
    assert "\x1b" not in flowreason("check", "a.flow", folder=faulty.parent).out
