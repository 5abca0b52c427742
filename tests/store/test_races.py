"""Several processes at once: real ones, on both databases."""

from __future__ import annotations

import subprocess
import sys

from postcron.model import Filter
from postcron.states import State
from postcron.store import Store
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added


def contend(url: str, what: str, count: int) -> list[list[int]]:
    """Let processes loose on one store; return the ids each says it got."""
    contenders = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.contender", url, f"contender-{number}", what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    for contender in contenders:
        assert contender.stdout is not None
        assert contender.stdout.readline() == "ready\n"
    for contender in contenders:
        assert contender.stdin is not None
        contender.stdin.write("go\n")
        contender.stdin.flush()
    answers = [contender.communicate(timeout=90)[0] for contender in contenders]
    assert [contender.returncode for contender in contenders] == [0] * count
    return [[int(word) for word in answer.split()] for answer in answers]


def test_of_three_thousand_none_is_claimed_twice(store: Store, store_url: str) -> None:
    many = [a_new_delivery(f"account-{number}") for number in range(3_000)]
    added(store, a_new_post(*many), run=a_run())
    store.claims.enqueue(a_run("tick"), until=NOW, limit=3_000)
    claims = contend(store_url, "claim", 2)
    everybody = [one for mine in claims for one in mine]
    assert len(everybody) == len(set(everybody)) == 3_000
    assert all(claims), "both should have had a share"
    assert len(store.events(Filter(kinds=frozenset({"claimed"})), limit=5_000)) == 3_000


def test_the_same_key_saved_by_several_at_once_is_one_post(store: Store, store_url: str) -> None:
    ids = contend(store_url, "save", 3)
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids[0])) == 30
    assert store.counts() == {State.SCHEDULED: 90}
    accounts = sorted(one.account for one in store.deliveries(ids[0][0]))
    assert accounts == ["contender-0", "contender-1", "contender-2"]
    assert sorted(one.number for one in store.deliveries(ids[0][0])) == [1, 2, 3]
