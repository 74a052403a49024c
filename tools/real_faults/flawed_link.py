"""A link that can be spoiled: a proxy for one TCP or UNIX stream between the daemon and a peer."""

import contextlib
import os
import select
import socket
import struct
import threading
import time

FAULTS = ("cut", "half answers", "reset in an answer", "trickle", "forgotten replies", "frozen")


class FlawedLink:
    """`fault`: one of FAULTS or None. `upstream`: a port or the path of a UNIX socket. Listens on `port`, or at `path`."""

    def __init__(self, upstream, path=None):
        self.upstream, self.path = upstream, path
        self.fault, self.closed, self.pairs, self.struck = None, False, set(), 0
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.bind(path or ("127.0.0.1", 0))
        self.port = None if path else self.listener.getsockname()[1]
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.closed = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()
        if self.path:
            os.unlink(self.path)

    def spoil(self, fault):
        self.fault = fault
        if fault == "cut":
            self.drop()

    def restore(self):
        self.fault = None
        self.drop()  # what was held back or begun is gone with its connection

    def drop(self, reset=False):
        for pair in list(self.pairs):
            for end in pair:
                self.end(end, reset)

    @staticmethod
    def end(connection, reset=False):
        with contextlib.suppress(OSError):
            if reset and connection.family == socket.AF_INET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            else:
                connection.shutdown(socket.SHUT_RDWR)

    def accept(self):
        while not self.closed:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.fault == "cut":
                self.struck += 1
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX if isinstance(self.upstream, str) else socket.AF_INET)
            try:
                far.connect(self.upstream if isinstance(self.upstream, str) else ("127.0.0.1", self.upstream))
            except OSError:
                near.close()
                continue
            for end in (near, far):
                if end.family == socket.AF_INET:
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.carry, args=[near, far], daemon=True).start()

    def carry(self, near, far):
        pair = (near, far)
        self.pairs.add(pair)
        try:
            while not self.closed:
                if self.fault == "frozen":
                    self.struck += 1
                    time.sleep(0.02)
                    continue
                for source in select.select([near, far], [], [], 0.05)[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is near:
                        far.sendall(data)
                    elif not self.answer(near, data):
                        return
        except (OSError, ValueError):
            pass
        finally:
            self.pairs.discard(pair)
            near.close()
            far.close()

    def answer(self, near, data):
        """False: the connection ends here."""
        fault = self.fault
        if fault is None:
            near.sendall(data)
            return True
        self.struck += 1
        if fault == "forgotten replies":
            return True
        if fault == "trickle":
            for byte in data:
                if self.fault is None:
                    return False
                near.sendall(bytes([byte]))
                time.sleep(0.03)
            return True
        near.sendall(data[:len(data) // 2])
        self.end(near, reset=fault == "reset in an answer")
        return False
