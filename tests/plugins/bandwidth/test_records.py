"""Records are what another implementation made of them, and nothing else is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.bandwidth.people import VECTOR, both, changed, half, person
from tests.plugins.metadata.records import KEY_A, KEY_B
from triblerd_bandwidth.records import RECORD_SIZE, countersigned, flaw, offered, pack, signed_bytes, unpack

NOW = 1_800_000_000_000
STRANGER = person(9).full_public_key

BYTES = bytes.fromhex(
    "000000034c69624e61434c504b3a07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7ce7f162a10bec559afea195e4dce8"
    "4b69568d5d2cb0963eb446c0685e2b17f2f04c69624e61434c504b3a5714769d116bf76436ae74bc793d2c30ad1903c59ac5273805c7e2698b410c36"
    "1a366fd50be5607fde86c593ee01ad870b2167d07d8917d7f497e6ea3f05febfee9fca3e2c988c70b92bc7ac9766829dc9f2c148ec23451228b571f0"
    "a862e34428f15e8dc5041018073f492b14c51d78541e136e885388adf93d6f613db38c0b80de2b8ea963e57213e4d9b07b24c0fa27c970565ccb15f4"
    "0b2e8a2cc643ecd537e67b3dc45fd44516ea183a2bcf430b7280f95cc76ec20244d3e227b5a7860d00000000075bcd1500000174876e807b"
)


def test_a_record_is_written_and_read_as_elsewhere():
    assert pack(VECTOR) == BYTES
    assert unpack(BYTES) == VECTOR


def test_a_record_is_signed_as_elsewhere():
    half_signed = offered(
        KEY_A,
        KEY_B.full_public_key,
        sequence_number=VECTOR.sequence_number,
        amount=VECTOR.amount,
        timestamp=VECTOR.timestamp,
    )

    assert half_signed == changed(VECTOR, signature_b=b"")
    assert countersigned(KEY_B, half_signed) == VECTOR


def test_a_missing_signature_is_sixty_four_times_the_character_zero():
    packed = pack(changed(VECTOR, signature_b=b""))

    assert packed[216:280] == b"0" * 64
    assert unpack(packed).signature_b == b""
    assert len(signed_bytes(VECTOR, by_b=True)) == 300


@pytest.mark.parametrize("own", [STRANGER, KEY_A.full_public_key, KEY_B.full_public_key])
def test_what_another_implementation_signed_is_believed(own):
    assert flaw(VECTOR, own, NOW) == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": 1}, "the signature of who took is wrong"),
        ({"signature_a": bytes(64)}, "the signature of who took is wrong"),
        ({"signature_b": VECTOR.signature_a}, "the signature of who gave is wrong"),
        ({"signature_b": b""}, "who gave has not signed"),
        ({"signature_a": b""}, "who took has not signed"),
        ({"signature_a": b"", "signature_b": b""}, "who took has not signed"),
        ({"public_key_b": VECTOR.public_key_a}, "nobody takes from himself"),
        ({"public_key_a": VECTOR.public_key_a[1:]}, "a key is none"),
        ({"public_key_a": b"LibNaCLSK:" + VECTOR.public_key_a[10:]}, "a key is none"),
        ({"sequence_number": 0}, "the sequence number is out of range"),
        ({"amount": 1 << 60}, "the amount is out of range"),
        ({"amount": -1}, "the amount is out of range"),
        ({"timestamp": NOW + 86_400_001}, "the time is out of range"),
    ],
)
def test_what_is_not_signed_as_it_has_to_be_is_not_believed(changes, reason):
    assert flaw(changed(VECTOR, **changes), STRANGER, NOW) == reason


@pytest.mark.parametrize("own", [KEY_A, KEY_B])
def test_what_this_node_takes_part_in_counts_without_an_answer(own):
    key = own.full_public_key

    assert flaw(changed(VECTOR, signature_b=b""), key, NOW) == ""
    assert flaw(changed(VECTOR, signature_a=b""), key, NOW) == "who took has not signed"
    assert flaw(changed(VECTOR, signature_b=bytes(64)), key, NOW) == "the signature of who gave is wrong"


def test_a_key_for_which_everybody_can_sign_is_nobodys():
    nobody = changed(half(person(1), person(2), 5), public_key_a=b"LibNaCLPK:" + bytes(64), signature_a=bytes(64))

    assert flaw(nobody, person(2).full_public_key, NOW) == "the signature of who took is wrong"


@given(st.binary(min_size=RECORD_SIZE, max_size=RECORD_SIZE))
def test_rubbish_of_the_right_size_is_read_and_not_believed(data):
    row = unpack(data)

    assert pack(row) == data
    assert flaw(row, STRANGER, NOW)


@given(at=st.integers(0, RECORD_SIZE * 8 - 1))
def test_no_bit_of_a_record_can_be_changed(at):
    packed = bytearray(pack(both(person(1), person(2), 1 << 40, sequence=77)))
    packed[at // 8] ^= 1 << at % 8

    assert flaw(unpack(bytes(packed)), STRANGER, NOW)


@given(st.binary(max_size=400).filter(lambda data: len(data) != RECORD_SIZE))
def test_what_has_another_size_is_no_record(data):
    with pytest.raises(ValueError, match="a record has 296 bytes"):
        unpack(data)
