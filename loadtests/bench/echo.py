"""A Ray actor that does nothing: what a call there and back costs before anything is done in it."""

from __future__ import annotations

from typing import Any


class Silent:
    """The actor: the same kind as the shard's, and no work."""

    async def call(self, message: bytes) -> bytes:
        """The message itself."""
        return message


class Echo:
    """Starts the actor, calls it, ends it. Needs Ray started (`Cluster.start`)."""

    async def __aenter__(self) -> Echo:
        import ray

        self._actor: Any = ray.remote(Silent).options(num_cpus=0).remote()
        await self.call(b"")
        return self

    async def __aexit__(self, *_: object) -> None:
        import ray

        ray.kill(self._actor)

    async def call(self, message: bytes) -> bytes:
        """There and back."""
        answer: bytes = await self._actor.call.remote(message)
        return answer
