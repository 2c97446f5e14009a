"""Signing in with name and password: throttle, verify, forget, as one verb."""

from __future__ import annotations

from dataclasses import dataclass

from storage.clock import Clock, utc_now
from storage.database import Database
from storage.throttle import SignInThrottle
from storage.users import User, Users


@dataclass(frozen=True)
class SignIn:
    """What came of an attempt: a user, or nobody and the seconds to wait before the next one."""

    user: User | None
    wait: float = 0.0


def sign_in(db: Database, name: str, password: str, address: str, clock: Clock = utc_now) -> SignIn:
    """One attempt. Counted as failed before the password is looked at, so that guessing in parallel gains
    nothing."""
    throttle = SignInThrottle(db, clock)
    wait = throttle.reserve(name, address)
    if wait:
        return SignIn(None, wait)
    user = Users(db, clock).verify(name, password)
    if user is None:
        return SignIn(None, throttle.allowed(name, address))
    throttle.succeeded(name, address)
    return SignIn(user)
