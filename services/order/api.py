"""The routes of the order service; domain errors become statuses here."""

from __future__ import annotations

import structlog
from flask import Response, request

from chassis.pagination import Position, encode
from chassis.problems import FieldError, Problem, invalid, unavailable
from chassis.routes import Route
from chassis.wire import answer, body, header, identifier, query
from order import shapes
from order.domain import KeyReusedError, Order, place
from order.idempotency import HEADER, REPLAYED_HEADER, Attempt, IdempotencyHeaders, attempt
from order.store import OrderStore
from order.users import Users, UsersUnavailableError

_log = structlog.get_logger()


class OrderApi:
    """The operations on orders.

    Args:
        store: where they are kept.
        users: who may order.
        version: which fields clients see.
    """

    def __init__(self, store: OrderStore, users: Users, version: str) -> None:
        self._store = store
        self._users = users
        latest = version == "v2"
        self._new: type[shapes.NewOrder] = shapes.NewOrderV2 if latest else shapes.NewOrder
        self._view: type[shapes.OrderView] = shapes.OrderViewV2 if latest else shapes.OrderView
        self._page: type[shapes.OrderPage] = shapes.OrderPageV2 if latest else shapes.OrderPage

    def place_order(self) -> Response:
        """Answer POST /orders; an attempt that came before is answered with the order that it made."""
        new = body(self._new)
        this = attempt(header(IdempotencyHeaders).key, request.get_data())
        try:
            earlier = self._store.find(this) if this else None
            return self._replay(earlier) if earlier else self._place(new, this)
        except KeyReusedError:
            raise _key_reused() from None

    def _place(self, new: shapes.NewOrder, this: Attempt | None) -> Response:
        try:
            if not self._users.knows(new.user_id):
                raise _no_such_user()
        except UsersUnavailableError as error:
            _log.warning("user service unavailable", reason=str(error))
            detail = "The user service cannot be asked now, so nothing was ordered. Try again in a moment."
            raise unavailable(detail, "user-service-unavailable") from None
        order = place(new.user_id, [item.item() for item in new.items], **new.extras())
        kept = self._store.add(order, this)
        return self._created(kept, {}) if kept is order else self._replay(kept)

    def get_order(self, order_id: str) -> Response:
        """Answer GET /orders/{order_id}."""
        return answer(self._view.model_validate(self._find(order_id)))

    def list_orders(self) -> Response:
        """Answer GET /orders; one more than asked for is read to know whether there is a next page."""
        page = query(shapes.OrderQuery)
        found = self._store.page(page.limit + 1, page.after(), page.user_id)
        shown = found[: page.limit]
        cursor = encode(_position(shown[-1])) if len(found) > page.limit else None
        return answer(self._page.model_validate({"items": shown, "next_cursor": cursor}, from_attributes=True))

    def cancel_order(self, order_id: str) -> Response:
        """Answer POST /orders/{order_id}/cancel."""
        order = self._find(order_id).cancelled()
        self._store.save_status(order)
        return answer(self._view.model_validate(order))

    def _find(self, order_id: str) -> Order:
        order = self._store.get(identifier(order_id, "order"))
        if order is None:
            raise Problem(404, "There is no order with this id.")
        return order

    def _created(self, order: Order, headers: dict[str, str]) -> Response:
        return answer(self._view.model_validate(order), 201, {"Location": f"/orders/{order.id}"} | headers)

    def _replay(self, order: Order) -> Response:
        return self._created(order, {REPLAYED_HEADER: "true"})

    def routes(self) -> list[Route]:
        """Return everything that the service serves."""
        return [
            Route(
                method="POST",
                path="/orders",
                handler=self.place_order,
                summary="Place an order",
                body=self._new,
                headers=IdempotencyHeaders,
                status=201,
                returns=self._view,
                response_headers={"Location": "where the order is"},
                problems={422: "Some fields are wrong, the user does not exist, or the key was used before."},
            ),
            Route(
                method="GET",
                path="/orders",
                handler=self.list_orders,
                summary="List orders from the oldest on",
                query=shapes.OrderQuery,
                returns=self._page,
            ),
            Route(
                method="GET",
                path="/orders/<order_id>",
                handler=self.get_order,
                summary="Read an order",
                returns=self._view,
                problems={404: "There is no such order."},
            ),
            Route(
                method="POST",
                path="/orders/<order_id>/cancel",
                handler=self.cancel_order,
                summary="Cancel an order; once more changes nothing",
                returns=self._view,
                problems={404: "There is no such order."},
            ),
        ]


def _position(order: Order) -> Position:
    return Position(order.created_at, order.id)


def _no_such_user() -> Problem:
    fix = "Send the id of a user that the user service returned."
    return invalid("The user does not exist.", FieldError(field="user_id", detail="no such user", fix=fix))


def _key_reused() -> Problem:
    error = FieldError(field=HEADER, detail="came with another body before", fix="Send a new key for a new order.")
    return Problem(422, "The idempotency key belongs to another request.", kind="key-reused", errors=[error])
