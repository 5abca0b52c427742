"""The fault matrix: what we break, and what must come of it.

Common to every row: the platform shows each post as often as expected, once or not at all;
nothing is left without somebody who moves it; whoever scheduled it was told.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One fault."""

    id: str
    part: str
    injection: str
    expected: str


_TEXT = """
# Crash
F01 | SIGKILL at each store write and each platform call of a run, one by one | one post, published
F02 | SIGKILL at every Nth system call of a publish run | one post
F03 | F02 for each kind of answer: good, lost after acceptance, 500 after, 500 before | one post; none, or a person asked, where absence cannot be proved
F04 | SIGKILL during `schedule`, at every write | all or nothing; the same `--key` again makes no second row
F05 | SIGKILL between a handle obtained and the handle saved | at most one unseen draft, one public post
F06 | SIGKILL at every chunk of a 50 MB upload | resumed; less than 1.2 times the bytes sent
F08 | SIGKILL twice: in the act, then in the recovery | one post
F09 | a run stopped before its intent; its lease ends, another publishes, it wakes | the sleeper writes no row and sends no byte
F11 | SIGKILL at each statement of a migration | the next start resumes or restores; nothing is lost
F12 | out of memory in the act | as a crash
F13 | the interpreter itself crashes | as a crash
F14 | notification, webhook or statistics fail after landing | still published; the act is not repeated
# Power and disk
F15 | power cut as the call leaves, for each journal mode in use | the intent survives; one post
F16 | power cut at each sync of a run | the store is sound; one post
F17 | the store was set to a journal mode that forgets | refused or repaired, and said
F18 | fsync fails on the intent | nothing is sent; exit is not 0
F19 | fsync fails on the outcome | the emergency journal has it; no second post
F20 | disk full before the intent | nothing is sent
F22 | disk full while `schedule` copies media | no row, no half file
F23 | read-only file system | nothing is sent; `status` still reads
F25 | the database file is cut short, or a page of it zeroed | the start is refused, with what to do
F26 | the database file is deleted while a run works | no second, empty store comes into use
F27 | no inodes, no quota | as F20
F28 | local media changed after its checksum | refused before the act
# Wire
F29 | each end of a connection, on prepare, act, poll and look | the verdict its evidence allows
F30 | the reply cut after each byte | live only if the id is whole, else unknown
F31 | the request cut after each byte | "not sent" only before its first byte
F34 | the sender is killed; the server reads the buffered request 30 s later | the settling time covers it; one post
F35 | a kept-alive connection dies as the request goes out | the act never uses a used connection
F37 | 100 and 103 before 201 | live
F38 | 200 with HTML, nothing, broken gzip, 200 MB | unknown; memory stays bounded
F39 | DNS: no such name, slow, unreachable addresses, changing | not sent; tried again
F40 | TLS: expired, other host, self-signed, reset in the handshake | not sent; never unverified
F41 | 30 % packet loss, 3 s latency, a cut in mid-reply | one post
F42 | a captive portal answers HTML to everything | the act is unknown, the breaker opens
# Platform behaviour
F43 | an error reply although it is live | looked for and adopted; "published"
F44 | 201, and the post never appears | never called seen; a person is asked within 10 minutes
F45 | a duplicate refusal that names a ghost | the ghost is not there: unknown, then a person
F47 | two posts match | a person, who is shown both
F48 | the look finds nothing because the permission to read is gone | nothing is sent again
F49 | looks answer 429 or 500 for 6 h | nothing is sent meanwhile; a person at the deadline
F50 | the text comes back changed: short links, entities, hashtags, normal forms | still recognised
F51 | the handle was ready, and the act says it is gone | a new handle only after absence is proved
F52 | the handle expires at the due second, or between claim and act | prepared anew, or said in time
F53 | accepted, then failed by moderation after 2 h | "failed" is shown, not "published"
F54 | an aggregator moves a post, or publishes half of it | the truth per network; nothing made anew
F56 | unknown enum values, new fields, ids above 2^53 | no crash; ids are kept as text
F57 | a thread of 5, unknown at part 3 | 4 and 5 wait; they follow in order once 3 is found
F58 | a sequence whose part 2 is refused | it stops there; part 1 is untouched
# PostgreSQL and several hosts
F59 | the backend is terminated at each statement | as a crash
F60 | the connection is cut before and after COMMIT of claim, intent, outcome | intent lost: never sent; outcome lost: read again
F62 | the server restarts at once in a run | as a crash
F63 | 20 processes at once over 1,000 due deliveries on PostgreSQL | 1,000 posts; no deadlock reaches anybody
F64 | the same on SQLite | the same
F66 | a host dies in the act, others live | finished where repeating is safe; else a person
F68 | a read-only standby | nothing is sent
F69 | PgBouncer in transaction mode | works; no session lock is left
F70 | lock timeout, deadlock, serialization failure | the phase is repeated, never the act
F71 | a cloned host | noticed and refused
F72 | one host runs an older version during a migration | it refuses the newer store and sends nothing
# Time
F73 | a simulated year of minutes, clock changes both ways | each post once, at its instant
F75 | the clock goes back 2 h right after publishing | nothing is published again
F77 | the clock jumps 3 h, 30 h, to 2098, and back | in grace: published; beyond: asked; 2098: held
F78 | suspended for 8 h in a run | the run ends itself; what is late is said
F79 | no run for a minute, an hour, 3 days, 40 days | the policy of each post; no flood
F80 | no tick for 5 minutes | `status --check` is not 0
F81 | a zone's rules change | what is not claimed gets its new instant, and is listed
F82 | no zone data, an odd TZ, LANG=C, tr_TR | an error or the right result, never a guess
F83 | leap day, the 31st, 2038, the year 9999 | defined
F84 | Retry-After as seconds, date, negative, 10 years, garbage, twice | kept within bounds
# Process and cron
F86 | three overlapping runs, one hung in an act | the others work on; the hung one is fenced; an alarm
F87 | TERM, INT, HUP, PIPE, QUIT at each point | claims let go; one post; a documented exit
F89 | a second TERM while it finishes | out within a second, the state safe
F90 | cron's environment: nothing set, no HOME, streams closed, a full pipe | works, or one clear line
F91 | stdout is /dev/full, stderr closed | the outcome is stored
F92 | 16 file descriptors; umask 0000 and 0777 | a clear failure; the right modes
F93 | every command at the same time | the invariants hold
# Accounts, quota, load
F94 | the access token ends at the due second; a new one can be had | one refresh, one post
F95 | two processes refresh one account | one refresh; both use it
F97 | a crash between a new token received and stored | the next run logs in anew; no loop
F98 | the refresh brings no token, a shorter life, another account | the old one is kept; another account is refused
F99 | 429 for 2 h, 5xx for 2 h, 200 due posts | only the breaker's calls; all end well, or late and said
F100 | a daily quota smaller than the plan | said at `schedule`
F101 | the account is banned, its scope removed, its password changed | one alarm, not one per post
F102 | 10,000 due at once; a million rows of history | in budget, under 200 MB, the nearest first
# Media, configuration, people
F103 | the media store is slow, denies, is gone, disagrees on the time, lost or changed an object | tried again, or said before the due second
F104 | media deleted or unreadable | said at pre-upload, not at the due second
F105 | configuration: half-written, BOM, NUL, a bomb, unknown key, wrong type, an account twice | nothing is sent; file and line are named
F106 | the configuration is replaced during a run | the run keeps what it read
F108 | a copy of the store starts on another host | refused until a person adopts it
F109 | edit or cancel while it is claimed, on the wire, or unknown | refused with the reason; never a mixture
F110 | an impatient person types `retry` ten times at once | one post
F111 | an older version after a migration | refused, with the way back
"""

#: why a row has no test: one honest sentence each
REASONS: dict[str, str] = {
    "F81": "a moment is stored as the instant it was given for, in UTC, and the answer to `schedule` "
    "shows it: new rules of a zone move nothing. Following them is for recurring posts.",
}


def _read() -> dict[str, Row]:
    rows: dict[str, Row] = {}
    part = ""
    for line in filter(None, _TEXT.splitlines()):
        if line.startswith("# "):
            part = line.removeprefix("# ")
            continue
        name, injection, expected = line.split(" | ")
        rows[name] = Row(name, part, injection, expected)
    return rows


ROWS = _read()
