"""The Debian package: what is in it, and what its installation, upgrade, removal and purge do.

It is installed on a copy of this machine, in namespaces of its own: an overlay whose changes are in memory and end with
the test, without a network, and with its own processes. No systemd runs there. Where the package asks `systemctl`, a
stand-in obeys: it starts and stops what the installed unit says, as a user without rights, and shuts nothing off.
"""

import gzip
import os
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from conftest import ROOT
from desk import UNSTALE

NEWER = "0.2.0-1"
UNIT = "/usr/lib/systemd/system/unstale.service"
LINK = "/etc/systemd/system/multi-user.target.wants/unstale.service"
SETTINGS = "/etc/unstale.env"
DATABASE = "/var/lib/private/unstale/unstale.db"
# A package for Debian itself closes a bug. The settings are for root only, because they may have secrets in them.
NOT_OURS = "initial-upload-closes-no-bugs,non-standard-file-perm"
ENDED = "the command ended with"

COPY = """
mount -t tmpfs -o mode=755 none "$1"
cd "$1"
mkdir changes work root
mount -t overlay -o lowerdir=/,upperdir=changes,workdir=work none root
mount -t tmpfs -o mode=755 none root/run
mount -t tmpfs -o mode=1777 none root/tmp
mount -t proc none root/proc
mount --bind /dev root/dev
mount --bind "$2" root/mnt
exec chroot root env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LC_ALL=C.UTF-8 \\
    DEBIAN_FRONTEND=noninteractive AWS_EC2_METADATA_DISABLED=true sh
"""

SYSTEMCTL = r"""#!/bin/sh
echo "$*" >>/run/asked
value() { sed -n "s/^$1=-\{0,1\}//p" /usr/lib/systemd/system/unstale.service; }
start() {
    state=$(value StateDirectory)
    # systemd lets the service in with a mount of its own, and nobody else.
    mkdir -p /var/lib/private
    chmod 711 /var/lib/private
    mkdir -p -m "$(value StateDirectoryMode)" "/var/lib/private/$state"
    [ -e "/var/lib/$state" ] || ln -s "private/$state" "/var/lib/$state"
    chown -R 61184:61184 "/var/lib/private/$state"
    set -a
    HOME=/
    eval "$(value Environment)"
    . "$(value EnvironmentFile)"
    umask "$(value UMask)"
    cd "$(value WorkingDirectory)" || exit 1
    # The command is of several words.
    setpriv --reuid 61184 --regid 61184 --clear-groups --no-new-privs $(value ExecStart) </dev/null >>/run/log 2>&1 &
    echo $! >/run/service
}
is_active() { [ -e /run/service ] && kill -0 "$(cat /run/service)" 2>/dev/null; }
stop() {
    is_active || return 0
    kill "$(cat /run/service)"
    while is_active; do sleep 0.05; done
}
case " $* " in
    *" preset "*) ln -s /usr/lib/systemd/system/unstale.service /etc/systemd/system/multi-user.target.wants ;;
    *" is-enabled "*) if [ -e /etc/systemd/system/multi-user.target.wants/unstale.service ]; then echo enabled; fi ;;
    *" is-active "*) is_active ;;
    *" restart "*) stop && start ;;
    *" start "*) is_active || start ;;
    *" stop "*) stop ;;
esac
"""


def as_root(*command):
    return [*([] if os.geteuid() == 0 else ["sudo", "-n"]), *command]


