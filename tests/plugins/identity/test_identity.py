"""The node's key is in a file, in the form that other programs know, and it stays the same."""

import logging

import pytest

from tests.plugins.metadata.records import KEY_A, PRIVATE_A, PUBLIC_A
from triblerd_identity.api import NodeKey, OwnIdentity, verify
from triblerd_identity.key_file import KeyFile, KeyFileError

NAME = "ec_multichain.pem"


@pytest.fixture
def path(tmp_path):
    return tmp_path / NAME


def mode(path):
    return path.stat().st_mode & 0o777


async def test_a_node_has_the_same_key_after_a_restart(start_daemon):
    async with start_daemon("identity") as daemon:
        key = daemon.daemon.container.services().find(NodeKey)
        signature, file = key.sign(b"data"), daemon.state_dir / NAME
        assert (mode(file), len(file.read_bytes())) == (0o600, 74)
    async with start_daemon("identity") as daemon:
        again = daemon.daemon.container.services().find(NodeKey)

    assert again.public_key == key.public_key
    assert again.full_public_key == b"LibNaCLPK:" + key.public_key
    assert verify(again.public_key, signature, b"data")


async def test_the_test_network_has_a_key_of_its_own(start_daemon):
    async with start_daemon("identity", config={"trustchain": {"testnet": True}}) as daemon:
        names = {file.name for file in daemon.state_dir.glob("*.pem")}

    assert names == {"ec_trustchain_testnet.pem"}


async def test_a_node_goes_on_with_a_key_that_it_adopted(start_daemon):
    async with start_daemon("identity") as daemon:
        identity = daemon.daemon.container.services().find(OwnIdentity)
        key = daemon.daemon.container.services().find(NodeKey)
        await identity.adopt(PRIVATE_A)
        with pytest.raises(ValueError, match="74 bytes"):
            await identity.adopt(PRIVATE_A[:-1])

        assert (key.full_public_key, key.sign(b"data")) == (PUBLIC_A, KEY_A.sign(b"data"))
        assert PRIVATE_A[10:].hex() not in repr(identity)
    async with start_daemon("identity") as daemon:
        assert daemon.daemon.container.services().find(OwnIdentity).private == PRIVATE_A


async def test_a_node_whose_key_cannot_be_read_says_so(start_daemon, tmp_path):
    (tmp_path / "state" / NAME).mkdir(parents=True)
    async with start_daemon("identity", state_dir=tmp_path / "state") as daemon:
        row = daemon.daemon.container.plugins().plugin("identity")

    assert row.state == "failed"
    assert row.reason.endswith(f"{NAME} cannot be used: Is a directory")


@pytest.mark.parametrize("name", ["triblerd.conf", "../key.pem", "/etc/key.pem", "key.pem\0", ".pem"])
async def test_no_other_file_is_taken_for_a_key(start_daemon, name):
    async with start_daemon("identity", "settings") as daemon:
        body = {"trustchain": {"ec_keypair_filename": name}}
        answer = await daemon.post("/settings", json=body, status=400)

    assert answer["error"].startswith("trustchain.ec_keypair_filename: ")


def test_a_key_of_tribler_is_taken_as_it_is(path):
    path.write_bytes(PRIVATE_A)

    assert KeyFile(path).load().full_public_key == PUBLIC_A
    assert path.read_bytes() == PRIVATE_A


def test_a_key_of_tribler_7_is_given_its_kind(path):
    path.write_bytes(PRIVATE_A[10:])

    assert KeyFile(path).load().full_public_key == PUBLIC_A
    assert path.read_bytes() == PRIVATE_A


def test_a_key_that_others_could_read_is_closed_to_them(path, caplog):
    path.write_bytes(PRIVATE_A)
    path.chmod(0o644)

    KeyFile(path).load()

    assert mode(path) == 0o600
    assert "Others could read the key" in caplog.text


@pytest.mark.parametrize("rubbish", [b"", b"x" * 63, b"x" * 74, b"x" * 100_000])
def test_what_is_no_key_is_kept_beside_the_new_one(path, caplog, rubbish):
    path.write_bytes(rubbish)

    key = KeyFile(path).load()

    assert KeyFile(path).load().private == key.private
    assert path.with_name(f"{NAME}.bad").read_bytes() == rubbish
    assert caplog.records[0].levelno == logging.WARNING
    assert f"it is kept as {NAME}.bad" in caplog.text


def test_a_key_that_cannot_be_written_leaves_the_old_one(path):
    path.write_bytes(PRIVATE_A)
    path.with_name(f"{NAME}.new").mkdir()

    with pytest.raises(KeyFileError, match="cannot be used: Is a directory"):
        KeyFile(path).keep(PRIVATE_A)

    assert KeyFile(path).load().full_public_key == PUBLIC_A
