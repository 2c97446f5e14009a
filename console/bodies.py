"""Request bodies that a stranger may send: read with a limit, and only from our own pages."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

FORM_LIMIT = 16 * 1024


async def read_body(request: Request, limit: int) -> bytes:
    """The exact bytes of the body; HTTPException 413 as soon as more than `limit` bytes are announced or
    sent.
    """
    announced = request.headers.get("content-length", "0")
    if not (announced.isascii() and announced.isdecimal() and len(announced) < 16) or int(announced) > limit:
        raise HTTPException(413, "The request is too large.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, "The request is too large.")
    return bytes(body)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a small form; the first value of each, text that is not UTF-8 replaced. HTTPException 403
    for a form of another site, 413 for a large one, 400 for one of too many fields."""
    refuse_other_sites(request)
    body = await read_body(request, FORM_LIMIT)
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise HTTPException(400, "This is none of the console's forms.") from error
    return {name: values[0] for name, values in fields.items()}


def refuse_other_sites(request: HTTPConnection) -> None:
    """HTTPException 403 unless the browser says that one of our own pages sends this."""
    if not comes_from_here(request):
        raise HTTPException(403, "This form was sent from another site. Open the console and try again.")


def comes_from_here(request: HTTPConnection) -> bool:
    """True if Origin is our own host, or (where a browser leaves Origin out) Sec-Fetch-Site says so.

    Every current browser sends one of the two with a POST and Origin with a websocket; a page of another site
    can forge neither.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    return bool(origin) and urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
