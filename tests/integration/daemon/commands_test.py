"""Every command of staff in every phase that can be brought about: it takes effect, or is refused with the reason."""

import unittest

from radio_peer import SHOPPING
from running_gate import APPROACH, BARRIER, CART_LANE, EXIT, RELEASE, SAFETY, Gate

COMMANDS = ("open", "hold-open", "release-hold", "out-of-service", "in-service", "reset", "mode walkout", "mode cart")
NO = "no_effect"
BUSY = "lane_busy"
# Per phase, in the order of COMMANDS: the code it is refused with, or the phases one of which the lane is in soon after. Of two
# overrides the stronger shows; the other stands beneath.
OPENED = ("admitting", "passing")
EXPECTED = {
    "idle": (OPENED, ("held_open",), NO, ("out_of_service",), NO, NO, ("idle",), NO),
    "present": (OPENED, ("held_open",), NO, ("out_of_service",), NO, NO, BUSY, NO),
    "refused": (OPENED, ("held_open",), NO, ("out_of_service",), NO, NO, BUSY, NO),
    "passing": (BUSY, ("held_open",), NO, ("out_of_service",), NO, NO, BUSY, NO),
    "clearing": (OPENED, ("held_open",), NO, ("out_of_service",), NO, NO, BUSY, NO),
    "held_open": ("held_open", NO, ("recovering", "closing", "idle"), ("held_open",), NO, NO, BUSY, NO),
    "out_of_service": ("out_of_service", ("held_open",), NO, NO, ("recovering", "closing", "idle"), NO, BUSY, NO),
    "released": ("released", ("released",), NO, ("released",), NO, "input_active", BUSY, NO),
    "faulted": ("faulted", ("held_open",), NO, ("faulted",), NO, NO, BUSY, NO),
}


class Commands(unittest.TestCase):
    def setUp(self):
        self.carts = 0

    def bring_about(self, gate, phase):
        self.carts += 1
        tag = "%012x" % self.carts
        if phase == "present":
            gate.eye(CART_LANE, APPROACH, True)
        elif phase == "refused":
            gate.backend.close_session(self.carts, tag, state="open")
            gate.cart_comes(self.carts, tag, SHOPPING)
        elif phase in ("passing", "clearing"):
            gate.backend.close_session(self.carts, tag)
            gate.cart_comes(self.carts, tag)
            gate.until_open(CART_LANE)
            if phase == "clearing":
                gate.walk_through()
        elif phase == "held_open":
            self.assertEqual(200, gate.command("hold-open")[0])
        elif phase == "out_of_service":
            self.assertEqual(200, gate.command("out-of-service")[0])
        elif phase == "released":
            gate.eye(CART_LANE, RELEASE, False)
        elif phase == "faulted":
            gate.module.silent = True
        gate.until_phase(phase)

    def restore(self, gate):
        gate.module.silent = False
        gate.radio.carts = {}
        gate.eye(CART_LANE, RELEASE, True)
        gate.until_fault("device_down", stands=False)
        for command in ("release-hold", "in-service"):
            gate.command(command)
        if gate.phase() in OPENED:
            gate.walk_through()
        for eye in (APPROACH, SAFETY, EXIT):
            gate.eye(CART_LANE, eye, False)
        if gate.phase() == "released":
            answer = gate.command("reset")
            while answer[0] != 200:  # until the release is read as normal
                self.assertEqual("input_active", answer[1]["error"]["code"])
                answer = gate.command("reset")
        gate.until_phase("idle")
        if gate.api("GET", "/api/v1/lanes/1")[1]["mode"] != "cart":
            self.assertEqual(200, gate.command("mode", mode="cart")[0])
        self.assertTrue(gate.module.wait_coil(CART_LANE + BARRIER, True, 5), "closed")

    @staticmethod
    def say(gate, command):
        verb, _, mode = command.partition(" ")
        return gate.command(verb, **({"mode": mode} if mode else {}))

    def refused_as_nonsense(self, gate):
        """Whatever the phase."""
        for status, answer in ((404, gate.command("open", lane="9")), (400, gate.command("explode")), (400, gate.command("")),
                               (400, gate.command("mode")), (400, gate.command("mode", mode="tram")), (400, gate.command("open", by="")),
                               (400, gate.command("open", by=7)), (400, gate.command("open", reason=None)),
                               (400, gate.api("POST", "/api/v1/lanes/1/commands", {"command": "open", "by": "Ann"})),
                               (400, gate.api("POST", "/api/v1/lanes/1/commands", [])),
                               (400, gate.api("POST", "/api/v1/lanes/1/commands", "{"))):
            self.assertEqual(status, answer[0], answer)
            self.assertTrue(answer[1]["error"]["code"] and answer[1]["error"]["message"], answer)

    def every_command_in(self, *phases):
        with Gate(close_delay_ms=1500) as gate:
            for phase in phases:
                self.bring_about(gate, phase)
                for command, expected in zip(COMMANDS, EXPECTED[phase]):
                    if isinstance(expected, str):
                        status, answer = self.say(gate, command)
                        self.assertEqual((409, expected), (status, answer.get("error", {}).get("code")), (phase, command))
                self.assertEqual(phase, gate.phase(), "what was refused changes nothing")
                self.restore(gate)
                for command, expected in zip(COMMANDS, EXPECTED[phase]):
                    if isinstance(expected, tuple):
                        self.bring_about(gate, phase)
                        status, answer = self.say(gate, command)
                        self.assertEqual(200, status, (phase, command, answer))
                        self.assertEqual("1", answer["id"], "the lane is answered")
                        gate.until_phase(*expected, within_s=5)
                        self.restore(gate)

    def test_with_nobody_or_somebody_before_the_gate(self):
        self.every_command_in("idle", "present", "refused")

    def test_with_somebody_in_it(self):
        self.every_command_in("passing", "clearing")

    def test_under_what_staff_commanded(self):
        self.every_command_in("held_open", "out_of_service")

    def test_released_and_faulted(self):
        self.every_command_in("released", "faulted")

    def test_nonsense_is_refused_whatever_the_phase(self):
        with Gate() as gate:
            for phase in EXPECTED:
                if phase != "clearing":
                    self.bring_about(gate, phase)
                    self.refused_as_nonsense(gate)
                    self.assertEqual(phase, gate.phase())
                    self.restore(gate)
            self.assertEqual((400, "bad_request"), (lambda a: (a[0], a[1]["error"]["code"]))(gate.command("mode", lane="2", mode="cart")), "no receiver")

    def test_all_lanes_are_commanded_at_once_and_what_one_has_already_is_no_refusal(self):
        with Gate() as gate:
            self.assertEqual(200, gate.command("hold-open")[0])
            status, answer = gate.command("hold-open", lane="all")
            self.assertEqual((200, ["held_open"] * 2), (status, [lane["phase"] for lane in answer["lanes"]]))
            self.assertEqual(200, gate.command("release-hold", lane="all")[0])
            gate.until_idle()
            self.assertEqual(200, gate.command("reset", lane="all")[0], "neither needs it")
            gate.eye(CART_LANE, APPROACH, True)
            gate.until_phase("present")
            status, answer = gate.command("mode", lane="all", mode="walkout")
            self.assertEqual((409, BUSY, ["1", "2"]), (status, answer["error"]["code"], [lane["id"] for lane in answer["lanes"]]))
            self.assertEqual("cart", gate.api("GET", "/api/v1/lanes/1")[1]["mode"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
