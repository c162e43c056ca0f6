"""The order service's view of the user service."""

from __future__ import annotations

import uuid

from chassis.client import ServiceClient, ServiceUnavailableError


class UsersUnavailableError(Exception):
    """The user service cannot be asked now."""


class Users:
    """Asks the user service.

    Args:
        client: the way to it.
    """

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    def knows(self, user_id: uuid.UUID) -> bool:
        """Tell whether there is such a user.

        Raises:
            UsersUnavailableError: the user service is away, too slow, or says something else than yes or no.
        """
        try:
            status = self._client.get(f"/users/{user_id}").status_code
        except ServiceUnavailableError as error:
            raise UsersUnavailableError(str(error)) from error
        if status not in (200, 404):
            raise UsersUnavailableError(f"the user service answered {status}")
        return status == 200
