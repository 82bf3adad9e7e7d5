"""The parent's end of the line protocol with ``child``."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Any

from .registry import Peer

_TIMEOUT_SECONDS = 300.0
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "NPROC",
)


class PeerFailure(Exception):
    """A peer that could not do what was asked of it."""


class PeerProcess:
    """One peer in its own process; it is stopped on leaving the ``with`` block."""

    def __init__(self, peer: Peer, mode: str, threads: int, dtype: str) -> None:
        self.peer = peer
        environment = dict(os.environ)
        environment.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
        environment.update(peer.environment)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        arguments = [mode, peer.name, str(threads), dtype]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pronghorn._bench.child", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            text=True,
        )

    def ask(self, what: str, **arguments: Any) -> dict[str, Any]:
        """Sends one request and waits for its answer.

        Raises:
            PeerFailure: The peer reported an error, died or took longer than five minutes.
        """
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailure(f"died before {what}: {self._last_words()}") from None
        if not select.select([self._process.stdout], [], [], _TIMEOUT_SECONDS)[0]:
            raise PeerFailure(f"no answer to {what} in {_TIMEOUT_SECONDS:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailure(f"died during {what}: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "failure" in answer:
            raise PeerFailure(f"{what}: {answer['failure']}")
        return answer

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no message"

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()
        self._log.close()
