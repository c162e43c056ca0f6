"""The name of a service in each of the forms in which the tree writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Names:
    """One service.

    Attributes:
        kebab: what Kubernetes and the images call it, such as ``gift-card``.
    """

    kebab: str

    @cached_property
    def snake(self) -> str:
        """Return what Python calls it: ``gift_card``."""
        return self.kebab.replace("-", "_")

    @cached_property
    def constant(self) -> str:
        """Return what variables of the environment call it: ``GIFT_CARD``."""
        return self.snake.upper()

    @cached_property
    def words(self) -> str:
        """Return what people call it: ``gift card``."""
        return self.kebab.replace("-", " ")

    @cached_property
    def camel(self) -> str:
        """Return what classes call it: ``GiftCard``."""
        return "".join(word.capitalize() for word in self.kebab.split("-"))

    @cached_property
    def article(self) -> str:
        """Return the indefinite article in front of it, by its spelling."""
        return "an" if re.match(r"[aeio]|u(?!ni|se|su|t)", self.kebab) else "a"

    @cached_property
    def many(self) -> Names:
        """Return the plural in the same forms: ``gift-cards``."""
        if re.search(r"(s|x|z|ch|sh)$", self.kebab):
            return Names(f"{self.kebab}es")
        if re.search(r"[^aeiou]y$", self.kebab):
            return Names(f"{self.kebab[:-1]}ies")
        return Names(f"{self.kebab}s")
