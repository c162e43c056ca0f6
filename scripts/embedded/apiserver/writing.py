"""Create, replace, patch: how a request's body becomes a stored object."""

from __future__ import annotations

import contextlib
import copy
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from embedded.apiserver import (
    apply,
    autoscaling_v1,
    definitions,
    errors,
    patches,
    representation,
    requests,
    shapes,
    structural,
)
from embedded.apiserver.context import Call
from embedded.apiserver.decoding import Decoder
from embedded.apiserver.resources import CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES

Object = dict[str, Any]


@dataclass
class Write:
    """One write of one object; gathers warnings on the way.

    Args:
        call: the request.
    """

    call: Call
    warnings: list[str] = field(default_factory=list)

    async def create(self) -> web.Response:
        """Answer POST on a collection."""
        body = self._decode(await requests.read_body(self.call.request))
        self._check_place(body)
        if body["metadata"].get("resourceVersion"):
            raise errors.bad_request("resourceVersion should not be set on objects to be created")
        self._track(None, body)
        with self._storing():
            new = self.call.store.create(self.call.resource, body)
        return self._answer(new, 201)

    async def replace(self) -> web.Response:
        """Answer PUT on an object."""
        body = self._decode(await requests.read_body(self.call.request))
        self._check_place(body)
        old = self._live()
        if self.call.resource == NAMESPACES and self.call.address.subresource != "finalize":
            body["spec"] = old.get("spec", {})
        self._track(old, body)
        return self._answer(self._update(body))

    async def patch(self) -> web.Response:
        """Answer PATCH on an object, in one of its four forms."""
        body = await requests.read_body(self.call.request)
        kind = self.call.request.content_type
        if kind in patches.APPLY_PATCHES:
            return self._apply(body)
        old = self._live()
        new = self._patched(old, body, kind)
        decoded = self._decode(new)
        self._check_place(decoded)
        self._track(old, decoded)
        return self._answer(self._update(decoded))

    def _patched(self, old: Object, body: Any, kind: str) -> Any:
        if kind == patches.JSON_PATCH:
            return patches.json_patch(old, body)
        if kind == patches.MERGE_PATCH:
            return patches.merge_patch(old, body)
        shape = shapes.shape_of(self.call.resource)
        if kind == patches.STRATEGIC_MERGE_PATCH and not isinstance(shape, shapes.CustomShape):
            return patches.strategic_merge_patch(old, body, shape)
        accepted = [patches.JSON_PATCH, patches.MERGE_PATCH, patches.APPLY_PATCHES[0]]
        if not isinstance(shape, shapes.CustomShape):
            accepted.append(patches.STRATEGIC_MERGE_PATCH)
        why = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
        raise errors.ApiError(415, "UnsupportedMediaType", why)

    def _apply(self, body: Any) -> web.Response:
        call = self.call
        manager = call.request.query.get("fieldManager")
        if not manager:
            raise errors.bad_request("PatchOptions.meta.k8s.io is invalid: fieldManager: Required value")
        config = self._decode(body)
        config["metadata"].setdefault("name", call.address.name)
        self._check_place(config)
        live = call.store.find(call.resource, call.namespace, call.address.name)
        owner = apply.Manager(manager, "Apply", call.address.subresource)
        force = requests.truthy(call.request.query, "force")
        new = apply.apply(call.resource, live, config, owner, force=force)
        if live is None:
            if call.address.subresource:
                raise errors.not_found(call.resource.group_resource, call.address.name)
            with self._storing():
                return self._answer(call.store.create(call.resource, new), 201)
        return self._answer(self._update(new))

    # Steps

    def _decode(self, body: Any) -> Object:
        resource = self.call.resource
        body = autoscaling_v1.stored(resource, body)
        self._check_kind(body)
        decoder = Decoder(resource)
        decoded = decoder.decode(body)
        decoded.setdefault("metadata", {})
        decoded |= {"apiVersion": resource.api_version, "kind": resource.kind}
        schema = definitions.schema_of(self.call.store, resource)
        unknown = decoder.unknown
        if schema:
            decoded = copy.deepcopy(decoded)
            unknown = unknown + structural.prune(decoded, schema)
        self._refuse_unknown(unknown)
        return decoded

    def _check_kind(self, body: Any) -> None:
        resource = self.call.resource
        if not isinstance(body, dict):
            raise errors.bad_request("the body of the request is no object")
        have = (body.get("apiVersion") or resource.api_version, body.get("kind") or resource.kind)
        if have != (resource.api_version, resource.kind):
            raise errors.bad_request(
                f"{have[1]} in version {have[0]!r} is not what this address is for: {resource.kind} in version"
                f" {resource.api_version!r}"
            )

    def _refuse_unknown(self, paths: list[str]) -> None:
        mode = self.call.request.query.get("fieldValidation") or "Warn"
        problems = [f'unknown field "{path}"' for path in paths]
        if problems and mode == "Strict":
            kind = self.call.resource.kind
            raise errors.bad_request(
                f'{kind} in version "{self.call.resource.version}" cannot be handled as a {kind}:'
                f" strict decoding error: {', '.join(problems)}"
            )
        if mode == "Warn":
            self.warnings += problems

    def _check_place(self, body: Object) -> None:
        meta, address = body["metadata"], self.call.address
        if address.name and meta.setdefault("name", address.name) != address.name:
            raise errors.bad_request(
                f"the name of the object ({meta['name']}) does not match the name on the URL ({address.name})"
            )
        if not self.call.resource.namespaced:
            meta.pop("namespace", None)
        elif meta.setdefault("namespace", self.call.namespace) != self.call.namespace:
            raise errors.bad_request(
                f"the namespace of the provided object does not match the namespace sent on the request"
                f" ({meta['namespace']!r} and {self.call.namespace!r})"
            )

    def _live(self) -> Object:
        return self.call.store.get(self.call.resource, self.call.namespace, self.call.address.name)

    def _track(self, old: Object | None, new: Object) -> None:
        name = requests.field_manager(self.call.request)
        apply.track(self.call.resource, old, new, apply.Manager(name, "Update", self.call.address.subresource))

    def _update(self, body: Object) -> Object:
        subresource = self.call.address.subresource
        with self._storing():
            return self.call.store.update(self.call.resource, body, "status" if subresource == "status" else "")

    def _storing(self) -> contextlib.AbstractContextManager[None]:
        if requests.dry_run(self.call.request.query):
            return self.call.store.rehearsal()
        return contextlib.nullcontext()

    def _answer(self, new: Object, status: int = 200) -> web.Response:
        call = self.call
        if call.resource == CUSTOM_RESOURCE_DEFINITIONS and not requests.dry_run(call.request.query):
            call.context.registry.add(definitions.resource_of(new))
        if call.address.version != call.resource.version:
            new = autoscaling_v1.shown(new)
        shown = representation.form(call.request, call.context.columns(call.resource))
        return representation.answer(shown.item(call.resource, new), status, self.warnings)
