"""The documents say what the code does: links lead somewhere, and what is listed in a page is what there is."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from description.words import sent
from infra.packaging import FUNCTIONS
from infra.stage_settings import StageSettings
from lambdas.adapters.attempt_items import general_message
from lambdas.adapters.powertools_journal import METRICS
from lambdas.handlers.routes import ROUTES
from lambdas.jobs.accept import new_job
from lambdas.jobs.destination import Rules
from lambdas.jobs.errors import PunctualError
from lambdas.jobs.grouping import Crowd, GroupKey
from lambdas.jobs.horizon import Horizon
from lambdas.jobs.job import AttemptOutcome, Status
from lambdas.jobs.notice import notice_of_many
from lambdas.jobs.outgoing import VERSION
from lambdas.jobs.ports import Alert
from lambdas.jobs.scheduling import FIELDS
from lambdas.jobs.view import shown
from tests.pages import PAGES, ROOT, page, section
from tests.source_code import calls

NOVEMBER_2026_MS = 1_795_000_000_000
PARAMETER = re.compile(r"[(][?]P<(?:job_|key_)?([a-z]+)>[^)]*[)]")
"""A part of a route's pattern that stands for an id or a host; the page writes `{id}`, `{host}`."""
AS_WRITTEN = r"{\1}"
REFUSALS = {"Fault": 1, "ValueRefused": 0, "Trouble": 0, "AttemptError": 0, "add": 1, "_bad": 0, "_fault": 0}
"""Calls that carry one of the API's codes, and at which position."""


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    """A relative link names a file that is there and, after #, one of its headings."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        aim = (path.parent / file).resolve() if file else path
        assert ROOT in aim.parents, f"{target} is outside"
        assert aim.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(aim.read_text()), f"{target} has no such heading"


def test_pages_that_the_code_names_are_there() -> None:
    """Docstrings, comments and messages send people to pages that exist."""
    named = {
        (match, str(path.relative_to(ROOT)))
        for folder in ("infra", "lambdas", "local", "ops", "bench", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for match in re.findall(r"\bdocs/[\w/-]+\.(?:md|svg)", path.read_text())
    }
    assert [(file, by) for file, by in sorted(named) if not (ROOT / file).exists()] == []


def test_every_make_word_is_told_and_exists() -> None:
    """CONTRIBUTING tells all targets of the Makefile, and no page names one that it has not."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", page("Makefile"), re.MULTILINE))
    told = set(re.findall(r"`make ([a-z-]+)", page("CONTRIBUTING.md")))
    assert told == targets
    for path in PAGES:
        named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", path.read_text(), re.MULTILINE))
        assert named <= targets, path.name


def test_every_route_is_in_the_api_page() -> None:
    """The table of routes is what the api answers; what is planned is told apart and is not there."""
    there = {f"{method} {PARAMETER.sub(AS_WRITTEN, path)}" for path, methods in ROUTES.items() for method in methods}
    route = r"`((?:GET|POST|PATCH|DELETE) /[\w/{}.-]*)`"
    assert set(re.findall(route, section("docs/api.md", "Routes"))) == there
    assert not set(re.findall(route, section("docs/api.md", "Later releases"))) & there


def test_every_error_code_is_in_the_api_page() -> None:
    """Whatever code a request or an attempt can be refused with has a line in the tables."""
    used = {words[REFUSALS[name]] for name, words in calls("lambdas") if len(words) > REFUSALS.get(name, 99)}
    codes = {code for code in used if re.fullmatch("[a-z][a-z0-9_]*", code)}
    assert {"at_past", "url_own_host", "not_found", "connect_failed", "died"} <= codes  # the search itself works
    tables = section("docs/api.md", "Errors") + section("docs/api.md", "What becomes of an attempt")
    assert sorted(code for code in codes if f"`{code}`" not in tables) == []


def test_every_error_of_the_api_has_a_place_of_its_own_and_no_other_has() -> None:
    """`type` leads there: one heading for each code of the table, in words that say what to do."""
    table = re.findall(r"^\| \d{3} \| (.+?) \|", section("docs/api.md", "Errors"), re.MULTILINE)
    codes = {code for cell in table for code in re.findall(r"`([a-z_0-9]+)`", cell)}
    places = re.split(r"^### (\w+)$", page("docs/errors.md"), flags=re.MULTILINE)
    explained = dict(zip(places[1::2], places[2::2], strict=True))
    assert codes == explained.keys() and len(places) == 2 * len(explained) + 1
    assert [code for code, text in explained.items() if len(text.strip()) < 30] == []


