"""The pieces that decide when a request may be sent, each by itself, with moments for a clock."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowreason.errors import ProviderError
from flowreason.ports import Reply
from flowreason.providers.allowance import Allowance
from flowreason.providers.breaker import FAILURES, LONGEST_REST, Breaker, Resting
from flowreason.providers.fallback import FOR_SECONDS, Fallback
from flowreason.providers.quota import Bucket, Quota, duration, quota
from flowreason.providers.retry import Retrying, RetryPolicy
from flowreason.providers.width import FIRST, Width

DOWN = ProviderError("http://heron/v1 answered 503: overloaded", kind="server", status=503)


# --- what headers say ---


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1s", 1.0),
        ("2m59.56s", 179.56),
        ("1h0m0s", 3600.0),
        ("1d2h", 93600.0),
        ("7.66s", 7.66),
        ("59", 59.0),
        ("11.38", 11.38),
        ("0", 0.0),
        ("0s", 0.0),
        (" 1s ", 1.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("-1s", None),
        ("1s later", None),
        ("nan", None),
        ("inf", None),
        ("2026-01-01", None),
    ],
)
def test_a_time_to_reset_is_read_in_every_form_that_servers_send(text, seconds):
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("text", ["1767225630", "1767225630000", "2026-01-01T00:00:30Z", "2026-01-01T01:00:30+01:00"])
def test_a_moment_to_reset_is_seconds_from_now(text):
    assert duration(text, now=1767225600.0) == pytest.approx(30.0)
    assert duration(text, now=time.time() + 10**9) == 0.0


@given(st.text())
def test_a_time_to_reset_is_never_less_than_nothing(text):
    seconds = duration(text)
    assert seconds is None or 0 <= seconds < float("inf")


def told(limit: str | None, left: str | None, reset: str | None = None) -> dict[str, str]:
    named = {"limit": limit, "remaining": left, "reset": reset}
    return {f"x-ratelimit-{name}-tokens": value for name, value in named.items() if value is not None}


@pytest.mark.parametrize(
    "headers", [{}, told("-1", "-1", "0"), told("0", "0", "1s"), told("100", None), told("many", "9"), told(None, "9")]
)
def test_headers_without_sense_say_nothing(headers):
    assert quota(headers, "tokens") is None and quota(headers, "requests") is None


def test_a_limit_is_read_with_what_is_left_and_when_it_is_whole():
    assert quota(told("160000", "159976", "6m2s"), "tokens") == Quota(160000, 159976, 362.0)
    assert quota(told("100", "120"), "tokens") == Quota(100, 100, None)


def test_the_speed_of_a_limit_follows_from_what_is_missing():
    """30 of 14,400 are missing and back in three minutes: six seconds for each, so this is a limit of a day."""
    bucket = Bucket()
    bucket.learn(Quota(14400, 14370, 180.0), sent=0.0, later=14370)
    assert bucket.wait(0.0, 1) == pytest.approx(6.0) and bucket.wait(6.0, 1) == 0
    assert bucket.wait(0.0, 10**9) == pytest.approx(86400.0)


@given(
    st.integers(1, 1000),
    st.floats(0, 1),
    st.none() | st.floats(0, 1e5),
    st.lists(st.tuples(st.floats(0, 50), st.integers(1, 50))),
)
def test_after_the_time_that_was_told_there_is_enough(limit, part, reset, asked):
    bucket, moment = Bucket(), 0.0
    bucket.learn(Quota(limit, int(limit * part), reset), sent=0.0, later=0)
    for pause, amount in asked:
        moment += pause
        wait = bucket.wait(moment, amount)
        assert wait >= 0
        moment += wait
        assert bucket.wait(moment + 1e-6 * (1 + moment), amount) < 1e-3
        bucket.take(moment, amount)


# --- how many at once ---


@given(st.integers(1, 200), st.lists(st.booleans(), max_size=400))
def test_the_width_stays_between_one_and_the_most(most, ends):
    width = Width(most)
    assert width.width == min(most, FIRST)
    for number, good in enumerate(ends, 1):
        before = width.width
        width.good() if good else width.trouble(number, number)
        assert 1 <= width.width <= most
        assert width.width in ((before, min(most, before + 1)) if good else (max(1, before // 2),))


def test_the_width_is_halved_once_for_all_that_were_under_way_together():
    width = Width(64)
    for number in range(1, 65):
        width.trouble(number, latest=64)
    assert width.width == 32
    width.trouble(65, latest=90)
    assert width.width == 16


def test_the_width_grows_by_one_for_as_many_good_answers_as_it_is_wide():
    width = Width(64)
    width.trouble(1, 1)
    grown = []
    for _ in range(32 + 33):
        width.good()
        grown.append(width.width)
    assert grown == [32] * 31 + [33] * 33 + [34]


def test_the_width_doubles_in_a_round_until_the_first_trouble():
    width = Width(1000)
    for _ in range(FIRST):
        width.good()
    assert width.width == 2 * FIRST


# --- a server that fails ---


def test_a_server_that_fails_in_a_row_is_left_alone_and_then_asked_once():
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.wait(0.0) == 0 and not breaker.take()
        breaker.bad(0.0, DOWN, probe=False)
    assert breaker.wait(0.25) == 0.75 and not breaker.closed
    assert breaker.wait(1.0) == 0 and breaker.take()
    assert breaker.wait(1.0) == float("inf")  # one alone
    breaker.bad(1.5, DOWN, probe=True)
    assert breaker.wait(1.5) == 2.0  # longer than before
    assert breaker.wait(3.5) == 0 and breaker.take()
    breaker.dropped()
    assert breaker.wait(3.5) == 0 and breaker.take()  # another may look
    breaker.good()
    assert breaker.closed and breaker.wait(3.5) == 0 and not breaker.take()


def test_an_answer_in_between_starts_the_count_anew():
    breaker = Breaker()
    for _ in range(5):
        for _ in range(FAILURES - 1):
            breaker.bad(0.0, DOWN, probe=False)
        breaker.good()
    assert breaker.closed


def test_failures_of_requests_that_were_under_way_do_not_prolong_the_rest():
    breaker = Breaker()
    for _ in range(5 * FAILURES):
        breaker.bad(0.0, DOWN, probe=False)
    assert breaker.wait(0.0) == 1.0


def test_the_error_says_what_happened_and_when_it_is_tried_again():
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.bad(0.0, DOWN, probe=False)
    error = breaker.error(0.5)
    assert isinstance(error, Resting) and (error.kind, error.status, error.retry_after) == ("server", 503, 0.5)
    assert "overloaded (10 times in a row)" in str(error) and "again in 0.5 seconds" in str(error)
    assert not error.hopeless


@given(st.lists(st.tuples(st.sampled_from(["ask", "good", "bad", "dropped"]), st.floats(0, 100)), max_size=200))
def test_there_is_never_more_than_one_probe_and_a_rest_is_bounded(steps):
    breaker, moment, probes = Breaker(), 0.0, 0
    for what, pause in steps:
        moment += pause
        if what == "ask" and breaker.wait(moment) == 0:
            probes += breaker.take()
        elif what == "good":
            breaker.good()
            probes = 0
        elif what == "bad":
            breaker.bad(moment, DOWN, probe=probes > 0)
            probes = 0
        elif what == "dropped" and probes:
            breaker.dropped()
            probes = 0
        assert probes <= 1 and (breaker.wait(moment) <= LONGEST_REST or probes == 1)


# --- tries after the first ---


def test_tries_after_the_first_are_a_tenth_of_the_answers_in_the_long_run():
    moment = [0.0]
    allowance = Allowance(10, lambda: moment[0])
    taken = sum(allowance.take() for _ in range(1000))
    assert taken == 10
    for _ in range(50):
        allowance.good()
    assert sum(allowance.take() for _ in range(1000)) in (4, 5)


def test_who_was_turned_away_takes_a_quarter_of_who_broke_something():
    for kind, tries in (("rate", 40), ("server", 10)):
        allowance = Allowance(10, lambda: 0.0)
        error = ProviderError("no", kind=kind)
        assert sum(Retrying(RetryPolicy(), allowance).wait(error) > 0 for _ in range(tries))
        with pytest.raises(ProviderError, match=r"no \(tried once; too many requests fail"):
            Retrying(RetryPolicy(), allowance).wait(error)
        invited = ProviderError("no", kind=kind, retry_after=2.0)
        assert Retrying(RetryPolicy(), allowance).wait(invited) >= 2  # the server asked for it


def test_a_quiet_while_gives_any_single_request_its_tries_again():
    moment = [0.0]
    allowance = Allowance(10, lambda: moment[0])
    while allowance.take():
        pass
    moment[0] = 60.0
    assert sum(allowance.take() for _ in range(5)) == 5
    moment[0] = 10**6
    assert sum(allowance.take() for _ in range(1000)) == 10


# --- other models ---


class Models:
    """Models that cannot answer for reasons, and one clock."""

    def __init__(self, **why: str) -> None:
        self.why = why
        self.asked: list[str] = []
        self.told: list[Any] = []
        self.moment = 0.0
        self.fallback = Fallback(["stork", "crane"], lambda: self.moment)

    async def _one(self, model: str) -> Reply | ProviderError:
        self.asked.append(model)
        return (
            ProviderError(f"{model} cannot", kind=self.why[model]) if model in self.why else Reply("yes", model=model)
        )

    def ask(self, first: str = "heron") -> str:
        notify = lambda kind, about: self.told.append((kind, about["from"], about["to"], about["why"]))  # noqa: E731
        return asyncio.run(self.fallback.ask(first, self._one, notify)).model


@pytest.mark.parametrize("kind", ["quota", "model", "context", "rate", "server"])
def test_a_model_that_cannot_answer_is_followed_by_the_next(kind):
    models = Models(heron=kind, stork=kind)
    assert models.ask() == "crane"
    assert models.told == [
        ("fallback", "heron", "stork", "heron cannot"),
        ("fallback", "stork", "crane", "stork cannot"),
    ]


@pytest.mark.parametrize("kind", ["key", "refused", "url", "request", "network", "timeout", "reply"])
def test_what_would_be_the_same_with_another_model_is_an_error_at_once(kind):
    models = Models(heron=kind)
    with pytest.raises(ProviderError, match="heron cannot"):
        models.ask()
    assert models.asked == ["heron"] and not models.told


def test_the_requests_own_model_comes_first_and_each_is_asked_once():
    models = Models(crane="rate", heron="rate", stork="rate")
    with pytest.raises(ProviderError, match="stork cannot"):
        models.ask("crane")
    assert models.asked == ["crane", "stork"]


def test_a_model_without_credit_is_passed_over_for_a_while():
    models = Models(heron="quota", stork="server")
    assert [models.ask() for _ in range(3)] == ["crane"] * 3
    assert models.asked == ["heron", "stork", "crane"] + ["stork", "crane"] * 2
    assert len(models.told) == 6  # each request says which way it took
    models.moment, models.why = FOR_SECONDS + 1, {}
    assert models.ask() == "heron"


def test_the_last_model_is_asked_even_if_it_had_no_credit():
    models = Models(heron="quota", stork="quota", crane="quota")
    for _ in range(2):
        with pytest.raises(ProviderError, match="crane cannot"):
            models.ask()
    assert models.asked == ["heron", "stork", "crane", "crane"]
