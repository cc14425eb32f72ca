"""The manifests of deploy/kubernetes: Kustomize renders them, Kubernetes' own schemas judge them, and the program runs
with the settings, paths and ports that they give it."""

import contextlib
import copy
import functools
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import kubernetes_validate
import pytest
import yaml
from conftest import ROOT
from desk import UNSTALE

FOLDER = ROOT / "deploy/kubernetes"
KUBECTL = os.environ.get("KUBECTL_BIN", str(ROOT / "target/tools/kubectl-1.36"))
COMPONENTS = {path.name for path in (FOLDER / "components").iterdir()}
# Combinations of components that are rendered on the base, beside the example. Backups are for SQLite, and the monitor
# needs the port of the metrics.
SETS = {
    "base": (),
    "postgres": ("postgres",),
    "ingress": ("ingress",),
    "backups": ("backups",),
    "metrics": ("metrics",),
    "all on SQLite": ("ingress", "backups", "metrics", "podmonitor"),
    "all on PostgreSQL": ("postgres", "ingress", "metrics", "podmonitor"),
}
NAMES = [*SETS, "example", "restore"]
# Each is there twice: the schemas that accept unknown keys, and the strict ones.
VERSIONS = list(dict.fromkeys(kubernetes_validate.utils.all_versions()))
PATIENCE = 20

# Its schemas are read once, not once for each object.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)

