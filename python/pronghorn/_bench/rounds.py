"""Interleaved rounds: every peer once, then every peer again, so that drift hits all alike."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from .process import PeerFailure, PeerProcess
from .registry import PRONGHORN, Peer
from .workloads import Problem, Workload


@dataclass
class Measurement:
    """One peer on one case (a training workload or a number of rows to predict).

    ``rates`` has one entry a round, in samples per second; ``check`` is the loss after
    the workload's ``sanity_epochs``, or the largest error of a predicted probability.
    """

    case: str
    peer: str
    rates: list[float] = field(default_factory=list)
    check: float | None = None
    first_seconds: float | None = None
    failure: str | None = None
    # pronghorn's own: percent of the machine's multiply-adds and of its memory's bandwidth
    percent_fma: float | None = None
    percent_stream: float | None = None
    peaks: list[float] = field(default_factory=list)
    bandwidth: float | None = None

    @property
    def rate(self) -> float | None:
        """The median round, in samples per second; None if the peer failed."""
        return statistics.median(self.rates) if self.rates and not self.failure else None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "median": self.rate}


@dataclass(frozen=True)
class Settings:
    """How long to measure: ``seconds`` is the wanted length of one round of one peer."""

    rounds: int
    seconds: float
    threads: int
    dtype: str


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _measure(
    mode: str,
    peers: Iterable[Peer],
    cases: Iterable[str],
    settings: Settings,
    start: Callable[[PeerProcess, Measurement], float],
    once: Callable[[PeerProcess, str, int], float],
    samples: Callable[[str], int],
) -> list[Measurement]:
    """Runs all cases; one process a peer lives through all of them, asleep when not asked.

    ``start`` prepares and warms up and returns the seconds of one repetition; ``once`` runs some
    repetitions and returns their seconds.
    """
    measurements = []
    with ExitStack() as stack:
        processes = [
            stack.enter_context(PeerProcess(peer, mode, settings.threads, settings.dtype))
            for peer in peers
        ]
        for case in cases:
            running = []
            for process in processes:
                m = Measurement(case, process.peer.name)
                measurements.append(m)
                try:
                    seconds = start(process, m)
                except PeerFailure as failure:
                    m.failure = str(failure)
                    _say(f"{case}: {m.peer} failed: {failure}")
                    continue
                running.append((process, m, max(1, round(settings.seconds / seconds))))
                _say(f"{case}: {m.peer} ready, check {m.check:.6g}")
            own = next(((p, m) for p, m, _ in running if m.peer == PRONGHORN), None)
            if own is not None and mode == "train":
                own[1].bandwidth = own[0].ask("probe_bandwidth")["bandwidth"]
            for number in range(settings.rounds):
                # Another one begins each round: nobody always runs after the same neighbour.
                turn = number % max(1, len(running))
                for process, m, repetitions in running[turn:] + running[:turn]:
                    if m.failure:
                        continue
                    try:
                        seconds = once(process, case, repetitions)
                    except PeerFailure as failure:
                        m.failure = str(failure)
                        _say(f"{case}: {m.peer} failed: {failure}")
                        continue
                    m.rates.append(repetitions * samples(case) / seconds)
                    if own is not None and m is own[1] and mode == "train":
                        # Right after it, at the clock that the machine then has.
                        m.peaks.append(process.ask("probe_flops")["flops"])
    return measurements


def train(
    peers: Iterable[Peer], workloads: Iterable[Workload], settings: Settings, mode: str = "train"
) -> list[Measurement]:
    """Samples per second of whole epochs; `mode` says among which of `PEERS` the peers are."""
    named = {w.name: w for w in workloads}

    def start(process: PeerProcess, m: Measurement) -> float:
        workload = named[m.case]
        process.ask("prepare_training", workload=asdict(workload))
        epochs = workload.sanity_epochs
        m.first_seconds = process.ask("train", epochs=epochs)["seconds"]
        m.check = process.ask("loss")["loss"]
        return float(process.ask("train", epochs=1)["seconds"])

    def once(process: PeerProcess, case: str, epochs: int) -> float:
        return float(process.ask("train", epochs=epochs)["seconds"])

    measurements = _measure(
        mode, peers, named, settings, start, once, lambda case: named[case].rows
    )
    itemsize = 8 if settings.dtype == "float64" else 4
    for m in measurements:
        if m.failure or not m.peaks or not m.bandwidth:
            continue
        w = named[m.case]
        shares = [r * w.flops_per_sample / peak for r, peak in zip(m.rates, m.peaks, strict=True)]
        m.percent_fma = 100 * statistics.median(shares)
        moved = (m.rate or 0.0) / w.batch_size * w.bytes_per_step(itemsize)
        m.percent_stream = 100 * moved / m.bandwidth
    return measurements


def predict(peers: Iterable[Peer], rows: Iterable[int], settings: Settings) -> list[Measurement]:
    """Rows per second of repeated calls with the same number of rows."""

    def start(process: PeerProcess, m: Measurement) -> float:
        m.check = process.ask("prepare_prediction", rows=int(m.case))["error"]
        process.ask("predict", calls=3)
        # A short call says little about its time: more of them until the clock can tell.
        calls, seconds = 1, 0.0
        while seconds < settings.seconds / 10:
            calls *= 4
            seconds = float(process.ask("predict", calls=calls)["seconds"])
        return seconds / calls

    def once(process: PeerProcess, case: str, calls: int) -> float:
        return float(process.ask("predict", calls=calls)["seconds"])

    return _measure("predict", peers, map(str, rows), settings, start, once, int)


def initial_loss(workload: Workload, dtype: str) -> float:
    """The loss that every peer starts from."""
    problem = Problem(workload, dtype)
    return problem.loss(problem.initial_weights)


def outliers(measurements: list[Measurement], before: float) -> list[Measurement]:
    """Peers whose loss fell by 15 % less or more than the median peer's.

    They would not have done the work that the others did.
    """
    falls = {m.peer: before - m.check for m in measurements if m.check is not None}
    if not falls:
        return []
    middle = statistics.median(falls.values())
    return [m for m in measurements if m.peer in falls and not 0.85 < falls[m.peer] / middle < 1.15]
