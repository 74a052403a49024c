"""A digital I/O module on Modbus TCP and the gate behind it, made from the Modbus specification alone.

One thread per connection. Discrete inputs are set by the test; what is written to coils is kept with its time. Barriers move when
their coil changes and set their limit contacts when they get there.
"""

import socket
import socketserver
import struct
import threading
import time


class Barrier:
    """Energised = closed. Begins open, as after a power failure."""

    def __init__(self, module, coil, open_limit, closed_limit, travel_s=0.1):
        self.module, self.coil, self.travel_s = module, coil, travel_s
        self.open_limit, self.closed_limit = open_limit, closed_limit
        self.moving = None
        module.inputs[open_limit] = True
        module.inputs[closed_limit] = False

    def follow(self, energised):
        """Called with the module's lock held."""
        if self.moving:
            self.moving.cancel()
        self.module.inputs[self.closed_limit if not energised else self.open_limit] = False
        self.moving = threading.Timer(self.travel_s, self.arrive, [energised])
        self.moving.daemon = True
        self.moving.start()

    def arrive(self, energised):
        with self.module.changed:
            if self.module.coils.get(self.coil, False) == energised:
                self.module.inputs[self.open_limit] = not energised
                self.module.inputs[self.closed_limit] = energised
                self.module.changed.notify_all()


class IoModule:
    """What a module has and what stands behind it, whoever speaks for it."""

    def __init__(self):
        self.inputs, self.coils, self.barriers = {}, {}, {}
        self.writes = []  # (monotonic time, coil, value), changes only
        self.changed = threading.Condition()

    def add_barrier(self, coil, open_limit, closed_limit):
        self.barriers[coil] = Barrier(self, coil, open_limit, closed_limit)
        return self.barriers[coil]

    def set_input(self, address, value):
        with self.changed:
            self.inputs[address] = value
            self.changed.notify_all()

    def coil(self, address):
        with self.changed:
            return self.coils.get(address, False)

    def wait_coil(self, address, value, within_s):
        with self.changed:
            return self.changed.wait_for(lambda: self.coils.get(address, False) == value, within_s)

    def write(self, address, value):
        """Called with the lock held."""
        if self.coils.get(address, False) == value and address in self.coils:
            return
        was = self.coils.get(address, False)
        self.coils[address] = value
        self.writes.append((time.monotonic(), address, value))
        if address in self.barriers and was != value:
            self.barriers[address].follow(value)
        self.changed.notify_all()


class ModbusModule(IoModule):
    """`exception`: a code answered to everything; `garbage`: bytes sent in place of every answer; `silent`: answers nothing."""

    def __init__(self):
        super().__init__()
        self.exception = self.garbage = None
        self.silent = False
        self.requests = 0
        module = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    module.serve(self.request)
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            transaction, protocol, length, unit = struct.unpack(">HHHB", self.exactly(connection, 7))
            pdu = self.exactly(connection, length - 1)
            self.requests += 1
            if self.silent:
                continue
            if self.garbage is not None:
                connection.sendall(self.garbage)
                continue
            answer = self.answer(pdu) if protocol == 0 and unit == 1 else bytes([pdu[0] | 0x80, 0x0B])
            connection.sendall(struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer)

    @staticmethod
    def exactly(connection, size):
        data = b""
        while len(data) < size:
            more = connection.recv(size - len(data))
            if not more:
                raise ConnectionError("closed by the peer")
            data += more
        return data

    def answer(self, pdu):
        function, address, value = pdu[0], *struct.unpack(">HH", pdu[1:5])
        if self.exception:
            return bytes([function | 0x80, self.exception])
        with self.changed:
            if function in (1, 2):
                table = self.coils if function == 1 else self.inputs
                bits = bytearray((value + 7) // 8)
                for i in range(value):
                    bits[i // 8] |= bool(table.get(address + i, False)) << i % 8
                return bytes([function, len(bits)]) + bytes(bits)
            if function == 5 and value in (0, 0xFF00):
                self.write(address, value != 0)
                return pdu
            if function == 15 and pdu[5] == (value + 7) // 8:
                for i in range(value):
                    self.write(address + i, bool(pdu[6 + i // 8] >> i % 8 & 1))
                return pdu[:5]
        return bytes([function | 0x80, 1 if function not in (5, 15) else 3])