pytestmark = pytest.mark.skipif(not os.access(KUBECTL, os.X_OK), reason="kubectl could not be installed")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The objects of each combination, by kind: there is one of each."""
    found = {"restore": by_kind((FOLDER / "restore.yaml").read_text()), "example": by_kind(kustomize(FOLDER / "example"))}
    for name, components in SETS.items():
        folder = tmp_path_factory.mktemp("kustomize")
        relative = Path(os.path.relpath(FOLDER, folder))
        overlay = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [str(relative / "base")],
            "components": [str(relative / "components" / component) for component in components],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
        found[name] = by_kind(kustomize(folder))
    return found


@pytest.fixture(params=NAMES)
def objects(request, rendered):
    return rendered[request.param]


def kustomize(folder):
    done = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True, timeout=60, check=False)
    # A field of a kustomization that is not used any more is only warned of.
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def by_kind(text):
    documents = list(yaml.safe_load_all(text))
    found = {document["kind"]: document for document in documents}
    assert len(found) == len(documents), "more than one object of a kind"
    return found


def pod(objects):
    return objects["StatefulSet"]["spec"]["template"]["spec"] if "StatefulSet" in objects else objects["Pod"]["spec"]


def container(objects):
    (only,) = pod(objects)["containers"]
    return only


def settings(objects):
    """The environment of the container. Of a secret there is the name."""
    found = {}
    for source in container(objects).get("envFrom", ()):
        assert source == {"configMapRef": {"name": objects["ConfigMap"]["metadata"]["name"]}}
        found |= objects["ConfigMap"]["data"]
    for one in container(objects).get("env", ()):
        found[one["name"]] = one["value"] if "value" in one else one["valueFrom"]["secretKeyRef"]["name"]
    return found


def mounts(objects):
    return {mount["name"]: mount["mountPath"] for mount in container(objects)["volumeMounts"]}


def test_every_component_is_rendered():
    assert COMPONENTS == {component for components in SETS.values() for component in components}


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_own_schemas_accept_every_object(rendered, version):
    judged = 0
    for name, objects in rendered.items():
        for kind, one in objects.items():
            if kind != "PodMonitor":
                try:
                    kubernetes_validate.validate(one, version, strict=True)
                except kubernetes_validate.ValidationError as wrong:
                    raise AssertionError(f"{name}, {kind}, {list(wrong.path)}: {wrong.message}") from wrong
                judged += 1
    assert judged > 40


def test_an_unknown_key_is_not_accepted(rendered):
    wrong = copy.deepcopy(rendered["base"]["StatefulSet"])
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_names_lead_to_what_there_is(objects):
    spec = pod(objects)
    claims = [claim["metadata"]["name"] for claim in objects.get("StatefulSet", {}).get("spec", {}).get("volumeClaimTemplates", ())]
    volumes = [volume["name"] for volume in spec.get("volumes", ())]
    assert sorted(mounts(objects)) == sorted(claims + volumes), "each volume is mounted, and each mount has one"
    if "Pod" in objects:
        return
    labels = objects["StatefulSet"]["spec"]["template"]["metadata"]["labels"].items()
    assert spec["serviceAccountName"] == objects["ServiceAccount"]["metadata"]["name"]
    assert objects["StatefulSet"]["spec"]["serviceName"] == objects["Service"]["metadata"]["name"]
    selectors = [objects["Service"]["spec"]["selector"], objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]]
    selectors += [objects[kind]["spec"]["selector"]["matchLabels"] for kind in ("PodMonitor", "PodDisruptionBudget") if kind in objects]
    for selector in [objects["StatefulSet"]["spec"]["selector"]["matchLabels"], *selectors]:
        assert selector.items() <= labels
    ports = {port["name"] for port in container(objects)["ports"]}
    allowed = {port["port"] for rule in objects["NetworkPolicy"]["spec"]["ingress"] for port in rule["ports"]}
    assert allowed == ports, "what is served may be reached"
    assert {port["targetPort"] for port in objects["Service"]["spec"]["ports"]} == {"http"}
    if "Ingress" in objects:
        (rule,) = objects["Ingress"]["spec"]["rules"]
        (path,) = rule["http"]["paths"]
        assert path["backend"]["service"] == {"name": objects["Service"]["metadata"]["name"], "port": {"name": "http"}}
        assert [tls["hosts"] for tls in objects["Ingress"]["spec"]["tls"]] == [[rule["host"]]]
    if "PodMonitor" in objects:
        (endpoint,) = objects["PodMonitor"]["spec"]["podMetricsEndpoints"]
        assert endpoint["port"] in ports
        assert objects["PodMonitor"]["spec"]["jobLabel"] in dict(labels)
    annotations = objects["StatefulSet"]["spec"]["template"]["metadata"].get("annotations", {})
    if annotations:
        numbers = {port["name"]: str(port["containerPort"]) for port in container(objects)["ports"]}
        assert annotations["prometheus.io/port"] == numbers["metrics"]
        assert annotations["prometheus.io/scrape"] == ("false" if "PodMonitor" in objects else "true")


def test_the_files_of_the_restore_are_those_of_the_backups(rendered):
    restore, backups = rendered["restore"], rendered["all on SQLite"]
    name = backups["StatefulSet"]["metadata"]["name"]
    claims = {volume["name"]: volume["persistentVolumeClaim"]["claimName"] for volume in pod(restore)["volumes"]}
    templates = [claim["metadata"]["name"] for claim in backups["StatefulSet"]["spec"]["volumeClaimTemplates"]]
    assert claims == {claim: f"{claim}-{name}-0" for claim in templates}
    assert mounts(restore).items() <= mounts(backups).items()
    assert settings(restore).items() <= settings(backups).items()
    assert pod(restore)["securityContext"] == pod(backups)["securityContext"]
    assert container(restore)["image"] == container(rendered["example"])["image"]


def test_the_example_needs_one_change_for_another_host(rendered, tmp_path):
    example = yaml.safe_load((FOLDER / "example/kustomization.yaml").read_text())
    relative = Path(os.path.relpath(FOLDER, tmp_path))
    for key in ("resources", "components"):
        example[key] = [str(relative / one.removeprefix("../")) if "/" in one else str(relative / "example" / one) for one in example[key]]
    # A file may not be outside of the folder.
    example["resources"].remove(str(relative / "example/namespace.yaml"))
    text = yaml.safe_dump(example)
    assert text.count("https://unstale.example.com") == 1
    (tmp_path / "kustomization.yaml").write_text(text.replace("https://unstale.example.com", "https://refresh.example.org"))
    changed = by_kind(kustomize(tmp_path))
    assert changed["Ingress"]["spec"]["rules"][0]["host"] == "refresh.example.org"
    assert changed["Ingress"]["spec"]["tls"][0]["hosts"] == ["refresh.example.org"]
    names = [objects["ConfigMap"]["metadata"]["name"] for objects in (changed, rendered["example"])]
    assert names[0] != names[1], "another setting starts the pod again"
    assert container(changed)["envFrom"][0]["configMapRef"]["name"] == names[0]


# --- the pod security standard "restricted" ------------------------------------------------------------------------
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def violations(spec):
    """What the standard does not allow, as https://kubernetes.io/docs/concepts/security/pod-security-standards/ has it."""
    of_pod = spec.get("securityContext", {})
    found = [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    found += [f"volume {key}" for volume in spec.get("volumes", ()) for key in volume.keys() - {"name"} - VOLUMES]
    found += ["sysctls"] if of_pod.get("sysctls") else []
    for one in [*spec["containers"], *spec.get("initContainers", ()), *spec.get("ephemeralContainers", ())]:
        own = one.get("securityContext", {})
        both = {**of_pod, **own}
        capabilities = own.get("capabilities", {})
        wrong = {
            "hostPort": any(port.get("hostPort") for port in one.get("ports", ())),
            "privileged": own.get("privileged", False),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
            "capabilities": "ALL" not in capabilities.get("drop", ()),
            "capabilities, add": not set(capabilities.get("add", ())) <= {"NET_BIND_SERVICE"},
            "runAsNonRoot": both.get("runAsNonRoot") is not True,
            "runAsUser": both.get("runAsUser") == 0,
            "seccompProfile": both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"),
            "procMount": own.get("procMount", "Default") != "Default",
            "appArmorProfile": both.get("appArmorProfile", {}).get("type") == "Unconfined",
            "seLinuxOptions": bool(both.get("seLinuxOptions")),
        }
        found += [f"{one['name']}: {key}" for key, is_wrong in wrong.items() if is_wrong]
    return found


def test_pods_keep_to_the_restricted_standard(objects):
    spec = pod(objects)
    assert violations(spec) == []
    # What is more than the standard asks for.
    assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
    assert container(objects)["securityContext"]["readOnlyRootFilesystem"] is True
    assert container(objects)["resources"]["limits"]["memory"]


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ((), "hostNetwork", True),
        (("volumes", 0), "hostPath", {"path": "/"}),
        (("securityContext",), "runAsNonRoot", False),
        (("securityContext",), "runAsUser", 0),
        (("securityContext",), "seccompProfile", {"type": "Unconfined"}),
        (("containers", 0, "securityContext"), "allowPrivilegeEscalation", True),
        (("containers", 0, "securityContext"), "privileged", True),
        (("containers", 0, "securityContext"), "capabilities", {}),
        (("containers", 0, "securityContext", "capabilities"), "add", ["SYS_ADMIN"]),
    ],
)
def test_a_pod_outside_of_the_standard_is_noticed(rendered, place, key, value):
    spec = copy.deepcopy(pod(rendered["base"]))
    functools.reduce(lambda within, step: within[step], place, spec)[key] = value
    (found,) = violations(spec)
    assert key in found


