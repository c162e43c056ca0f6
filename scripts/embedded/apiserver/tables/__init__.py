"""Tables: the columns that kubectl prints, computed by the server as in Kubernetes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from embedded.apiserver.resources import Resource
from embedded.apiserver.tables import cluster, custom, networking, workloads
from embedded.apiserver.tables.columns import AGE, NAME, Column

_COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    **cluster.COLUMNS,
    **networking.COLUMNS,
    **workloads.COLUMNS,
}


def table(
    resource: Resource,
    bodies: Iterable[Mapping[str, Any]],
    meta: Mapping[str, Any],
    include: str,
    definitions: Iterable[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """Return a ``meta.k8s.io/v1`` Table.

    Args:
        resource: kind of the objects.
        bodies: the objects.
        meta: metadata of the list.
        include: how much of each object goes with its row: Metadata, Object or None.
        definitions: additionalPrinterColumns of the kind's CustomResourceDefinition, if it has one.
    """
    columns = _columns(resource, definitions)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": dict(meta),
        "columnDefinitions": [column.definition() for column in columns],
        "rows": [_row(columns, body, include) for body in bodies],
    }


def _columns(resource: Resource, definitions: Iterable[Mapping[str, Any]] | None) -> tuple[Column, ...]:
    known = _COLUMNS.get((resource.group, resource.kind))
    if known:
        return known
    added = tuple(custom.column(definition) for definition in definitions or ())
    return (NAME, *added) if added else (NAME, AGE)


def _row(columns: tuple[Column, ...], body: Mapping[str, Any], include: str) -> dict[str, Any]:
    row: dict[str, Any] = {"cells": [column.cell(body) for column in columns]}
    if include == "Object":
        row["object"] = body
    elif include != "None":
        meta = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}
        row["object"] = meta
    return row
