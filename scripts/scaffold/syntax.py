"""Whether a text is what the name of its file says that it is."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Hashable
from typing import Any

import yaml

from scaffold.errors import ScaffoldError


class _Strict(yaml.SafeLoader):
    """A loader to which a key that stands twice is a mistake, as it is to Kubernetes."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _value in node.value]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise yaml.constructor.ConstructorError(problem=f"{twice} stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def check_syntax(path: str, text: str) -> None:
    """Read a file as what its name says that it is.

    Raises:
        ScaffoldError: it is none.
    """
    try:
        if path.endswith(".py"):
            compile(text, path, "exec")
        elif path.endswith((".yaml", ".yml")):
            list(yaml.load_all(text, _Strict))
        elif path.endswith(".toml"):
            tomllib.loads(text)
        elif path.endswith(".json"):
            json.loads(text)
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        raise ScaffoldError(f"{path} is not valid: {' '.join(str(error).split())}") from error