def test_the_namespace_enforces_the_standard(rendered):
    labels = rendered["example"]["Namespace"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


# --- the program, its image and its database -----------------------------------------------------------------------
def test_one_pod_has_the_database_of_sqlite(objects):
    if "Pod" in objects:
        return
    spec = objects["StatefulSet"]["spec"]
    if settings(objects)["UNSTALE_DATABASE"].startswith("sqlite:"):
        assert spec["replicas"] == 1
        assert all(claim["spec"]["accessModes"] == ["ReadWriteOnce"] for claim in spec["volumeClaimTemplates"])
    else:
        # Nothing is kept in the pods, and all of them sign with one key.
        assert spec["replicas"] == 2 and "volumeClaimTemplates" not in spec
        assert settings(objects)["UNSTALE_AUDIT_KEY"].startswith("/etc/unstale/")
        secret = next(volume["secret"] for volume in pod(objects)["volumes"] if volume["name"] == "secrets")
        assert secret["optional"] is False, "without the key a pod would make one of its own"


def test_the_program_knows_every_setting(rendered):
    """Also those that comments name."""
    asked = subprocess.run([UNSTALE, "serve", "--help"], capture_output=True, text=True, timeout=30, check=True)
    known = set(re.findall(r"\[env: (UNSTALE_\w+)", asked.stdout))
    assert len(known) > 50
    texts = "".join(path.read_text() for path in FOLDER.rglob("*.yaml"))
    # Kubernetes would make this one.
    named = set(re.findall(r"\bUNSTALE_\w+", texts)) - {"UNSTALE_PORT"}
    assert named <= known
    for name, objects in rendered.items():
        assert settings(objects).keys() <= named, name


def test_the_image_is_the_one_that_the_manifests_expect(rendered):
    dockerfile = (ROOT / "Dockerfile").read_text()
    _, final = dockerfile.rsplit("\nFROM ", 1)
    user = re.search(r"^USER (\d+):(\d+)$", final, re.MULTILINE)
    environment = dict(re.findall(r"\b(UNSTALE_\w+)=(\S+)", final))
    assert f"useradd --uid {user[1]} " in final
    assert re.search(r'^ENTRYPOINT \["unstale"\]$', final, re.MULTILINE), "args are those of the program"
    for name, objects in rendered.items():
        context = pod(objects)["securityContext"]
        assert [context["runAsUser"], context["runAsGroup"]] == [int(user[1]), int(user[2])], name
        assert context["fsGroup"] == int(user[2]), "what is mounted can be read and written"
        assert "command" not in container(objects)
    base = rendered["base"]
    assert f"\nVOLUME {mounts(base)['data']}\n" in final and f"\nWORKDIR {mounts(base)['data']}\n" in final
    assert f"\nCMD [\"{container(base)['args'][0]}\"]" in final
    assert environment.items() <= settings(base).items()
    assert f"\nEXPOSE {container(base)['ports'][0]['containerPort']}\n" in final


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Place:
    """Where the paths and ports of a pod are on this machine."""

    def __init__(self, objects, folder):
        self.mounts = mounts(objects)
        self.folder = folder
        for name in self.mounts:
            (folder / name).mkdir(exist_ok=True)
        self.ports = {port["name"]: (port["containerPort"], free_port()) for port in container(objects).get("ports", ())}

    def path(self, text):
        """With the volume's folder for the path that it is mounted at."""
        for name, path in self.mounts.items():
            text = re.sub(rf"(^|//){re.escape(path)}(?=/|$)", rf"\g<1>{self.folder / name}", text)
        return text

    def value(self, text):
        for inside, outside in self.ports.values():
            if text == f"0.0.0.0:{inside}":
                return f"127.0.0.1:{outside}"
        mapped = self.path(text)
        is_path = text.startswith(("/", "sqlite:///"))
        assert (mapped != text) == is_path, f"{text} is in none of the volumes, or at no port of the container"
        return mapped

    def environment(self, objects, secrets):
        """All that the container has, and a stand-in for AWS."""
        found = {name: secrets.get(value) or self.value(value) for name, value in settings(objects).items()}
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_EC2_METADATA_DISABLED": "true"}
        return {**found, **own, "AWS_ENDPOINT_URL_CLOUDFRONT": "http://127.0.0.1:9"}

    def ask(self, port, path):
        _, number = self.ports[port]
        connection = http.client.HTTPConnection("127.0.0.1", number, timeout=5)
        # A kubelet names the address of the pod.
        connection.request("GET", path, headers={"Host": "10.1.2.3:8080", "Connection": "close", "User-Agent": "kube-probe/1.37"})
        with connection.getresponse() as answer:
            return SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read().decode())

    def probe(self, probe):
        return self.ask(probe["httpGet"]["port"], probe["httpGet"]["path"]).status


