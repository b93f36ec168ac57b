"""The arrows of the house, read from the imports: services and trainer point inward, core at nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("profile_store", "candidate_gen", "reranker", "gateway")
MOST_LINES = 400
DRAWERS = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "base"}
SEES_GENERATED_CODE = {
    "convert.py", "servicer.py", "peers.py", "fake_peers.py", "__main__.py", "wiring.py",
}  # fmt: skip
"""`wiring.py` and `__main__.py` only to register a servicer."""


def modules() -> dict[str, Path]:
    """Our modules by dotted name; what is generated or not tracked by design is left out."""
    found = {}
    for top in ("restock", "services", "trainer"):
        for path in sorted((ROOT / top).rglob("*.py")):
            place = path.relative_to(ROOT)
            if place.parts[:2] != ("restock", "v1"):
                name = ".".join(place.with_suffix("").parts)
                found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports(path: Path) -> set[str]:
    """Full names of what a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrow"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


IMPORTS = {name: imports(path) for name, path in MODULES.items()}


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def below(*packages: str) -> list[str]:
    return [name for name in MODULES if inside(name, *packages)]


def strangers(module: str, *allowed: str) -> set[str]:
    """Return what a module imports of ours beyond what it may."""
    ours = {name for name in IMPORTS[module] if inside(name, "restock", "services", "trainer")}
    return {name for name in ours if not inside(name, *allowed)}


def third_parties(module: str) -> set[str]:

    tops = {name.partition(".")[0] for name in IMPORTS[module]}
    return tops - sys.stdlib_module_names - {"restock", "services", "trainer"}


def test_there_is_something_to_look_at():
    assert {"restock.core.signals", "restock.serving.runner", "services.reranker"} <= set(MODULES)


@pytest.mark.parametrize("module", below("restock.core"))
def test_core_knows_arrays_and_knobs_only(module):
    assert strangers(module, "restock.core", "restock.tuning_config") == set()
    assert third_parties(module) <= {"numpy", "scipy", "numba"}


@pytest.mark.parametrize("module", below("restock.core"))
def test_core_has_no_clock_no_files_no_environment_and_no_log(module):
    outside = {"time", "datetime", "os", "io", "pathlib", "logging", "random", "sys", "asyncio"}
    assert {name.partition(".")[0] for name in IMPORTS[module]} & outside == set()


def test_tuning_knows_errors_only():
    assert strangers("restock.tuning_config", "restock.errors") == set()
    assert third_parties("restock.tuning_config") == set()


@pytest.mark.parametrize(
    "module", ["restock.errors", "restock.days", "restock.ids", "restock.limits"]
)
def test_errors_and_days_know_nothing(module):
    assert strangers(module) == set()
    assert third_parties(module) == set()


@pytest.mark.parametrize("module", below("restock.artifacts"))
def test_artifacts_know_core_only(module):
    inward = ("restock.artifacts", "restock.core")
    plain = ("restock.tuning_config", "restock.errors", "restock.days")
    assert strangers(module, *inward, *plain) == set()
    assert "grpc" not in third_parties(module)


@pytest.mark.parametrize("module", below("restock.serving"))
def test_the_shell_knows_no_service(module):
    assert {name for name in IMPORTS[module] if inside(name, "services", "trainer")} == set()


@pytest.mark.parametrize("module", below("services"))
def test_a_service_knows_no_other_and_not_the_trainer(module):
    own = ".".join(module.split(".")[:2])
    library = ("restock.core", "restock.artifacts", "restock.serving", "restock.v1")
    plain = (
        "restock.tuning_config", "restock.errors", "restock.days", "restock.ids", "restock.limits",
    )  # fmt: skip
    assert strangers(module, own, *library, *plain) == set()


@pytest.mark.parametrize("module", below("trainer"))
def test_the_trainer_knows_what_is_on_disk_but_no_service(module):
    inward = ("trainer", "restock.artifacts", "restock.core")
    plain = (
        "restock.tuning_config",
        "restock.errors",
        "restock.time_zone",
        "restock.days",
        "restock.ids",
    )
    assert strangers(module, *inward, *plain) == set()
    assert "grpc" not in third_parties(module)


@pytest.mark.parametrize("module", [name for name in MODULES if not inside(name, "restock.cli")])
def test_only_the_edges_see_generated_code(module):
    generated = {name for name in IMPORTS[module] if inside(name, "restock.v1")}
    if not generated or MODULES[module].name in SEES_GENERATED_CODE:
        return
    pytest.fail(f"{MODULES[module].relative_to(ROOT)} imports {', '.join(sorted(generated))}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_short_and_named_for_what_it_holds(module):
    assert len(MODULES[module].read_text().splitlines()) <= MOST_LINES
    assert not DRAWERS & set(module.split("."))


def undocumented(path: Path) -> list[str]:
    """Public functions, classes and methods without a docstring."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    tree = ast.parse(path.read_text())
    scopes = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    return [
        node.name
        for scope in scopes
        for node in scope.body
        if isinstance(node, kinds)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]


@pytest.mark.parametrize("module", below("restock.core"))
def test_all_of_core_is_documented(module):
    path = MODULES[module]
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert undocumented(path) == []


def test_generated_code_is_not_kept():
    tracked = subprocess.run(
        ["git", "ls-files", "restock/v1"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert tracked.stdout == ""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_house_shape(service):
    names = {path.name for path in (ROOT / "services" / service).glob("*.py")}
    assert {"__main__.py", "servicer.py", "convert.py", "settings.py"} <= names
