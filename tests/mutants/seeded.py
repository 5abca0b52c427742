"""The seeded defects (old text, new text, and the test that sees it)."""

from __future__ import annotations

from typing import Final

from tests.mutants.defect import Change, Defect

DEFECTS: Final = (
    Defect(
        1,
        "mark after sending",
        (
            Change(
                "operations/publish.py",
                "iter(self.holding.record([*endings, *uploads, *intents]))",
                "iter([*self.holding.record([*endings, *uploads]), *(move.delivery for move in intents)])",
            ),
            Change(
                "operations/outcomes.py",
                "        return [ending(self.house, held.delivery, verdict)",
                "        from postcron.operations.protocol import intent\n\n"
                "        for held, _ in self._ended:\n"
                "            [held.delivery] = self.holding.record([intent(held.delivery, held.ticket)])\n"
                "        return [ending(self.house, held.delivery, verdict)",
            ),
        ),
        "proof/test_crashes.py::test_where_only_a_list_tells_dying_never_leads_to_a_second_post[readback]",
    ),
    Defect(
        2,
        "mark before sending as published",
        (
            Change(
                "operations/recover.py",
                '        Step.LOST,\n        wake_at=now + FIRST_LOOK,\n        set={"error_code": "answer_lost", "error": "The run that was publishing it died."},\n        close=Outcome.UNKNOWN,',
                '        Step.LANDED,\n        wake_at=None,\n        set={"published_at": now},\n        close=Outcome.LANDED,',
            ),
        ),
        "proof/test_crashes.py::test_dying_at_any_point_ends_with_exactly_one_post[handle-ok]",
    ),
    Defect(
        3,
        "drop the fence from WHERE",
        (
            Change(
                "store/recording.py",
                'delivery.c.fence == bindparam("seen_fence")',
                'delivery.c.fence - bindparam("seen_fence") < 1_000_000',
            ),
        ),
        "store/test_recording.py::test_a_reader_who_is_behind_writes_nothing",
    ),
    Defect(
        4,
        "synchronous=NORMAL",
        (
            Change(
                "store/sqlite.py",
                '("wal", "FULL", 2) if wal else ("truncate", "EXTRA", 3)',
                '("wal", "NORMAL", 1)',
            ),
        ),
        "store/test_sqlite.py::test_every_connection_keeps_what_it_commits",
    ),
    Defect(
        5,
        "a lost answer counts as not sent",
        (
            Change(
                "web/wire.py",
                "if trace.sent:\n                lost",
                "if trace.sent and not isinstance(error, httpcore.ReadTimeout):\n                lost",
            ),
        ),
        "web/test_act.py::test_an_answer_that_does_not_come_whole_proves_nothing",
    ),
    Defect(
        6,
        "5xx counts as refused",
        (
            Change(
                "platforms/base.py",
                "    if refusal is None:\n        return OutcomeUnknown(",
                "    if answer.status >= 500:\n"
                "        return Temporary(said, code=Code.SERVER_TROUBLE, evidence=Evidence.REFUSED)\n"
                "    if refusal is None:\n        return OutcomeUnknown(",
            ),
        ),
        "platforms/test_contract.py::test_everything_that_is_not_listed_is_unknown",
    ),
    Defect(
        7,
        "nothing is given time to settle",
        (
            Change(
                "operations/looking.py",
                "(self.attempt.ended_at or self.attempt.intended_at) + self.settle",
                "self.attempt.ended_at or self.attempt.intended_at",
            ),
        ),
        "operations/test_doubts.py::test_what_arrives_late_is_waited_for_before_absence_is_believed",
    ),
    Defect(
        8,
        "adopt the first that looks like it",
        (Change("platforms/mastodon.py", "if len(ours) == 1:", "if ours:"),),
        "platforms/test_mastodon.py::test_two_that_look_like_it_are_shown_to_a_person",
    ),
    Defect(
        9,
        "an empty list proves absence without a post that must be in it",
        (Change("platforms/mastodon.py", "return found, False", "return found, True"),),
        "platforms/test_mastodon.py::test_a_list_that_shows_nothing_older_proves_nothing",
    ),
    Defect(
        10,
        "follow redirects",
        (
            Change(
                "web/wire.py",
                "            return exchange(fresh.handle_request, once)\n",
                "            answer = exchange(fresh.handle_request, once)\n"
                '            if "location" in answer.headers:\n'
                '                there = replace(request, url=answer.headers["location"])\n'
                "                return Wire().call(there, deadline)\n"
                "            return answer\n",
            ),
        ),
        "web/test_act.py::test_a_redirect_is_not_followed",
    ),
    Defect(
        11,
        "the publish call on a connection that was kept",
        (
            Change("web/wire.py", '"connection": "close"', '"connection": "keep-alive"'),
            Change(
                "web/wire.py",
                "    with httpcore.HTTPConnection(once.url.origin, ssl_context=tls(), network_backend=line) as fresh:\n",
                "    made = httpcore.HTTPConnection(once.url.origin, network_backend=line)\n"
                '    kept = globals().setdefault("_kept", made)\n'
                "    with contextlib.nullcontext(kept) as fresh:\n",
            ),
        ),
        "web/test_act.py::test_every_call_has_a_connection_of_its_own",
    ),
    Defect(
        12,
        "the host's clock decides about leases",
        (
            Change(
                "operations/holding.py",
                "self.house.clock.boottime() + left.total_seconds()",
                "delivery.lease_until.timestamp()",
            ),
            Change(
                "operations/publish.py",
                "held.lease_ends - self.clock.boottime() > enough",
                "held.lease_ends - self.clock.now().timestamp() > enough",
            ),
        ),
        "operations/test_doubts.py::test_a_clock_that_is_set_back_prolongs_no_lease",
    ),
    Defect(
        13,
        "renew a login without the lock",
        (
            Change(
                "operations/sessions.py",
                "while not house.store.accounts.hold(account, until=until):",
                "while house.store.accounts.hold(account, until=until) is None:",
            ),
        ),
        "operations/test_sessions.py::test_two_processes_renew_one_login_once_and_both_use_it",
    ),
    Defect(
        14,
        "Python's own handler of SIGINT",
        (Change("cli/signals.py", "_listen(asked)", "_listen(signal.default_int_handler)"),),
        "cli/test_signals.py::test_a_signal_during_the_call_lets_it_finish",
    ),
    Defect(
        15,
        "anything but the outcome before the outcome's commit",
        (
            Change(
                "operations/outcomes.py",
                "        return [ending(self.house, held.delivery, verdict)",
                "        for held, verdict in self._ended:\n"
                "            if verdict.error is not None:\n"
                "                self.holding.learn(held, verdict.error)\n"
                "        return [ending(self.house, held.delivery, verdict)",
            ),
        ),
        "operations/test_doubts.py::test_how_a_call_ended_is_stored_before_anything_it_taught",
    ),
    Defect(
        16,
        "take back only what this host had claimed",
        (
            Change(
                "operations/recover.py",
                "for delivery in expired]",
                "for delivery in expired if delivery.owner == run.id]",
            ),
        ),
        "proof/test_crashes.py::test_dying_at_any_point_ends_with_exactly_one_post[handle-ok]",
    ),
    Defect(
        17,
        "publish what is late without asking",
        (
            Change(
                "rules/lateness.py",
                "if now <= due_at + grace:",
                "if now <= due_at + 1000 * grace:",
            ),
        ),
        "operations/test_stories.py::test_after_three_days_of_downtime_a_post_is_late_and_not_fired_blindly",
    ),
    Defect(
        18,
        "count elapsed time on a local clock",
        (
            Change(
                "rules/moments.py",
                "_elapsed(words, now) or",
                "_elapsed(words, now.astimezone(place)) or",
            ),
        ),
        "rules/test_moments.py::test_a_day_from_now_is_24_hours_across_a_change_of_clocks",
    ),
    Defect(
        19,
        "a database that allows a second live attempt",
        (
            Change(
                "store/migrations/versions/0001_first.py",
                '_index_where("one_live_attempt", "attempt", ["delivery_id"], binding, unique=True)',
                '_index_where("one_live_attempt", "attempt", ["delivery_id"], binding, unique=False)',
            ),
        ),
        "store/test_recording.py::test_the_database_itself_refuses_a_second_live_attempt",
    ),
    Defect(
        20,
        "whole addresses in the log",
        (Change("web/line.py", ".setLevel(logging.WARNING)", ".setLevel(logging.DEBUG)"),),
        "web/test_call.py::test_no_log_shows_an_address",
    ),
    Defect(
        21,
        "queue what a person has paused",
        (
            Change(
                "store/claims.py",
                "waits_no_longer, its_turn(), ~paused())",
                "waits_no_longer, its_turn())",
            ),
        ),
        "store/test_pausing.py::test_each_claim_asks_for_itself_whether_something_is_paused",
    ),
    Defect(
        22,
        "claim what was queued before it was paused",
        (
            Change(
                "store/claims.py",
                "        its_turn(),\n        ~paused(),\n",
                "        its_turn(),\n",
            ),
        ),
        "store/test_pausing.py::test_each_claim_asks_for_itself_whether_something_is_paused",
    ),
    Defect(
        23,
        "an intent that does not ask whether it is paused by now",
        (Change("store/recording.py", 'return ("free", "approved")', 'return ("approved",)'),),
        "store/test_pausing.py::test_the_intent_of_what_was_claimed_before_the_pause_is_refused",
    ),
    Defect(
        24,
        "an intent that does not ask whether it is approved by now",
        (Change("store/recording.py", 'return ("free", "approved")', 'return ("free",)'),),
        "operations/test_approving.py::test_an_intent_of_what_is_not_approved_any_more_is_refused",
    ),
    Defect(
        25,
        "let out what nobody has approved",
        (
            Change(
                "store/recording.py",
                'return ("approved",) if sets_out and',
                "return () if sets_out and",
            ),
        ),
        "operations/test_approving.py::test_the_store_itself_lets_nothing_out_that_nobody_has_approved",
    ),
    Defect(
        26,
        "put aside what somebody saw settled, without looking again",
        (
            Change(
                "store/archiving.py",
                "where(*here, post.c.archived_at.is_(None), settled())",
                "where(*here, post.c.archived_at.is_(None))",
            ),
        ),
        "store/test_archiving.py::test_what_still_moves_is_not_put_aside",
    ),
    Defect(
        27,
        "look again whether it is settled, and not hold the post meanwhile",
        (Change("store/archiving.py", ".order_by(post.c.id).with_for_update()", ""),),
        "store/test_archiving.py::test_a_post_that_is_just_getting_another_delivery_is_not_put_aside",
    ),
    Defect(
        28,
        "of a batch in order claim the next before its turn",
        (
            Change(
                "store/following.py",
                "        delivery.c.after_id.is_(None), _follows(or_(_before.c.state == State.PUBLISHED, goes_on))",
                "        delivery.c.after_id.is_(None), _follows(or_(_before.c.state != State.CANCELLED, goes_on))",
            ),
        ),
        "store/test_following.py::test_the_claims_take_exactly_what_the_rule_lets_go",
    ),
    Defect(
        29,
        "ask for what is kept before that is written down",
        (
            Change(
                "operations/ahead.py",
                "    [begun] = house.record([_asking(house, one)], run=run)\n",
                "    begun = one\n",
            ),
            Change(
                "operations/ahead.py",
                "        platform.withdraw(draft(house, one, post), one.ticket)\n",
                "        platform.withdraw(draft(house, one, post), one.ticket)\n"
                "        [begun] = house.record([_asking(house, one)], run=run)\n",
            ),
        ),
        "proof/test_crashes.py::test_dying_anywhere_while_a_post_is_had_back_doubles_nothing_and_is_told",
    ),
    Defect(
        30,
        "take for given back what its platform shows all the same",
        (
            Change(
                "platforms/metricool.py",
                'if self._read(str(post["id"])) is not None:\n            raise Temporary("Metricool still',
                'if not post:\n            raise Temporary("Metricool still',
            ),
        ),
        "platforms/test_metricool.py::test_a_deletion_that_never_arrived_is_an_error",
    ),
    Defect(
        31,
        "wait here again although it was not given back",
        (
            Change(
                "operations/ahead.py",
                '        raise Refused(f"{message} {error.message}", code="not_given_back") from error\n',
                "        assert message\n",
            ),
        ),
        "operations/test_ahead.py::test_what_is_not_given_back_goes_out_and_is_found",
    ),
    Defect(
        32,
        "sleep through what is to be given ahead",
        (
            Change(
                "store/peek.py",
                """" OR state = 'queued' AND due_at > :tick)\"""",
                """" OR state = 'queued' AND due_at > :tick AND due_at <= :publish)\"""",
            ),
        ),
        "store/test_peek.py::test_what_is_given_ahead_wakes_publish_long_before_it_is_due",
    ),
    Defect(
        33,
        "believe after a restore that nothing was given whose moment is still to come",
        (
            Change(
                "operations/reconcile.py",
                'house.run("reconcile", actor=actor), longest(house)',
                'house.run("reconcile", actor=actor), longest(house) and {}',
            ),
        ),
        "operations/test_ahead.py::test_a_store_from_before_the_giving_does_not_give_it_twice",
    ),
    Defect(
        34,
        "send once more what may have been given back",
        (
            Change(
                "operations/looking.py",
                "if case.delivery.error_code == TAKING_BACK and sighting.sight is Sight.ABSENT:",
                "if case.delivery.error_code == TAKING_BACK and sighting.sight is None:",
            ),
        ),
        "operations/test_ahead.py::test_what_a_platform_may_have_given_back_is_not_repeated",
    ),
)
