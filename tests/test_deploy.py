"""What docs/deploy.md tells one to copy works: the units call commands and options that exist, name
users and places the guide makes, and nginx takes its file."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from etl.__main__ import main as etl_commands

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "docs" / "deploy"
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
APP, VENV = "/srv/guidepost/app", "/srv/guidepost/app/.venv/bin/"
UNITS = sorted(DEPLOY.glob("*.service"))
STREAMLIT = [sys.executable, "-m", "streamlit", "run"]


def entries(unit: Path, name: str) -> list[str]:
    """What a unit says under a name, lines continued with a backslash joined."""
    joined = unit.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"(?m)^{name}=(.*)$", joined)


def commands() -> Iterator[tuple[str, list[str]]]:
    for unit in UNITS:
        for name in ("ExecStartPre", "ExecStart", "ExecStartPost"):
            for line in entries(unit, name):
                yield unit.name, shlex.split(line.lstrip("-+!@"))


def test_there_is_a_unit_for_the_dashboard_and_each_calls_something() -> None:
    assert {name for name, _ in commands()} == {unit.name for unit in UNITS}
    assert "guidepost-dashboard.service" in {unit.name for unit in UNITS}


def test_every_command_of_a_unit_is_there_and_takes_its_options() -> None:
    told = subprocess.run([*STREAMLIT, "--help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"--[\w.]+", told))
    for unit, (program, *given) in commands():
        assert program.startswith(VENV), unit
        assert shutil.which(program.removeprefix(VENV), path=Path(sys.executable).parent), unit
        match Path(program).name, given:
            case "streamlit", ["run", script, *options]:
                assert (ROOT / script).is_file()
                assert not {one for one in options if one.startswith("--")} - known, unit
            case "python", ["-m", "etl", command, *options]:
                etl_commands.commands[command].make_context(command, options)
            case "python", ["-m", module, *_]:
                assert (ROOT / module.replace(".", "/") / "__main__.py").is_file(), unit
            case _:
                pytest.fail(f"{unit}: no test knows how to check {program} {given}")


def test_users_and_places_of_the_units_are_made_by_the_guide() -> None:
    for unit in UNITS:
        (user,), (group,) = entries(unit, "User"), entries(unit, "Group")
        assert re.search(rf"(?m)^useradd .* {user}$", GUIDE), unit.name
        assert re.search(rf"(?m)^groupadd .* {group}$", GUIDE), unit.name
        assert entries(unit, "WorkingDirectory") == [APP], unit.name
        (settings,) = entries(unit, "EnvironmentFile")
        assert f"`{Path(settings).name}`" in GUIDE, unit.name
        for path in re.findall(
            r"/(?:srv|etc|var)/[\w./-]+", " ".join(entries(unit, "Read.*Paths"))
        ):
            assert path in GUIDE, unit.name


def test_loader_and_dashboard_are_two_users_and_the_dashboard_writes_one_place() -> None:
    users = [entries(unit, "User")[0] for unit in UNITS]
    dashboard = DEPLOY / "guidepost-dashboard.service"
    (own,) = entries(dashboard, "User")
    assert users.count(own) == 1
    assert entries(dashboard, "ProtectSystem") == ["strict"]
    assert entries(dashboard, "ReadWritePaths") == []
    assert entries(dashboard, "StateDirectory") == ["guidepost"]
    environment = (DEPLOY / "dashboard.env").read_text(encoding="utf-8")
    assert "GUIDEPOST_VIEWS=/var/lib/guidepost/" in environment
    assert not re.search(r"(?m)^GUIDEPOST_(SECRET|SMTP_PASSWORD|WEBHOOK|INBOX)=", environment)


def test_the_settings_to_copy_are_settings_that_exist() -> None:
    read = (ROOT / "warehouse" / "settings.py").read_text(encoding="utf-8")
    for file in DEPLOY.glob("*.env"):
        for name in re.findall(r"(?m)^GUIDEPOST_(\w+)=", file.read_text(encoding="utf-8")):
            assert f'"{name}"' in read, name
    secrets = tomllib.loads((DEPLOY / "secrets.toml").read_text(encoding="utf-8"))
    assert secrets["auth"]["redirect_uri"].endswith("/oauth2callback")


def test_the_guide_names_every_file_to_copy() -> None:
    assert not [file.name for file in DEPLOY.iterdir() if file.name not in GUIDE]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """Where the guide puts the project stand a link to this one and a file of settings."""
    app = tmp_path / "app"
    (app / ".venv").mkdir(parents=True)
    (app / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    for unit in DEPLOY.glob("guidepost-*"):
        text = unit.read_text(encoding="utf-8").replace(APP, str(app))
        (tmp_path / unit.name).write_text(re.sub(r"(?m)^(Documentation|OnFailure)=.*$", "", text))
    names = [str(path) for path in sorted(tmp_path.glob("guidepost-*"))]
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:/lib/systemd/system"}, check=False,
    )  # fmt: skip
    ours = [line for line in checked.stderr.splitlines() if "guidepost" in line]
    assert not ours, checked.stderr


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    key, certificate = _certificate(tmp_path)
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"(ssl_certificate_key +).*;", rf"\1{key};", text)
    text = re.sub(r"(ssl_certificate +).*;", rf"\1{certificate};", text)
    whole = tmp_path / "whole.conf"
    whole.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{_temporary(tmp_path)}\n{text}\n}}\n"
    )
    checked = subprocess.run(
        ["nginx", "-t", "-q", "-p", str(tmp_path), "-c", str(whole)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def _temporary(root: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "\n".join(f"{kind}_temp_path {root}/{kind};" for kind in kinds)


def _certificate(root: Path) -> tuple[Path, Path]:
    """A key and a certificate that this test signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "guidepost.example.com")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    files = root / "key.pem", root / "certificate.pem"
    files[0].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    files[1].write_bytes(signed.public_bytes(pem))
    return files