def test_every_error_code_of_an_attempt_has_words_of_its_own() -> None:
    """In answers, in the subject of a mail that tells of many jobs, and in what that mail advises."""
    codes = re.findall(r"^\| `(\w+)` \|", section("docs/api.md", "What becomes of an attempt"), re.MULTILINE)
    assert {"connect_failed", "secret_damaged"} <= set(codes)
    answers = {general_message(code, None) for code in (*codes, "a_newer_one")}
    assert len(answers) == len(codes) - 1, answers  # without its status one sentence stands for three of them
    mails = [_mail_of_many(code) for code in (*codes, "a_newer_one")]
    assert [mail.subject for mail in mails if "_" in mail.subject] == [_mail_of_many("a_newer_one").subject]
    advice = [mail.text.split("What to do:\n")[1].split("\n")[0] for mail in mails]
    assert len(set(advice)) == len(advice), advice


def _mail_of_many(code: str) -> Alert:
    return notice_of_many(Crowd(2, (), (0, 0), (0, 0)), GroupKey("ada", "example.com", code, 404, None), alone=0)


def test_every_status_of_an_answer_is_in_the_api_page() -> None:
    """So is the HTTP status of every refusal."""
    text = "\n".join(path.read_text() for path in (ROOT / "lambdas").rglob("*.py"))
    statuses = set(re.findall(r"(?:RequestRefused|problem|__init__)\(\s*([45]\d\d)\b", text))
    assert {"404", "422", "503"} <= statuses
    table = section("docs/api.md", "Errors")
    assert sorted(status for status in statuses if f"| {status} |" not in table) == []


def test_statuses_outcomes_and_fields_of_a_job_are_in_the_api_page() -> None:
    """Nothing that a user can send or read goes untold."""
    text = page("docs/api.md")
    words = [*Status, *AttemptOutcome, *FIELDS]
    assert [word for word in words if f"`{word}`" not in text] == []


def test_the_examples_of_the_api_page_are_true() -> None:
    """What the page schedules is accepted, and what it shows has the members that the api shows."""
    job = new_job(
        sent("Scheduling a job"), owner="ann", job_id="job_1", now_ms=NOVEMBER_2026_MS, horizon=Horizon(), rules=Rules()
    )
    example = json.loads(_json_block(section("docs/api.md", "Reading a job")))
    answer = shown(job, whole=True)
    assert list(example) == list(answer)
    assert list(example["request"]) == list(answer["request"])
    assert [example[name] for name in ("due_at", "due_at_local", "request", "retry", "expect", "notify")] == [
        answer[name] for name in ("due_at", "due_at_local", "request", "retry", "expect", "notify")
    ]


def test_what_the_readme_sends_is_accepted() -> None:
    """The documents in the README's curl commands are jobs."""
    rules = Rules.from_settings(private_targets="localhost", allowed_ports="80,443", own_hosts="")
    documents = [json.loads(text) for text in re.findall(r"-d '({.*?})'", page("README.md"), re.DOTALL)]
    assert len(documents) >= 2
    for document in documents:
        new_job(document, owner="ann", job_id="job_1", now_ms=NOVEMBER_2026_MS, horizon=Horizon(), rules=rules)


def test_every_setting_is_in_the_operators_page() -> None:
    """What the template and the functions can be set to, each with a line."""
    tables = section("docs/operating.md", "Settings")
    read = set(
        re.findall(r'"((?:PUNCTUAL|POWERTOOLS)_[A-Z_]+)"', page("lambdas/wiring.py") + page("local/settings.py"))
    )
    wanted = [*StageSettings.__dataclass_fields__, *sorted(read)]
    assert len(read) > 8
    assert [name for name in wanted if f"`{name}`" not in tables] == []


def test_every_alarm_is_in_the_operators_page() -> None:
    """Whoever gets an alarm's mail finds it in the table."""
    literal = {words[0] for name, words in calls("infra") if name == "_alarm"}
    of_functions = {f"{name.title().replace('_', '')}Errors" for name in FUNCTIONS}
    assert len(literal) >= 5
    table = section("docs/operating.md", "Alarms")
    assert sorted(name for name in (literal | of_functions) - {""} if f"`{name}`" not in table) == []


def test_every_event_and_metric_is_in_the_operators_page() -> None:
    """What functions print can be looked up."""
    events = {words[0] for name, words in calls("lambdas") if name == "tell" and words}
    metrics = {metric for metric, _ in METRICS.values()}
    text = section("docs/operating.md", "Logs and metrics")
    assert sorted(word for word in events | metrics if f"`{word}`" not in text) == []


