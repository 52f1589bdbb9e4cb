"""What is free goes back to the system."""

import ctypes

import psutil

from triblerd.memory import give_back

BLOCK = 64 << 10
COUNT = 1024


def test_memory_that_is_free_below_what_is_in_use_is_given_back():
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]
    *blocks, last = [libc.malloc(BLOCK) for _ in range(COUNT)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    for block in blocks:
        libc.free(block)
    kept = psutil.Process().memory_info().rss

    give_back()

    assert kept - psutil.Process().memory_info().rss > BLOCK * COUNT // 2
    libc.free(last)
