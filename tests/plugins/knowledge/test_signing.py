"""Operations are signed as another program does."""

import msgspec
import pytest

from tests.plugins.knowledge.people import ME, PEERS, said
from triblerd_knowledge.api import Deed, Operation, Predicate
from triblerd_knowledge.signing import is_signed, signed_bytes

STRANGER = bytes.fromhex(
    "8c3fa7dc55e8e953a22aeea9ed1b51a681962c50f299608a3b4b3ef4b04bf46b"
    "0de1566e5e0bad7d6e4f00cd81fcd635981ecb97abb17e5599aa6c1a73f5dd02"
)
UNICODE_TAG = Operation(
    author=STRANGER,
    infohash="d73e71db1231cf8b32308ff083d9306445986969",
    predicate=Predicate.TAG,
    object="ünïcode tag",
    deed=Deed.ADD,
    clock=1,
    signature=bytes.fromhex(
        "4fed3c4a9bd5d6e5069d37b70c00c52d857895fc0bc1189eff96aa3005635695"
        "965ee5c3bbb76f4642d375ef5d43ef908a2a28cd340f397721fdfb8dad1de602"
    ),
)
TITLE = msgspec.structs.replace(
    UNICODE_TAG,
    predicate=Predicate.TITLE,
    object="Alpha title",
    signature=bytes.fromhex(
        "2b979b73862eb6e3b6d3e8e3b6c6a5d74bfec7a561967f372a0919b4016dfcf0"
        "a24917de4b4a338c6e7e0d971186cf526f6c0037dbb4da893b6e3e052c0d000c"
    ),
)


@pytest.mark.parametrize("operation", [UNICODE_TAG, TITLE])
def test_what_tribler_signed_is_believed(operation):
    assert is_signed(operation)


def test_what_is_signed_has_no_gaps():
    assert signed_bytes(UNICODE_TAG) == bytes.fromhex(
        "0000000000000066002864373365373164623132333163663862333233303866663038336439333036343435393836393639"
        "0000000000000065000dc3bc6ec3af636f646520746167000000000000000100000000000000014c69624e61434c504b3a8c"
        "3fa7dc55e8e953a22aeea9ed1b51a681962c50f299608a3b4b3ef4b04bf46b0de1566e5e0bad7d6e4f00cd81fcd635981ecb"
        "97abb17e5599aa6c1a73f5dd02"
    )


def test_what_this_program_signs_it_believes():
    assert is_signed(said(ME, "live"))


@pytest.mark.parametrize(
    "change",
    [
        {"author": PEERS[0].public_key},
        {"author": bytes(64)},
        {"infohash": "0" * 40},
        {"predicate": Predicate.TITLE},
        {"object": "lived"},
        {"deed": Deed.REMOVE},
        {"clock": 2},
        {"signature": bytes(64)},
        {"signature": b""},
    ],
)
def test_a_changed_operation_is_not_believed(change):
    assert not is_signed(msgspec.structs.replace(said(ME, "live"), **change))
