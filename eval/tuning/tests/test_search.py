"""Which studies are refused, which trials are stopped, which one is the best, and the report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from processes import SPACE, Refused, StudyProcess

from jepa_mpc_tuning.errors import TuningError
from jepa_mpc_tuning.report import write_report
from jepa_mpc_tuning.search import Objective, Search, open_storage

SUCCESS, TIME = Objective("success", True), Objective("time", False)


def search_in(folder: Path, objectives: list[Objective], **changes: object) -> Search:
    arguments = {"setting": {"model": "one"}, "trials": 20, "episodes": 20, "seed": 1, "beat_s": 100}
    storage = open_storage(str(folder / "journal.log"))
    return Search(storage, "test", objectives, SPACE, **{**arguments, **changes})


def episodes(successes: list[bool], objectives: int = 2, first: int = 0) -> list[dict[str, object]]:
    return [
        {
            "episode": first + index,
            "success": success,
            "values": [float(success), 1.0 if success else 6.0][:objectives],
        }
        for index, success in enumerate(successes)
    ]


def run_trial(search: Search, values: list[float], count: int = 20) -> int:
    trial = search.ask().trial
    assert trial is not None
    search.tell(trial, values, count, stopped=count < 20, facts={})
    return trial


def test_a_study_made_with_another_model_is_refused(tmp_path: Path) -> None:
    search_in(tmp_path, [SUCCESS])
    with pytest.raises(TuningError, match="another model: one, expected two"):
        search_in(tmp_path, [SUCCESS], setting={"model": "two"})
    # The study is as it was.
    search_in(tmp_path, [SUCCESS])


@pytest.mark.parametrize(
    ("changes", "named"), [({"episodes": 10}, "episodes"), ({"setting": {"model": "one", "seed": 2}}, "seed")]
)
def test_a_study_whose_values_cannot_be_compared_is_refused(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    search_in(tmp_path, [SUCCESS])
    with pytest.raises(TuningError, match=f"another {named}"):
        search_in(tmp_path, [SUCCESS], **changes)


def test_a_study_with_other_objectives_is_refused(tmp_path: Path) -> None:
    search_in(tmp_path, [SUCCESS])
    with pytest.raises(TuningError, match="another objectives"):
        search_in(tmp_path, [SUCCESS, TIME])


def test_the_process_answers_with_the_facts_and_goes_on(tmp_path: Path) -> None:
    StudyProcess(tmp_path / "journal.log").close()
    with pytest.raises(Refused, match="another model") as refused:
        StudyProcess(tmp_path / "journal.log", setting={"model": "two"})
    assert set(refused.value.args[0]) == {"subject", "found", "expected", "remedy"}


def test_a_database_that_is_not_there_is_named() -> None:
    with pytest.raises(TuningError, match="no database"):
        open_storage("postgresql://nobody@127.0.0.1:1/none")


def test_a_trial_far_below_the_best_one_is_stopped(tmp_path: Path) -> None:
    search = search_in(tmp_path, [SUCCESS, TIME])
    run_trial(search, [0.95, 2.0])
    hopeless, good = search.ask().trial, search.ask().trial
    assert hopeless is not None and good is not None
    assert search.report(hopeless, episodes([False] * 4)) is False, "too few episodes to say"
    assert search.report(hopeless, episodes([False], first=4)) is True
    assert search.report(good, episodes([True, True, True, False, True])) is False


def test_with_one_objective_a_trial_that_loses_episode_by_episode_is_pruned(tmp_path: Path) -> None:
    search = search_in(tmp_path, [TIME])
    best, worse = search.ask().trial, search.ask().trial
    assert best is not None and worse is not None
    times = [1.0 + index % 4 for index in range(20)]

    def reports(offset: float) -> list[dict[str, object]]:
        return [{"episode": i, "success": True, "values": [time + offset]} for i, time in enumerate(times)]

    assert search.report(best, reports(0)) is False
    search.tell(best, [sum(times) / 20], 20, stopped=False, facts={})
    assert search.report(worse, reports(0.5)[:4]) is False
    assert search.report(worse, reports(0.5)[4:10]) is True


def test_the_front_holds_complete_trials_that_no_other_beats_and_begins_with_the_most_successful(
    tmp_path: Path,
) -> None:
    search = search_in(tmp_path, [SUCCESS, TIME])
    slow = run_trial(search, [1.0, 3.0])
    run_trial(search, [1.0, 4.0])
    fast = run_trial(search, [0.8, 1.0])
    lucky = run_trial(search, [1.0, 0.5], count=5)
    numbers = [trial.number for trial in search.front()]
    assert numbers == [slow, fast]
    assert lucky not in numbers


def test_the_report_needs_no_network(tmp_path: Path) -> None:
    search = search_in(tmp_path, [SUCCESS, TIME])
    for index in range(12):
        run_trial(search, [index / 12, 3 - index / 6])
    file = tmp_path / "report.html"
    write_report(search, str(file), "A <title>", [{"title": "T", "rows": [["a"], ["<b>"]]}], "journal.log")
    text = file.read_text(encoding="utf-8")
    for heading in ("Pareto front", "Importance for success", "Values and time", "Combinations and time"):
        assert f"<h2>{heading}</h2>" in text
    assert "Not enough different trials" not in text
    assert "optuna-dashboard journal.log" in text
    assert "<td>&lt;b&gt;</td>" in text
    assert re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=", text) == []


def test_the_report_names_a_database_without_its_password(tmp_path: Path) -> None:
    search = search_in(tmp_path, [SUCCESS])
    file = tmp_path / "report.html"
    write_report(search, str(file), "T", [], "postgresql://me:secret@host/tuning")
    text = file.read_text(encoding="utf-8")
    assert "optuna-dashboard postgresql+psycopg://me:***@host/tuning" in text
    assert "secret" not in text


@pytest.mark.parametrize("address", ["postgresql://nobody:secret@127.0.0.1:1/none", "://", "nothing://host/name"])
def test_an_address_of_no_database_is_named_without_its_password(address: str) -> None:
    with pytest.raises(TuningError, match="--storage: found no database") as refused:
        open_storage(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("content", [None, "rest.margin: 0.2\n", "[1]\n{}\n", '{"op_code": "x"}\n'])
def test_a_file_that_is_no_journal_is_named_and_stays_as_it_is(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "nowhere" / "journal.log"
    if content is not None:
        file = tmp_path / "space.yaml"
        file.write_text(content, encoding="utf-8")
    with pytest.raises(TuningError, match=f"--storage: found no journal of a study at {file}"):
        open_storage(str(file))
    assert content is None or file.read_text(encoding="utf-8") == content


def test_a_single_trial_gives_a_report_too(tmp_path: Path) -> None:
    search = search_in(tmp_path, [SUCCESS])
    run_trial(search, [1.0])
    write_report(search, str(tmp_path / "report.html"), "T", [], "journal.log")
    assert "<h2>History of success</h2>" in (tmp_path / "report.html").read_text(encoding="utf-8")
