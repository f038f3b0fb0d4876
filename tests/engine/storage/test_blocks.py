from __future__ import annotations

from engine.storage import blocks


def bodies(data: bytes) -> list[bytes]:
    return [bytes(block.body(data)) for block in blocks.scan(data).blocks]


WHOLE = [b"first", b"second body", b"", b"fourth" * 100]
DATA = b"".join(blocks.encode(1, b"{}", body) for body in WHOLE)


def test_blocks_come_back_in_order() -> None:
    found = blocks.scan(DATA)
    assert bodies(DATA) == WHOLE
    assert (found.damaged, found.resume) == (0, len(DATA))
    assert len(DATA) % 8 == 0


def test_every_cut_leaves_the_blocks_before_it_and_waits_for_the_rest() -> None:
    ends = [block.end for block in blocks.scan(DATA).blocks]
    for size in range(len(DATA)):
        found = blocks.scan(DATA[:size])
        whole = sum(end <= size for end in ends)
        assert len(found.blocks) == whole
        assert found.damaged == 0
        assert found.resume == ([0, *ends])[whole]
        assert blocks.scan(DATA[:size], final=True).damaged == (size > found.resume)


def test_every_flipped_bit_costs_at_most_its_block() -> None:
    for at in range(0, 8 * len(DATA), 5):
        broken = bytearray(DATA)
        broken[at // 8] ^= 1 << at % 8
        found = bodies(bytes(broken))
        assert len(found) >= len(WHOLE) - 1
        assert all(body in WHOLE for body in found)


def test_a_torn_block_does_not_take_its_follower_along() -> None:
    torn = DATA + blocks.encode(1, b"", b"torn away" * 50)[:100] + blocks.encode(1, b"", b"follower")
    found = blocks.scan(torn)
    assert bodies(torn) == [*WHOLE, b"follower"]
    assert found.damaged == 1