def wait_for(check):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if found := check():
                return found
        time.sleep(0.05)
    return None


@contextlib.contextmanager
def running(objects, place, secrets):
    environment = place.environment(objects, secrets)
    command = [UNSTALE, *container(objects)["args"]]
    output = place.folder / "output"
    with output.open("w") as file:
        process = subprocess.Popen(command, env=environment, cwd=place.folder / "data", stdout=file, stderr=file)
    try:
        assert wait_for(lambda: place.probe(container(objects)["startupProbe"]) == 200), output.read_text()
        yield
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=PATIENCE)
    assert code == 0, output.read_text()
    assert time.monotonic() - began < pod(objects)["terminationGracePeriodSeconds"] / 2


def test_the_program_runs_as_the_example_says_and_a_backup_is_restored(rendered, tmp_path):
    objects, restore = rendered["example"], rendered["restore"]
    place = Place(objects, tmp_path)
    with running(objects, place, {}):
        assert wait_for(lambda: place.probe(container(objects)["readinessProbe"]) == 200)
        assert place.probe(container(objects)["livenessProbe"]) == 200
        # Who asks for a page that there is not is sent to sign in, and who probes another path notices.
        assert place.ask("http", "/health").status != 200
        (rule,) = objects["Ingress"]["spec"]["rules"]
        assert place.ask("http", rule["http"]["paths"][0]["path"]).headers["Location"].startswith(("/sign-in", "/setup"))
        annotations = objects["StatefulSet"]["spec"]["template"]["metadata"]["annotations"]
        assert "unstale_ready 1" in place.ask("metrics", annotations["prometheus.io/path"]).body
        backup = wait_for(lambda: next((tmp_path / "backups").glob("unstale-2*.db"), None))
    assert "unstale.example.com/setup" in (tmp_path / "output").read_text(), "the log has the link for the first account"
    # The arguments of the pod that restores, with the file that is there.
    named = [argument for argument in container(restore)["args"] if argument.startswith("/backups/")]
    assert re.fullmatch(r"/backups/unstale-\d{8}T\d{6}Z\.db", named[0])
    arguments = [str(backup) if argument in named else argument for argument in container(restore)["args"]]
    environment = Place(restore, tmp_path).environment(restore, {})
    done = subprocess.run([UNSTALE, *arguments], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "data").glob("unstale.db.before-restore-*"))


def test_the_program_runs_on_the_database_that_a_secret_names(rendered, tmp_path):
    """It is SQLite here: what PostgreSQL does with the program, the tests of the store and of the workers show."""
    objects = rendered["all on PostgreSQL"]
    place = Place(objects, tmp_path)
    (tmp_path / "data").mkdir()
    key = Path(place.path(settings(objects)["UNSTALE_AUDIT_KEY"]))
    # As the component says: openssl rand -hex 32.
    key.write_text("5f" * 32 + "\n")
    key.chmod(0o440)
    with running(objects, place, {"unstale-database": f"sqlite://{tmp_path}/data/shared.db"}):
        assert wait_for(lambda: place.probe(container(objects)["readinessProbe"]) == 200)
        assert (tmp_path / "data/shared.db").exists()
    assert not list((tmp_path / "data").glob("*.audit-key")), "it signs with the key of the secret"
