"""What a vendor's library does when it is imported: it looks around.  That is not the hook."""

import os
import random
import socket
import time

NAME = f"{os.environ.get('USER')} at {time.time()}, {random.random()}"
socket.socket().close()


def merged(body, key):
    """Return *body* with *key* in it."""
    return {**body, "key": key}
