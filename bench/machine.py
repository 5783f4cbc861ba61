"""The machine a run was made on, and how busy it was with other work."""

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Machine:
    """The machine and its load; numbers mean little without them."""

    cpu_model: str
    cores: int
    memory_gib: float
    system: str
    python: str
    load_before: float
    """Load average of the minute before the run: 0 is a quiet machine."""

    def facts(self) -> dict[str, str | int | float]:
        """Return everything by name."""
        return asdict(self)

    def sentence(self) -> str:
        """Return it as text."""
        busy = "quiet" if self.load_before < QUIET_LOAD_MAX else "BUSY WITH OTHER WORK"
        return (
            f"{self.cores} cores of {self.cpu_model}, {self.memory_gib:.0f} GiB, {self.system}, "
            f"Python {self.python}; load before the run {self.load_before:.2f} ({busy})"
        )


QUIET_LOAD_MAX = 0.5


def look() -> Machine:
    """Look at this machine now, before anything of the bench runs."""
    return Machine(
        cpu_model=_cpu_model(),
        cores=psutil.cpu_count() or 0,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load_before=os.getloadavg()[0],
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown CPU"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown CPU"
