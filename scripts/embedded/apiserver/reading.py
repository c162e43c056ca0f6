"""Get and list: objects by name, by selector, page by page."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from embedded.apiserver import errors, representation, requests
from embedded.apiserver.context import Call
from embedded.apiserver.selection import Selection, selection

Object = dict[str, Any]


def get(call: Call) -> web.Response:
    """Answer GET on an object."""
    found = call.store.get(call.resource, call.namespace, call.address.name)
    form = representation.form(call.request, call.context.columns(call.resource))
    return representation.answer(form.item(call.resource, found))


def list_all(call: Call) -> web.Response:
    """Answer GET on a collection."""
    chosen = selection(call.resource, call.request.query)
    items, meta = page(call, chosen)
    form = representation.form(call.request, call.context.columns(call.resource))
    return representation.answer(form.items(call.resource, items, meta))


def chosen_items(call: Call, chosen: Selection | None) -> Iterator[Object]:
    """Iterate over the stored objects that the address is about; they are not to be altered."""
    items = call.store.peek(call.resource, call.address.namespace)
    return filter(chosen, items) if chosen else items


def page(call: Call, chosen: Selection | None) -> tuple[list[Object], Object]:
    """Return the objects of one page, and the metadata of the list.

    Later pages show the objects as they are then, under the first page's resource version: a watch from there on tells
    of everything that happened in between.

    Raises:
        ApiError: 400 for a wrong limit or continue token, 410 for a token that is too old to watch from.
    """
    limit = requests.integer(call.request.query, "limit")
    revision, start = _position(call)
    items = chosen_items(call, chosen)
    rest = itertools.dropwhile(lambda item: start is not None and _place(item) <= start, items)
    if not limit:
        return list(rest), {"resourceVersion": revision}
    found = list(itertools.islice(rest, limit))
    remaining = sum(1 for _ in rest)
    meta: Object = {"resourceVersion": revision}
    if remaining:
        token = json.dumps({"rv": revision, "start": _place(found[-1])}).encode()
        meta["continue"] = base64.urlsafe_b64encode(token).decode().rstrip("=")
        if not chosen:
            meta["remainingItemCount"] = remaining
    return found, meta


def _place(item: Object) -> list[str]:
    return [item["metadata"].get("namespace", ""), item["metadata"]["name"]]


def _position(call: Call) -> tuple[str, list[str] | None]:
    token = call.request.query.get("continue")
    if not token:
        return call.store.revision, None
    try:
        position = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        revision, start = str(position["rv"]), list(position["start"])
        int(revision)
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise errors.bad_request("continue key is not valid") from error
    call.store.watch(call.resource, None, revision).close()
    return revision, start
