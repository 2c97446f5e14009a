"""Files and product media: made at once, fetched from their source once, READY or FAILED later."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.pages import listed
from sandbox.shopify.project import resolver
from sandbox.shopify.store import Store

Obj = dict[str, Any]
MOST_ALT = 512
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".avif", ".svg", ".bmp", ".tif", ".tiff")


def source_errors(given: Obj, path: list[str]) -> list[Obj]:
    """What is wrong with a file that is to be made; an empty list if nothing."""
    source, filename, mode = given.get("originalSource") or "", given.get("filename"), _mode(given)
    parts = urlsplit(source)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [user_error([*path, "originalSource"], "File URL is invalid", "INVALID_IMAGE_SOURCE_URL")]
    if filename and PurePosixPath(filename).suffix.lower() != _ending(source):
        message = "Provided filename extension must match original source."
        return [user_error([*path, "filename"], message, "MISMATCHED_FILENAME_AND_ORIGINAL_SOURCE")]
    if mode == "REPLACE" and not given.get("contentType"):
        message = "Duplicate resolution mode 'REPLACE' is not supported for 'MISSING' media type."
        return [user_error([*path, "duplicateResolutionMode"], message, "INVALID_DUPLICATE_MODE_FOR_TYPE")]
    if mode == "REPLACE" and not filename:
        message = "Missing filename argument when attempting to use REPLACE duplicate mode."
        return [user_error([*path, "filename"], message, "MISSING_FILENAME_FOR_DUPLICATE_MODE_REPLACE")]
    return alt_errors(given, path)


def alt_errors(given: Obj, path: list[str]) -> list[Obj]:
    """An alternative text that is too long."""
    if len(given.get("alt") or "") > MOST_ALT:
        message = f"The alt value exceeds the maximum limit of {MOST_ALT} characters."
        return [user_error([*path, "alt"], message, "ALT_VALUE_LIMIT_EXCEEDED")]
    return []


def _mode(given: Obj) -> str:
    return given.get("duplicateResolutionMode") or "APPEND_UUID"


def _ending(source: str) -> str:
    return PurePosixPath(unquote(urlsplit(source).path)).suffix.lower()


def create_file(context: Context, given: Obj) -> Obj:
    """A new file out of a source URL; the same URL again makes another one."""
    store, now = context.store, context.store.now()
    name = (
        given.get("filename") or PurePosixPath(unquote(urlsplit(given["originalSource"]).path)).name or "file"
    )
    if any(file["_filename"] == name for file in _same_name(store, name)):
        path = PurePosixPath(name)
        name = f"{path.stem}_{uuid.uuid4()}{path.suffix}"
    image = given.get("contentType") in (None, "IMAGE") or name.lower().endswith(IMAGE_ENDINGS)
    type_name = "MediaImage" if image else "GenericFile"
    file: Obj = {
        "__typename": type_name,
        "id": gid(type_name, store.number()),
        "alt": given.get("alt") or "",
        "mediaContentType": "IMAGE" if image else "FILE",
        "fileStatus": "UPLOADED",
        "status": "UPLOADED",
        "fileErrors": [],
        "mediaErrors": [],
        "mediaWarnings": [],
        "mimeType": _mime(name) if image else None,
        "createdAt": now,
        "updatedAt": now,
        "image": None,
        "_filename": name,
        "_source": given["originalSource"],
        "_bytes": None,
        "_products": [],
    }
    store.files_by_name.setdefault(name, set()).add(file["id"])
    store.save("file", file)
    store.media.expect(file)
    context.effect("file.created", str(number_of(file["id"])), args=given, after=name)
    return file


def _same_name(store: Store, name: str) -> list[Obj]:
    return [file for id in store.files_by_name.get(name, ()) if (file := store.get("file", id))]


def _mime(name: str) -> str:
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    return f"image/{'jpeg' if ending in ('jpg', '') else ending}"


def settle_files(store: Store) -> None:
    """Turn files whose time has come READY or FAILED; called before requests are answered."""
    for id, error, size in store.media.due():
        file = store.get("file", id)
        if file is not None:
            _settle(store, file, error, size)


def _settle(store: Store, file: Obj, error: str, size: int) -> None:
    """READY with a picture, or FAILED with the reason."""
    file["updatedAt"] = store.now()
    if error:
        file["fileStatus"] = file["status"] = "FAILED"
        details = f"The file could not be downloaded from its source: {error}"
        file["fileErrors"] = [
            {"code": "IMAGE_DOWNLOAD_FAILURE", "details": details, "message": "Image download failed"}
        ]
        file["mediaErrors"] = list(file["fileErrors"])
        store.tools.ledger.effect("file.failed", file["id"].rsplit("/", 1)[-1], detail={"error": error})
    else:
        file["fileStatus"] = file["status"] = "READY"
        file["_bytes"] = size
        number = file["id"].rsplit("/", 1)[-1]
        if file["__typename"] == "MediaImage":
            file["image"] = {
                "id": f"gid://shopify/ImageSource/{number}",
                "url": cdn_url(file),
                "altText": file["alt"] or None,
                "width": 800,
                "height": 1200,
            }
    store.save("file", file)


def attach(context: Context, product: Obj, file: Obj) -> None:
    """Make a file part of a product's media, at the end; saving the product is the caller's."""
    if file["id"] not in product["_media"]:
        product["_media"].append(file["id"])
    if product["id"] not in file["_products"]:
        file["_products"].append(product["id"])
        context.store.save("file", file)


def detach(context: Context, product: Obj, file_id: str) -> None:
    """Take a file out of a product's media and its variants'; the file stays in the store."""
    product["_media"] = [id for id in product["_media"] if id != file_id]
    for variant in product["_variants"]:
        variant["_media"] = [id for id in variant["_media"] if id != file_id]
    file = context.store.get("file", file_id)
    if file and product["id"] in file["_products"]:
        file["_products"].remove(product["id"])
        context.store.save("file", file)


def media_of(owner: Obj, context: Context) -> list[Obj]:
    """The files of a product or variant, in order."""
    if context.fault_is("without_media"):
        return []
    return [file for id in owner["_media"] if (file := context.store.get("file", id))]


def _media(owner: Obj, arguments: Obj, context: Context) -> Obj:
    return listed(media_of(owner, context), arguments)


def _featured(owner: Obj, arguments: Obj, context: Context) -> Obj | None:
    return next(iter(media_of(owner, context)), None)


def _images(owner: Obj, arguments: Obj, context: Context) -> Obj:
    return listed([file["image"] for file in media_of(owner, context) if file["image"]], arguments)


def _image(owner: Obj, arguments: Obj, context: Context) -> Obj | None:
    return next((file["image"] for file in media_of(owner, context) if file["image"]), None)


for _type in ("Product", "ProductVariant"):
    resolver(_type, "media")(_media)
resolver("Product", "featuredMedia")(_featured)
resolver("Product", "images")(_images)
resolver("Product", "featuredImage")(_image)
resolver("ProductVariant", "image")(_image)


@resolver("Product", "mediaCount")
def media_count(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """How many media a product has."""
    return {"count": len(media_of(owner, context)), "precision": "EXACT"}


@resolver("MediaImage", "preview")
def preview(file: Obj, arguments: Obj, context: Context) -> Obj:
    """The picture that stands for a medium; without one until it is READY."""
    return {"image": file["image"], "status": file["status"]}


@resolver("GenericFile", "preview")
def no_preview(file: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Files that are no pictures have none."""
    return None


@resolver("GenericFile", "url")
def url(file: Obj, arguments: Obj, context: Context) -> str | None:
    """Where the file is served once it is READY."""
    return cdn_url(file) if file["fileStatus"] == "READY" else None


@resolver("MediaImage", "originalSource")
def original_source(file: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The uploaded original; not there before READY."""
    if file["fileStatus"] != "READY":
        return None
    return {"fileSize": file["_bytes"] or 0, "url": cdn_url(file)}


def cdn_url(file: Obj) -> str:
    """Where Shopify would serve a file."""
    return f"https://cdn.shopify.com/s/files/1/0928/9125/0994/files/{file['_filename']}?v={number_of(file['id'])}"
