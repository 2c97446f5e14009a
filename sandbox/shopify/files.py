"""The Files of the store: list, create, update, delete, and staged uploads for local files."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Any

from sandbox.shopify import media
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import number_of
from sandbox.shopify.pages import by_field, by_id, page
from sandbox.shopify.project import mutation, query
from sandbox.shopify.search import compiled

Obj = dict[str, Any]
FIELDS = {"id", "filename", "status", "media_type", "created_at", "updated_at"}


@query("files")
def files(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of files."""
    by = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt"}.get(arguments.get("sortKey") or "", "id")
    rows = context.store.sorted("file", by)
    if arguments.get("query"):
        test = compiled(arguments["query"], FIELDS)
        known = context.store.index.rows("file")
        found = {id for id, facts in known.items() if test is None or test(facts)}
        rows = [row for row in rows if row["id"] in found]
    return page(rows, arguments, by_id if by == "id" else by_field(by))


@mutation("fileCreate")
def file_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Make files out of source URLs: all, or none if one is refused."""
    errors = []
    for n, one in enumerate(arguments["files"]):
        path = ["files", str(n)]
        errors += media.source_errors(one, path)
        if (
            one.get("duplicateResolutionMode") == "RAISE_ERROR"
            and one.get("filename") in context.store.files_by_name
        ):
            message = f"A file named '{one['filename']}' already exists."
            errors.append(user_error([*path, "filename"], message, "FILENAME_ALREADY_EXISTS"))
    if errors:
        return {"files": [], "userErrors": errors}
    return {"files": [media.create_file(context, one) for one in arguments["files"]], "userErrors": []}


@mutation("fileUpdate")
def file_update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Change text, name, source or the products files belong to; not before they are READY."""
    errors = [error for n, one in enumerate(arguments["files"]) for error in _errors(context, one, n)]
    if errors:
        return {"files": [], "userErrors": errors}
    return {"files": [_updated(context, one) for one in arguments["files"]], "userErrors": []}


def _errors(context: Context, given: Obj, n: int) -> list[Obj]:
    path, file = ["files", str(n)], context.store.get("file", given["id"])
    if file is None:
        message = f"File id {given['id']} does not exist."
        return [user_error([*path, "id"], message, "FILE_DOES_NOT_EXIST")]
    if file["fileStatus"] != "READY":
        return [user_error([*path], "Non-ready files cannot be updated.", "NON_READY_STATE")]
    if given.get("filename"):
        old, new = PurePosixPath(file["_filename"]).suffix, PurePosixPath(given["filename"]).suffix
        if old.lower() != new.lower():
            message = "The filename extension provided must match the original filename."
            return [user_error([*path, "filename"], message, "INVALID_FILENAME_EXTENSION")]
    for name in ("referencesToAdd", "referencesToRemove"):
        for id in given.get(name) or ():
            if context.store.get("product", id) is None:
                message = "The reference target does not exist"
                return [user_error([*path, name], message, "REFERENCE_TARGET_DOES_NOT_EXIST")]
    return media.alt_errors(given, path)


def _updated(context: Context, given: Obj) -> Obj:
    store = context.store
    file = store.kinds["file"][given["id"]]
    if given.get("alt") is not None:
        file["alt"] = given["alt"]
        if file["image"]:
            file["image"]["altText"] = given["alt"] or None
    if given.get("filename"):
        file["_filename"] = given["filename"]
    if given.get("originalSource"):
        file["_source"], file["fileStatus"], file["status"] = (
            given["originalSource"],
            "PROCESSING",
            "PROCESSING",
        )
        store.media.expect(file)
    file["updatedAt"] = store.now()
    for id in given.get("referencesToAdd") or ():
        media.attach(context, store.kinds["product"][id], file)
        store.touch(store.kinds["product"][id])
    for id in given.get("referencesToRemove") or ():
        media.detach(context, store.kinds["product"][id], file["id"])
        store.touch(store.kinds["product"][id])
    store.save("file", file)
    context.effect("file.updated", str(number_of(file["id"])), args=given)
    return file


@mutation("fileDelete")
def file_delete(_: Any, arguments: Obj, context: Context) -> Obj:
    """Delete files; products lose them."""
    store, errors = context.store, []
    for id in arguments["fileIds"]:
        if store.get("file", id) is None:
            errors.append(user_error(["fileIds"], f"File id {id} does not exist.", "FILE_DOES_NOT_EXIST"))
    if errors:
        return {"deletedFileIds": None, "userErrors": errors}
    for id in arguments["fileIds"]:
        for owner in list(store.kinds["file"][id]["_products"]):
            if product := store.get("product", owner):
                media.detach(context, product, id)
                store.touch(product)
        store.drop("file", id)
        context.effect("file.deleted", str(number_of(id)))
    return {"deletedFileIds": arguments["fileIds"], "userErrors": []}


@mutation("stagedUploadsCreate")
def staged_uploads(_: Any, arguments: Obj, context: Context) -> Obj:
    """Places to upload local files to, on this server."""
    targets = []
    for one in arguments["input"]:
        key = f"uploads/{uuid.uuid4()}/{one['filename']}"
        context.store.save("upload", {"id": key, "body": None, "filename": one["filename"]})
        base = f"{context.base_url}/staged-uploads"
        post = one.get("httpMethod") == "POST"
        parameters = [{"name": "key", "value": key}, {"name": "Content-Type", "value": one["mimeType"]}]
        targets.append(
            {
                "url": base if post else f"{base}/{key}",
                "resourceUrl": f"{base}/{key}",
                "parameters": parameters if post else parameters[1:],
            }
        )
    return {"stagedTargets": targets, "userErrors": []}
