"""How steadily the planner node sends commands while pages watch it, one of which floods.

`node scripts/bootstrap.mjs exec python3 tests/ros/dashboard_load.py --seconds 60` prints the figures without pages and
with them, one run after the other.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import rclpy
from command_stream import StreamFigures, measure, no_company
from pages import Dashboard, Page, dashboard

PERIOD_MS = 10
WATCHING_PAGES = 2
CHANNELS = ("statistics", "joints", "plan", "plan_velocity", "candidates", "plan_path")
CHANNELS_IF_THERE = ("candidate_actions", "candidate_costs", "camera/", "goal/")


@contextmanager
def three_pages(logs: Path) -> Iterator[Sequence[subprocess.Popen]]:
    """Two pages that watch everything, and one that floods, is disconnected and comes back, again and again."""
    ended = threading.Event()
    with dashboard(logs) as board:
        pages = [board.open() for _ in range(WATCHING_PAGES)]
        for page in pages:
            watch_everything(page)
        flood = threading.Thread(target=flood_again, args=(board, ended), daemon=True)
        flood.start()
        try:
            yield [board.process, *(page.process for page in pages)]
        finally:
            ended.set()
            flood.join(10)
            received = [sum(event["event"] == "frame" for event in page.events) for page in pages]
            print(f"frames that the pages received: {received}")
            assert all(received), "a page received nothing"


def watch_everything(page: Page) -> None:
    # The cameras are known once the node is.
    streams = page.wait_for(
        lambda event: (
            (event.get("message") or {}).get("type") == "streams"
            and any(stream["channel"].startswith("camera/") for stream in event["message"]["streams"])
        ),
        timeout_s=60.0,
    )["message"]["streams"]
    found = [stream["channel"] for stream in streams if stream["channel"].startswith(CHANNELS_IF_THERE)]
    page.watch(*CHANNELS, *found)


def flood_again(board: Dashboard, ended: threading.Event) -> None:
    url = board.url
    while not ended.is_set():
        page = Page(url)
        try:
            while page.process.poll() is None and not ended.is_set():
                page.write(flood=2000)
                time.sleep(0.05)
        except OSError:
            pass  # it was disconnected between the two
        finally:
            page.close()


def report(title: str, figures: StreamFigures) -> None:
    print(title)
    for name, value in asdict(figures).items():
        print(f"  {name:26} {value}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--prefix", default="", help="what the node is started with, such as 'chrt -r 10'")
    options = parser.parse_args()
    rclpy.init()
    for title, company in (("without pages", no_company), ("with three pages, one flooding", three_pages)):
        with tempfile.TemporaryDirectory() as logs:
            figures = measure(options.seconds, PERIOD_MS, Path(logs), prefix=options.prefix.split(), company=company)
        report(title, figures)
    rclpy.shutdown()


if __name__ == "__main__":
    main()
