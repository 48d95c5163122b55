"""What happened at a window, and to clerks."""

from __future__ import annotations

from callq.domain.events.base import _Event


class ClerkSignedIn(_Event, frozen=True, kw_only=True, tag="clerk_signed_in"):
    """A clerk took a seat."""

    window: str
    clerk: str


class ClerkSignedOut(_Event, frozen=True, kw_only=True, tag="clerk_signed_out"):
    """A clerk left."""

    window: str
    clerk: str


class WindowHandedOver(_Event, frozen=True, kw_only=True, tag="window_handed_over"):
    """Another clerk has the window and its ticket now."""

    window: str
    before: str
    clerk: str
    reason: str = ""


class TraineeSeated(_Event, frozen=True, kw_only=True, tag="trainee_seated"):
    """A trainee sits beside the mentor."""

    window: str
    clerk: str


class TraineeLeft(_Event, frozen=True, kw_only=True, tag="trainee_left"):
    """The trainee left."""

    window: str
    clerk: str


class SkillsSet(_Event, frozen=True, kw_only=True, tag="skills_set"):
    """Skills in use at a window; None: all of the clerk's."""

    window: str
    skills: tuple[str, ...] | None


class ClerkSeconded(_Event, frozen=True, kw_only=True, tag="clerk_seconded"):
    """A clerk serves another hall."""

    clerk: str
    hall: str


class ClerkReturned(_Event, frozen=True, kw_only=True, tag="clerk_returned"):
    """A seconded clerk is back."""

    clerk: str


class WindowOpened(_Event, frozen=True, kw_only=True, tag="window_opened"):
    """The window may call; a close that was to come is forgotten."""

    window: str


class WindowDraining(_Event, frozen=True, kw_only=True, tag="window_draining"):
    """The window will close after its ticket."""

    window: str


class WindowClosed(_Event, frozen=True, kw_only=True, tag="window_closed"):
    """The window is closed."""

    window: str


class PauseRequested(_Event, frozen=True, kw_only=True, tag="pause_requested"):
    """The window will pause after its ticket."""

    window: str
    reason: str = ""


class WindowPaused(_Event, frozen=True, kw_only=True, tag="window_paused"):
    """The window is paused."""

    window: str
    reason: str = ""


class WindowUnpaused(_Event, frozen=True, kw_only=True, tag="window_unpaused"):
    """The window goes on, or a pause that was to come is forgotten."""

    window: str