def test_every_dependency_has_a_reason() -> None:
    """Each package that the project asks for has its line, and no line is about one that it does not."""
    settings = tomllib.loads(page("pyproject.toml"))
    sets = [*settings["project"]["optional-dependencies"].values(), *settings["dependency-groups"].values()]
    asked = [*settings["project"]["dependencies"], *(entry for entries in sets for entry in entries)]
    asked += [
        line
        for name in ("requirements", "requirements-node", "requirements-checks")
        for line in page(f"local/{name}.in").splitlines()
    ]
    names = {re.split(r"[\[<>=]", entry)[0] for entry in asked if entry and not entry.startswith("#")}
    told = re.findall(r"^\| `([\w-]+)`", page("docs/decisions/dependencies.md"), re.MULTILINE)
    assert sorted(told) == sorted({*names, *json.loads(page("package.json"))["devDependencies"]})


def test_who_imports_a_library_is_told_with_it() -> None:
    """By function, as the groups have it."""
    groups = tomllib.loads(page("pyproject.toml"))["dependency-groups"]
    table = section("docs/decisions/dependencies.md", "In the functions")
    for name, told in re.findall(r"^\| `([\w-]+)` \| ([a-z_, ]+) \|", table, re.MULTILINE):
        importers = [f for f in FUNCTIONS if name in {re.split(r"[\[>]", entry)[0] for entry in groups[f]}]
        assert told == ("all" if importers == list(FUNCTIONS) else ", ".join(importers)), name


def test_the_layout_names_every_folder() -> None:
    """CONTRIBUTING's table is where a newcomer looks for a place."""
    layout = section("CONTRIBUTING.md", "Layout")
    made = {"__pycache__", "cdk.out", "node_modules"}
    for folder in (
        {path.name for path in ROOT.glob("[a-z]*/")} | {path.name for path in ROOT.glob("tests/[a-z]*/")}
    ) - made:
        assert f"`{folder}/" in layout


def test_every_decision_is_listed_and_has_its_parts() -> None:
    """The index names all pages; each says why, what, and what follows."""
    folder = ROOT / "docs" / "decisions"
    pages = {path.name for path in folder.glob("*.md")} - {"README.md"}
    assert set(re.findall(r"^\| \[[^]]+\]\(([\w-]+\.md)\)", page("docs/decisions/README.md"), re.MULTILINE)) == pages
    for name in pages - {"dependencies.md"}:
        text = (folder / name).read_text()
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences")), name


def test_the_glossary_is_in_order_and_has_the_words_of_the_service() -> None:
    """One line for one word, by the alphabet; what the functions do, what a job can be, what ports there are."""
    words = re.findall(r"^\| \*\*(.+?)\*\*", page("docs/glossary.md"), re.MULTILINE)
    assert words == sorted(set(words), key=str.lower)
    verbs = ["hand off", "sweep", "claim", "take over", "fire", "settle", "bury", "set aside"]
    nouns = [
        "job",
        "owner",
        "target",
        "request",
        "due time",
        "fire time",
        "horizon",
        "near",
        "lead",
        "lease",
        "attempt",
    ]
    assert [word for word in (*verbs, *nouns, "outcome", "shard", "stage") if word not in words] == []


def test_every_error_of_the_core_is_in_its_tree() -> None:
    """The tree at the top of errors.py is the whole tree."""

    def below(kind: type[PunctualError]) -> set[str]:
        return {kind.__name__}.union(
            *(below(child) for child in kind.__subclasses__() if child.__module__.endswith("errors"))
        )

    drawn = ast.get_docstring(ast.parse(page("lambdas/jobs/errors.py"))) or ""
    assert sorted(name for name in below(PunctualError) if not re.search(rf"\b{name}\b", drawn)) == []


def test_the_changelog_knows_this_version() -> None:
    """Project, `User-Agent` and changelog have one version."""
    version = tomllib.loads(page("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## \[([^]]+)\]", page("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert version == VERSION == newest[1]


def test_every_command_of_operators_is_in_their_page() -> None:
    """And no command is told that is not there."""
    told = set(re.findall(r"^\| `(ops\.\w+)`", section("docs/operating.md", "Commands"), re.MULTILINE))
    there = {f"ops.{path.stem}" for path in (ROOT / "ops").glob("*.py") if "__main__" in path.read_text()}
    assert told == there


def test_the_one_liners_are_python() -> None:
    """Each `python3 -c '…'` at least compiles, so that a paste does not end in a syntax error."""
    found = [match for path in PAGES for match in re.findall(r"python3 -c (['\"])(.+?)\1(?:\)| |$)", path.read_text())]
    assert len(found) >= 3
    for _, program in found:
        compile(program, "a page", "exec")


def _json_block(text: str) -> str:
    found = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]
