"""Bodies to upload. Each is unique, so that the bytes of another image are noticed."""
import hashlib
import os
import random

from options import MIB, OPTIONS

chance = random.Random(OPTIONS.seed)
KINDS = 18


def _head(number):
    """Returns a head that many bodies share, with its hash states; each body continues a copy of them."""
    smallest, largest = OPTIONS.min_mib, OPTIONS.max_mib
    if number == 0:
        size = int(smallest * MIB)
    elif number == 1:
        size = int(largest * MIB) - 64
    else:
        size = int(smallest * MIB * (largest / smallest) ** chance.random()) + chance.randrange(-4096, 4096)
    size = max(1, size)
    block = random.Random(OPTIONS.seed * 100 + number).randbytes(min(size, MIB + 7 * number + 1))
    data = (block * (size // len(block) + 1))[:size]
    return data, hashlib.sha512(data), hashlib.md5(data)


HEADS = [_head(number) for number in range(KINDS)]


class Body:
    """A shared head with a unique tail."""
    count = 0

    def __init__(self):
        Body.count += 1
        self.head, sha, md5 = HEADS[chance.randrange(len(HEADS))]
        self.tail = b"%016d" % Body.count + os.urandom(chance.choice([0, 1, 47, 48]))
        sha, md5 = sha.copy(), md5.copy()
        sha.update(self.tail)
        md5.update(self.tail)
        self.sha, self.md5 = sha.hexdigest(), md5.hexdigest()
        self.size = len(self.head) + len(self.tail)

    def part(self, start, end):
        """Returns the bytes from start to end."""
        length = len(self.head)
        if end <= length:
            return self.head[start:end]
        return self.head[start:length] + self.tail[max(0, start - length):end - length]

    def blocks(self, size):
        """Yields all bytes, in pieces."""
        view = memoryview(self.head)
        for start in range(0, len(view), size):
            yield view[start:start + size]
        yield self.tail
