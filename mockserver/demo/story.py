"""The story: its scenes in their order, what is said, what is played, and what the presenter may add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mockserver.demo.scenes import connecting, failing, forgetting, ordering, proving, reviewing
from mockserver.demo.stage import Outcome, Stage

#: Plays a scene with what was chosen in it.
Play = Callable[[Stage, str], Outcome]


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the story.

    :ivar name: in addresses and file names
    :ivar lead: what the audience is about to see
    :ivar notes: for the presenter: what to say and what to point at
    :ivar requirements: of the partner programme, those it shows something of
    :ivar button: what starts it
    :ivar choices: values and names of what the audience may choose; the first is played unless another is chosen
    """

    name: str
    title: str
    lead: str
    notes: tuple[str, ...]
    play: Play
    requirements: tuple[str, ...] = ()
    button: str = "Play"
    choices: tuple[tuple[str, str], ...] = ()


SCENES: Final = (
    Scene(
        "start",
        "What you are looking at",
        "A local Trustpilot, a local Segment, and between them the integration that is to be approved. It runs on this "
        "machine, without an account and without the network.",
        (
            "Say first what this is not: not Trustpilot, not a sandbox of theirs. Only the integration is real.",
            "The programme's own requirements are filled in as the story goes on; some need a person, and stay open.",
            "The contract cases begin to run in the background now; their result is shown near the end.",
        ),
        proving.begin,
        ("1",),
        "Begin",
    ),
    Scene(
        "wrong-ways",
        "Connect a shop: the wrong ways first",
        "A domain nobody knows, a shop without a paid plan, one whose owner switched partners off, one that belongs to "
        "another partner, a wrong redirect, a login that is refused, and an answer nobody asked for.",
        (
            "Every refusal carries a message that the customer can act on. Read one aloud.",
            "Nothing was made for any of them: no keys, no connection.",
            "Trustpilot answers the check with 200 for no and 201 for yes: a trap for integrations.",
        ),
        connecting.play_wrong_ways,
        ("3", "4", "6"),
    ),
    Scene(
        "connect",
        "Connect a shop: the right way",
        "Domain, business unit, eligibility, keys, login at Trustpilot, and an integration key to paste into Segment.",
        (
            "The calls stand in the order of the partner instructions. Open one: host, headers, answer.",
            "The customer's password went to Trustpilot's page only. The integration saw a code, once.",
        ),
        connecting.play_right_way,
        ("2", "3", "4", "5", "6"),
    ),
    Scene(
        "order",
        "An order",
        "The shop reports Order Completed to Segment. Segment delivers it, and one invitation is queued.",
        (
            "Five steps at Segment, then the destination. The table shows what became of each field of the event.",
            "One call to Trustpilot for one order; the token is reused. The partner's id is in its header.",
        ),
        ordering.play_order,
        ("6, note", "7, invite"),
        "Send the order",
    ),
    Scene(
        "retries",
        "Segment retries three times",
        "Trustpilot fails three times for the next order. Segment tries again, hours pass by the sandbox's clock.",
        (
            "Hand over the mouse: let the Solutions Engineer press the button.",
            "Point at the attempts and at their times. In the end there is one invitation.",
        ),
        ordering.play_retries,
        ("7, invite",),
        "Segment retries this three times",
    ),
    Scene(
        "replay",
        "Segment replays yesterday",
        "A day later everything of yesterday is sent once more, as Segment's Replay does it, and the shop reports the "
        "same orders again under new message ids.",
        (
            "No buyer is written to twice. The reason stands beside each event.",
            "A replay comes with the old message ids, a new report with new ones: the ledger knows the order itself.",
        ),
        ordering.play_replay,
        ("7, invite",),
        "Replay yesterday",
    ),
    Scene(
        "fault",
        "Pick a fault",
        "Choose what goes wrong at Trustpilot while an order comes in.",
        (
            "Let them choose, and play it again with another choice.",
            "Look for three things: the order is not lost, there is no storm of calls, and the buyer gets one mail.",
        ),
        failing.play,
        ("7, invite",),
        "Let it go wrong",
        failing.CHOICES,
    ),
    Scene(
        "review",
        "A week later: a review, and a reply",
        "The mail goes out when it is due, the buyer follows its link and writes a review, a webhook tells of it, and "
        "the shop replies.",
        (
            "Time is moved, not waited for. Open the Outbox in the console to show the mail itself.",
            "The reply is posted by the API, and stands where the public sees it.",
        ),
        reviewing.play,
        ("7, reply",),
        "Let a week pass",
    ),
    Scene(
        "deletion",
        "Forget a person",
        "The buyer deletes the account at Trustpilot, and asks the shop to be forgotten: the shop starts a deletion at "
        "Segment. In the end the shop disconnects.",
        (
            "Segment's delete call reaches the integration, which deletes at Trustpilot and in its own store.",
            "Then everything is searched for the address. Every place is named with what was found there.",
        ),
        forgetting.play,
        ("7, ingestion",),
        "Delete, then search",
    ),
    Scene(
        "plan",
        "The requirements, one by one",
        "The contract cases have run against the same integration. One row for each requirement of the programme.",
        (
            "Yellow rows are not failures: they need a person, and no program can prove them.",
            "Every row names its cases; tpmock test --explain says what each one means.",
        ),
        proving.show_plan,
        button="Show the result",
    ),
    Scene(
        "gaps",
        "What this does not prove",
        "What rests on assumptions, what was never seen at the real Trustpilot, and the calls we ask to make together.",
        (
            "Show this before you are asked.",
            "The calls only read. They need a test account and ten minutes.",
        ),
        proving.show_gaps,
        button="Show the gaps",
    ),
    Scene(
        "pack",
        "The evidence, to take away",
        "Everything that was found, in one file that can be checked on another machine without this program running.",
        (
            "Hand over the file, and let them check it: tpmock evidence verify FILE.",
            "Close with the requirements that need a person, and who does what next.",
        ),
        proving.show_pack,
        button="Show the pack",
    ),
)
