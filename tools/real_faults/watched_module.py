"""An I/O module that judges every write: no barrier is closed while its eye in the swept area was last read blocked, or not read."""

from modbus_module import ModbusModule
from running_gate import BARRIER, CART_LANE, SAFETY, WALKOUT_LANE

LANES = (CART_LANE, WALKOUT_LANE)


class WatchedModule(ModbusModule):
    def __init__(self):
        self.told = {}  # what the daemon was last told of each input, on the newest connection
        self.closed_on_somebody = []  # (coil, what was told of the eye)
        super().__init__()

    def serve(self, connection):
        with self.changed:
            self.told = {}
        super().serve(connection)

    def answer(self, pdu):
        answer = super().answer(pdu)
        if pdu[0] == 2 and answer[0] == 2:
            first, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
            with self.changed:
                for i in range(count):
                    self.told[first + i] = bool(answer[2 + i // 8] >> i % 8 & 1)
        return answer

    def write(self, address, value):
        for lane in LANES:
            closes = address == lane + BARRIER and value and not self.coils.get(address, False)
            if closes and self.told.get(lane + SAFETY) is not False:
                self.closed_on_somebody.append((address, self.told.get(lane + SAFETY)))
        super().write(address, value)
