"""The routes of the user service; domain errors become statuses here."""

from __future__ import annotations

from flask import Response

from chassis.pagination import PageQuery, Position, encode
from chassis.problems import FieldError, Problem
from chassis.routes import Route
from chassis.wire import answer, body, identifier, query
from user import shapes
from user.domain import EmailTakenError, User, new_user
from user.store import UserStore


class UserApi:
    """The operations on users.

    Args:
        store: where they are kept.
        version: which fields clients see.
    """

    def __init__(self, store: UserStore, version: str) -> None:
        self._store = store
        latest = version == "v2"
        self._new: type[shapes.NewUser] = shapes.NewUserV2 if latest else shapes.NewUser
        self._view: type[shapes.UserView] = shapes.UserViewV2 if latest else shapes.UserView
        self._page: type[shapes.UserPage] = shapes.UserPageV2 if latest else shapes.UserPage

    def create_user(self) -> Response:
        """Answer POST /users."""
        user = new_user(**body(self._new).model_dump())
        try:
            self._store.add(user)
        except EmailTakenError:
            raise _email_taken() from None
        return answer(self._view.model_validate(user), 201, {"Location": f"/users/{user.id}"})

    def get_user(self, user_id: str) -> Response:
        """Answer GET /users/{user_id}."""
        user = self._store.get(identifier(user_id, "user"))
        if user is None:
            raise _no_such_user()
        return answer(self._view.model_validate(user))

    def list_users(self) -> Response:
        """Answer GET /users; one more than asked for is read to know whether there is a next page."""
        page = query(PageQuery)
        found = self._store.page(page.limit + 1, page.after())
        shown = found[: page.limit]
        cursor = encode(_position(shown[-1])) if len(found) > page.limit else None
        return answer(self._page.model_validate({"items": shown, "next_cursor": cursor}, from_attributes=True))

    def delete_user(self, user_id: str) -> Response:
        """Answer DELETE /users/{user_id}."""
        if not self._store.remove(identifier(user_id, "user")):
            raise _no_such_user()
        return Response(status=204)

    def routes(self) -> list[Route]:
        """Return everything that the service serves."""
        missing = {404: "There is no such user."}
        location = {"Location": "where the new user is"}
        return [
            Route(
                method="POST",
                path="/users",
                handler=self.create_user,
                summary="Create a user",
                body=self._new,
                status=201,
                returns=self._view,
                response_headers=location,
                problems={409: "The e-mail is taken."},
            ),
            Route(
                method="GET",
                path="/users",
                handler=self.list_users,
                summary="List users from the oldest on",
                query=PageQuery,
                returns=self._page,
            ),
            Route(
                method="GET",
                path="/users/<user_id>",
                handler=self.get_user,
                summary="Read a user",
                returns=self._view,
                problems=missing,
            ),
            Route(
                method="DELETE",
                path="/users/<user_id>",
                handler=self.delete_user,
                summary="Delete a user",
                status=204,
                problems=missing,
            ),
        ]


def _position(user: User) -> Position:
    return Position(user.created_at, user.id)


def _no_such_user() -> Problem:
    return Problem(404, "There is no user with this id. It may have been deleted.")


def _email_taken() -> Problem:
    error = FieldError(field="email", detail="belongs to another user", fix="Send another address.")
    return Problem(409, "The e-mail address is taken.", kind="email-taken", errors=[error])
