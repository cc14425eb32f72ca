"""What publishes a version: the workflows, the notes of a release, and the Dockerfile."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
DOCKERFILE = ROOT / "Dockerfile"
PROGRAMS = Path(sys.executable).parent


def run(*command, **options):
    return subprocess.run([str(one) for one in command], capture_output=True, text=True, timeout=60, check=False, **options)


def test_the_workflows_are_workflows():
    assert [path.name for path in WORKFLOWS] == ["release.yml", "test.yml"]
    done = run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_the_workflows_are_safe():
    """No text of an event in a script, least permissions, no credentials left behind."""
    done = run(PROGRAMS / "zizmor", "--offline", "--no-progress", "--config", ROOT / ".github/zizmor.yml", *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def jobs():
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            yield pytest.param(job, id=f"{path.stem}-{name}")


@pytest.mark.parametrize("job", list(jobs()))
def test_a_job_ends_and_runs_what_there_is(job):
    if "uses" in job:
        assert (ROOT / job["uses"]).exists()
        return
    assert job["timeout-minutes"] <= 120
    for step in job["steps"]:
        assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/checkout@v1"))
        script = step.get("run", "")
        checked = run("bash", "-n", "-c", script)
        assert checked.returncode == 0, checked.stderr
        for path in re.findall(r"(?<![\w/$.])(?:scripts|\.ci)/[\w-]+", script):
            assert (ROOT / path).exists(), path


@pytest.fixture
def checkout(tmp_path):
    """What a tree has on the day of a release."""
    for path in ("Cargo.toml", "scripts/release-notes", "deploy/kubernetes/example/kustomization.yaml", "deploy/kubernetes/restore.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    changelog = "# Changelog\n\n## [Unreleased]\n\n## [VERSION] - 2026-12-01\n\n### Added\n\n- Much.\n\n## [0.0.1] - 2026-01-01\n\n- Little.\n"
    (tmp_path / "CHANGELOG.md").write_text(changelog.replace("VERSION", version()))
    return tmp_path


def version():
    return re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def test_the_notes_of_a_release_are_those_of_its_version(checkout):
    done = run(checkout / "scripts/release-notes", version())
    assert (done.returncode, done.stdout) == (0, "### Added\n\n- Much.\n"), done.stderr


def test_a_release_without_notes_or_with_another_version_is_refused(checkout):
    done = run(checkout / "scripts/release-notes", "9.9.9")
    assert (done.returncode, done.stdout) == (1, "") and f"Cargo.toml has the version {version()}" in done.stderr
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- Much.\n")
    done = run(checkout / "scripts/release-notes", version())
    assert (done.returncode, done.stdout) == (1, "") and "has nothing under" in done.stderr
    manifest = checkout / "deploy/kubernetes/restore.yaml"
    manifest.write_text(manifest.read_text().replace(f"unstale:{version()}", "unstale:9.9.9"))
    assert "restore.yaml names another version" in run(checkout / "scripts/release-notes", version()).stderr


def test_the_manifests_have_the_version_of_the_program():
    done = run(ROOT / "scripts/release-notes", version())
    assert done.returncode == 0 or "CHANGELOG.md has nothing" in done.stderr, done.stderr


def test_the_dockerfile_is_well_formed_and_labelled():
    # Its type for licences knows single ones only, and no expression such as "MIT OR Apache-2.0".
    labels = ("title", "description", "licenses", "version")
    asked = [f"--require-label=org.opencontainers.image.{name}:text" for name in labels]
    # Versions of Debian's packages are those of the day: a pinned one is gone after its first security update. The one
    # pipe ends with a command that fails where its input is wrong, and folders of crates have no blanks.
    ignored = [f"--ignore={rule}" for rule in ("DL3008", "DL4006", "SC2086")]
    done = run(PROGRAMS / "hadolint", *asked, *ignored, DOCKERFILE)
    assert done.returncode == 0, done.stdout + done.stderr
    licence = re.search(r'^license = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    assert f'licenses="{licence}"' in DOCKERFILE.read_text()


def test_the_release_gives_the_image_its_version():
    workflow = (ROOT / ".github/workflows/release.yml").read_text()
    assert '--build-arg "VERSION=$version"' in workflow
    final = DOCKERFILE.read_text().rsplit("\nFROM ", 1)[1]
    assert "\nARG VERSION=" in final and 'image.version="$VERSION"' in final
