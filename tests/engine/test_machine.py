"""What stands beside every measured figure is right."""

from __future__ import annotations

import subprocess
import sys
import time

from engine.machine import machine_facts

AGE = "import time; from engine.machine import process_age; print(time.time() - process_age())"


def test_the_age_of_a_process_counts_from_its_start():
    before = time.time()
    done = subprocess.run([sys.executable, "-c", AGE], capture_output=True, text=True, check=True)
    assert before - 0.05 <= float(done.stdout) <= time.time()


def test_facts_of_the_machine():
    facts = machine_facts()
    assert facts["cores"] >= 1
    assert facts["memory_gb"] > 0
    assert all(facts[name] for name in ("system", "processor", "python"))
