"""A report of each chain from nothing to the last file: seconds on the clock, and of the processor by question.

python tests/benchmarks/bench_report.py
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import chainnet as cn

CHAINS = ("antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten")
TOLD = 6  # questions of a chain that are told


def timed(fn: Any, *args: Any) -> tuple[Any, float]:
    """Ask a question; return its answer and what it took of the processor, threads of its own included."""
    begin = time.process_time()
    return fn(*args), time.process_time() - begin


class Timed(ProcessPoolExecutor):
    """Two processes, as a report has them, with the processor time of each question."""

    def __init__(self) -> None:
        super().__init__(2, mp_context=get_context("spawn"))
        self.took = Counter[str]()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Ask a question, and note what it takes."""
        answer = Future[Any]()

        def done(job: Future[Any]) -> None:
            if error := job.exception():
                answer.set_exception(error)
                return
            found, took = job.result()
            self.took[getattr(args[0], "name", "other")] += took
            answer.set_result(found)

        super().submit(timed, fn, *args, **kwargs).add_done_callback(done)
        return answer


def main() -> None:
    """Time every chain in turn, after imports."""
    ask = argparse.ArgumentParser()
    ask.add_argument("chains", nargs="*", default=CHAINS)
    warnings.simplefilter("ignore", cn.ChainnetWarning)
    cn.report(cn.assess(cn.read("mag-9"), months=12, draws=2), tempfile.mkdtemp())  # imports
    for name in ask.parse_args().chains:
        with tempfile.TemporaryDirectory() as folder, Timed() as pool:
            began = time.perf_counter()
            assessment = cn.assess(cn.read(name), executor=pool)
            asked = time.perf_counter() - began
            cn.report(assessment, folder)
            whole = time.perf_counter() - began
        used = sum(pool.took.values())
        print(
            f"{name}: {whole:.0f} s, of which writing {whole - asked:.0f}; answers {used:.0f} s of the processor, of which"
        )
        print("   " + ", ".join(f"{question} {took:.1f}" for question, took in pool.took.most_common(TOLD)), flush=True)


if __name__ == "__main__":
    main()
