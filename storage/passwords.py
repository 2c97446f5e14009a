"""Passwords become Argon2id hashes in PHC notation; where the OpenSSL in use has none, scrypt."""

from __future__ import annotations

import base64
import hmac
import os
import threading
import unicodedata

from cryptography.exceptions import InvalidKey, UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from storage.errors import BadInput

SHORTEST = 10
LONGEST = 1024
ITERATIONS, LANES, MEMORY_KIB = 2, 1, 64 * 1024
"""Argon2id with 64 MiB and two passes: well above OWASP's least (19 MiB, two passes)."""
SCRYPT_LOG_N = 16
"""64 MiB with r = 8."""
_ARGON2_PREFIX = f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}$"
_SCRYPT_PREFIX = f"$scrypt$ln={SCRYPT_LOG_N},r=8,p=1$"
_two_at_a_time = threading.BoundedSemaphore(2)  # many sign-ins at once must not eat a small machine's memory


def hash_password(password: str, *, check: bool = True) -> str:
    """The text to store. Raises BadInput for fewer than ten characters, too many, or only one repeated."""
    if check:
        _check_strength(password)
    secret, salt = _bytes(password), os.urandom(16)
    with _two_at_a_time:
        try:
            return _argon2(salt).derive_phc_encoded(secret)
        except UnsupportedAlgorithm:
            return _SCRYPT_PREFIX + _b64(salt) + "$" + _b64(_scrypt(salt, secret))


def matches(password: str, stored: str | None) -> bool:
    """Whether `stored` was made from `password`; None costs as much time as a wrong password."""
    if len(password) > LONGEST:
        password, stored = "", None
    with _two_at_a_time:
        return _matches(_bytes(password), stored or _nobodys()) and stored is not None


def outdated(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's, so that it should be made again."""
    return not stored.startswith(_nobodys().rsplit("$", 2)[0] + "$")


def _matches(secret: bytes, stored: str) -> bool:
    if stored.startswith("$argon2id$"):
        try:
            Argon2id.verify_phc_encoded(secret, stored)
        except InvalidKey:
            return False
        return True
    salt, digest = (_unb64(part) for part in stored.split("$")[-2:])
    return hmac.compare_digest(_scrypt(salt, secret), digest)


def _nobodys() -> str:
    """A hash that no password matches, as costly to try as a real one."""
    prefix = _ARGON2_PREFIX if argon2_available() else _SCRYPT_PREFIX
    return prefix + _b64(bytes(16)) + "$" + _b64(bytes(32))


def argon2_available() -> bool:
    """Whether the OpenSSL in use knows Argon2 (3.2 and later)."""
    try:
        _argon2(bytes(16))
    except UnsupportedAlgorithm:
        return False
    return True


def _argon2(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)


def _check_strength(password: str) -> None:
    if len(password) < SHORTEST:
        raise BadInput("A password has at least {shortest} characters.", shortest=SHORTEST)
    if len(password) > LONGEST:
        raise BadInput("A password has at most {longest} characters.", longest=LONGEST)
    if len(set(password)) < 3:
        raise BadInput("A password needs at least three different characters.")


def _scrypt(salt: bytes, secret: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**SCRYPT_LOG_N, r=8, p=1).derive(secret)


def _bytes(password: str) -> bytes:
    """The same bytes whether a keyboard sends ş as one character or as two."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