class Copy:
    """A copy of this machine, and a shell there."""

    def __init__(self, shell):
        self.shell = shell

    def try_to(self, command):
        """Runs it; its exit code, and all that it printed."""
        self.shell.stdin.write(f"timeout 120 sh -ec {shlex.quote(command)} 2>&1 </dev/null\necho \"\n{ENDED} $?\"\n")
        self.shell.stdin.flush()
        printed = []
        for line in self.shell.stdout:
            if line.startswith(ENDED):
                return int(line.split()[-1]), "".join(printed)[:-1]
            printed.append(line)
        pytest.fail(f"there is no copy of this machine: root must be able to mount an overlay\n{''.join(printed)}")

    def run(self, command):
        code, printed = self.try_to(command)
        assert code == 0, f"{command}\n{printed}"
        return printed

    def has(self, path):
        return self.try_to(f"[ -e {path} ] || [ -L {path} ]")[0] == 0

    def asked_of_systemd(self):
        """What systemctl was asked to do since this was last looked at, in its words."""
        asked = self.run("touch /run/asked; cat /run/asked; rm /run/asked").splitlines()
        words = [" ".join(word for word in line.split() if not word.startswith("-")) for line in asked]
        return [word for word in words if word.endswith(" unstale.service") and not word.startswith("is-")]

    def wait_until_ready(self):
        deadline = time.monotonic() + 60
        while self.try_to("unstale healthcheck")[0] != 0:
            assert time.monotonic() < deadline, self.run("cat /run/log")
            time.sleep(0.1)
        assert '"ready":true' in self.run("curl -sS http://127.0.0.1:8080/readyz")


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The package of this version, and of a newer one, with the same program."""
    folder = tmp_path_factory.mktemp("packages")
    made = []
    for more in [[], ["--version", NEWER]]:
        environment = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
        command = [ROOT / "scripts/package", "--fast", "--output", folder, *more, UNSTALE]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        made.append(Path(done.stdout.strip()))
    yield made
    shutil.rmtree(folder)


@pytest.fixture
def copy(packages, tmp_path):
    namespaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
    command = as_root(*namespaces, "sh", "-ec", COPY, "sh", str(tmp_path), str(packages[0].parent))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as shell:
        copy = Copy(shell)
        # What this machine has of Unstale, and its own word against starting services.
        copy.try_to("dpkg --purge unstale")
        copy.run(f"rm -rf /usr/local/bin/unstale {SETTINGS} /etc/systemd/system/unstale* /usr/sbin/policy-rc.d")
        copy.run("rm -rf /var/lib/unstale /var/lib/private/unstale")
        # With each package, the index of all manual pages would be made, which takes long and is not ours.
        copy.run("rm -f /var/lib/man-db/auto-update")
        up = "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 1))"
        copy.run(f'python3 -c "{up}"')
        yield copy
        shell.stdin.close()


def field(package, name):
    asked = ["dpkg-deb", "--field", package, name]
    return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def unpacked(package, folder):
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True, timeout=60)
    return folder


def test_everything_is_where_debian_expects_it(packages, tmp_path):
    package, newer = packages
    assert field(package, "Package") == "unstale" and field(newer, "Version") == NEWER
    needed = [one.split()[0] for one in field(package, "Depends").split(", ")]
    assert "libc6" in needed and "ca-certificates" in needed, needed
    root = unpacked(package, tmp_path / "root")
    assert (root / UNIT[1:]).read_bytes() == (ROOT / "deploy/unstale.service").read_bytes()
    assert (root / "DEBIAN/conffiles").read_text().split() == [SETTINGS]
    assert (root / SETTINGS[1:]).stat().st_mode & 0o777 == 0o600
    helped = subprocess.run([UNSTALE, "--help"], capture_output=True, text=True, check=True, timeout=30).stdout
    listed = helped.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    commands = [line.split()[0] for line in listed if line[2] != " "]
    pages = root / "usr/share/man/man1"
    assert len(commands) > 10
    for name in ["unstale", *(f"unstale-{command}" for command in commands if command != "help")]:
        assert gzip.decompress((pages / f"{name}.1.gz").read_bytes()).startswith(b".ie"), name
    for shell, place in [
        ("bash", "bash-completion/completions/unstale"),
        ("zsh", "zsh/vendor-completions/_unstale"),
        ("fish", "fish/vendor_completions.d/unstale.fish"),
    ]:
        printed = subprocess.run([UNSTALE, "completions", shell], capture_output=True, check=True, timeout=30).stdout
        assert (root / "usr/share" / place).read_bytes() == printed, shell
    papers = root / "usr/share/doc/unstale"
    assert "License: Expat or Apache-2.0" in (papers / "copyright").read_text()
    assert gzip.decompress((papers / "changelog.gz").read_bytes()) == (ROOT / "CHANGELOG.md").read_bytes()
    assert gzip.decompress((papers / "changelog.Debian.gz").read_bytes()).startswith(b"unstale (")


def test_lintian_finds_no_fault(packages):
    command = ["lintian", "--allow-root", "--suppress-tags", NOT_OURS, "--fail-on", "error,warning", packages[0]]
    judged = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_settings_file_offers_settings_that_there_are(tmp_path):
    lines = (ROOT / "deploy/unstale.env").read_text().splitlines()
    offered = dict(line[1:].split("=", 1) for line in lines if line.startswith("#") and not line.startswith("# "))
    config = subprocess.run([UNSTALE, "config"], env=offered, capture_output=True, text=True, check=False, timeout=30)
    assert config.returncode == 0, config.stderr
    known = [name for name in offered if name.startswith("UNSTALE_")]
    assert len(known) > 4 and all(f" {name} " in config.stdout for name in known), config.stdout


def test_it_is_installed_and_purged_where_no_systemd_runs(copy, packages):
    copy.run(f"dpkg --install /mnt/{packages[0].name}")
    assert copy.run("dpkg-query --show --showformat '${db:Status-Status}' unstale") == "installed"
    assert copy.has(LINK), "it starts with the next boot"
    copy.run(f"systemd-analyze verify {UNIT}")
    assert copy.run("man --where unstale-serve").startswith("/usr/share/man/man1/")
    copy.run("bash -c '. /usr/share/bash-completion/completions/unstale; complete -p unstale'")
    files = [path for path in copy.run("dpkg --listfiles unstale").split() if "unstale" in path]
    assert "kept" not in copy.run("dpkg --purge unstale"), "there is no data yet"
    assert [path for path in [*files, LINK] if copy.has(path)] == []


def test_the_history_outlives_upgrade_removal_and_purge(copy, packages):
    package, newer = (f"/mnt/{one.name}" for one in packages)
    copy.run(f"mkdir -p /run/systemd/system; cat >/usr/bin/systemctl <<'TEXT'\n{SYSTEMCTL}TEXT")
    people = f"unstale user list --database sqlite://{DATABASE}"

    copy.run(f"apt-get install --yes {package}")
    assert copy.asked_of_systemd() == ["preset unstale.service", "start unstale.service"]
    copy.wait_until_ready()
    add = f"unstale user add ada@example.com --role operator --password-stdin --database sqlite://{DATABASE}"
    copy.run(f"echo 'correct horse battery' | {add}")
    copy.run(f"echo UNSTALE_LOG=warn >>{SETTINGS}")
    first = copy.run("cat /run/service")

    copy.run(f"apt-get install --yes {newer}")
    assert copy.run("dpkg-query --show --showformat '${Version}' unstale") == NEWER
    assert copy.asked_of_systemd() == ["restart unstale.service"]
    assert copy.run("cat /run/service") != first
    copy.wait_until_ready()
    assert "ada@example.com" in copy.run(people)
    assert copy.run(f"tail -n 1 {SETTINGS}; stat -c %a {SETTINGS}").split() == ["UNSTALE_LOG=warn", "600"]

    copy.run("apt-get remove --yes unstale")
    assert copy.asked_of_systemd() == ["stop unstale.service"]
    assert copy.try_to("curl -sS http://127.0.0.1:8080/healthz")[0] == 7, "nothing listens any more"
    assert copy.has(SETTINGS) and copy.has(DATABASE) and not copy.has("/usr/bin/unstale")

    printed = copy.run("apt-get purge --yes unstale")
    assert "kept in /var/lib/private/unstale:" in printed, printed
    assert copy.has(DATABASE) and not copy.has(SETTINGS) and not copy.has(LINK)

    copy.run(f"apt-get install --yes {newer}")
    copy.wait_until_ready()
    assert "ada@example.com" in copy.run(people)
