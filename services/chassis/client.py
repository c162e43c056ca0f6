"""HTTP to other services: pooled connections, a deadline on every call, trace context passed on.

It never retries: the mesh does, which knows the other endpoints.
"""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from chassis.telemetry import Telemetry, end_span
from chassis.tracecontext import inject

CONNECT_SECONDS = 1.0
NO_RESPONSE = 599


class ServiceUnavailableError(Exception):
    """Another service did not give an answer that can be used."""


class ServiceClient:
    """Calls one other service.

    Args:
        base_url: where it is, without a trailing slash.
        timeout: seconds to wait for each part of an answer.
        telemetry: the tracer.
        connections: how many connections to keep, one a thread.
    """

    def __init__(self, base_url: str, timeout: float, telemetry: Telemetry, connections: int) -> None:
        self._base_url = base_url
        self._timeout = (min(CONNECT_SECONDS, timeout), timeout)
        self._telemetry = telemetry
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        # HTTP_PROXY and NO_PROXY are read once; requests would read them, and .netrc, at every call.
        self._session.proxies.update(get_environ_proxies(base_url))
        self._session.trust_env = False

    def get(self, path: str) -> requests.Response:
        """Get a resource.

        Args:
            path: path below the base URL, with a leading slash.

        Raises:
            ServiceUnavailableError: no answer in time, or one of status 429 or 500 and above.
        """
        url = self._base_url + path
        span = self._telemetry.start_client_span("GET", url)
        status = NO_RESPONSE
        try:
            response = self._session.get(url, headers=inject(span), timeout=self._timeout, allow_redirects=False)
            status = response.status_code
        except requests.RequestException as error:
            raise ServiceUnavailableError(f"{self._base_url}: {type(error).__name__}") from error
        finally:
            end_span(span, status, fails_from=400)
        if status >= 500 or status == 429:
            raise ServiceUnavailableError(f"{self._base_url} answered {status}")
        return response
