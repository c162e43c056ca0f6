"""Bare requests to the API server: what is asked and what is answered, with nothing in between."""

import json
from urllib.parse import urlencode

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


class Raw:
    """Requests below one namespace; ``raw("GET", "v1", "configmaps/a")`` returns status and body."""

    def __init__(self, api_client, namespace):
        self._client = api_client
        self.namespace = namespace

    def __call__(self, method, version, path, body=None, content_type="application/json", **query):
        answer = self.send(method, version, path, body, content_type, query)
        return answer.status, json.loads(answer.read())

    def create(self, version, plural, body):
        """Create an object and return it as stored."""
        return self._good("POST", version, plural, body)

    def get(self, version, path, **query):
        return self._good("GET", version, path, **query)

    def names(self, version, plural, **query):
        """Return the names in a list."""
        return [item["metadata"]["name"] for item in self.get(version, plural, **query)["items"]]

    def patch(self, version, path, body, content_type=MERGE, **query):
        return self._good("PATCH", version, path, body, content_type, **query)

    def delete(self, version, path, **options):
        return self._good("DELETE", version, path, options or None)

    def watch(self, version, plural, **query):
        """Yield type and object of each event until the server ends the watch."""
        answer = self.send("GET", version, plural, query={"watch": "true", **query})
        assert answer.status == 200, answer.read()
        try:
            for line in answer.response:
                event = json.loads(line)
                yield event["type"], event["object"]
        finally:
            answer.response.close()

    def _good(self, *arguments, **query):
        status, body = self(*arguments, **query)
        assert status < 300, body
        return body

    def send(self, method, version, path, body=None, content_type="application/json", query=()):
        """Return the raw response."""
        root = f"/api/{version}" if version == "v1" else f"/apis/{version}"
        address = f"{root}/namespaces/{self.namespace}/{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json", "Content-Type": content_type}
        request = self._client.param_serialize(
            method, address, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        return self._client.call_api(*request, _request_timeout=(5, 60))
