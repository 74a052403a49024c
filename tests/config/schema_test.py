"""The JSON schema accepts the example stores and refuses stores that are wrong in form.

Use: schema_test.py SOURCE_DIR
"""
import copy
import json
import pathlib
import sys
import tomllib
import unittest

import jsonschema

SOURCE = pathlib.Path(sys.argv.pop(1))
SCHEMA = json.loads((SOURCE / "config/store.schema.json").read_text())
EXAMPLES = sorted((SOURCE / "config/examples").glob("*.toml"))


def valid(store):
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(store)


class StoreSchema(unittest.TestCase):
    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_accepts_every_example(self):
        self.assertEqual(len(EXAMPLES), 3)
        for example in EXAMPLES:
            with self.subTest(example.name):
                jsonschema.validate(tomllib.loads(example.read_text()), SCHEMA, jsonschema.Draft202012Validator)

    def test_refuses_what_is_wrong_in_form(self):
        good = tomllib.loads((SOURCE / "config/examples/two-cart-lanes.toml").read_text())
        self.assertTrue(valid(good))

        def broken(change):
            store = copy.deepcopy(good)
            change(store)
            return store

        changes = {
            "unknown key at the top": lambda s: s.update(version=1),
            "unknown key in an input": lambda s: s["lane"][1]["inputs"]["approach"].update(debouce_ms=1),
            "another schema": lambda s: s.update(schema=2),
            "no backend": lambda s: s.pop("backend"),
            "an http backend": lambda s: s["backend"].update(url="http://checkout.example"),
            "an unknown driver": lambda s: s["device"][0].update(driver="modbus"),
            "a key of another driver": lambda s: s["device"][0].update(baud=9600),
            "a time out of range": lambda s: s["lane"][1]["timing"].update(open_travel_ms=600001),
            "a text for a number": lambda s: s["lane"][1]["timing"].update(open_travel_ms="4000"),
            "an id with a space": lambda s: s["store"].update(id="A B"),
            "a cart lane without receiver": lambda s: s["lane"][0].pop("receiver"),
            "both drives": lambda s: s["lane"][0]["outputs"].update(open_pulse="io1/coil/20", hold_open="io1/coil/21"),
            "no lanes": lambda s: s.update(lane=[]),
            "33 lanes": lambda s: s.update(lane=s["lane"][:1] * 33),
            "energised on a signal": lambda s: s["lane"][0]["outputs"].update(
                buzzer={"point": "io1/coil/3", "energised": "open"}),
        }
        for name, change in changes.items():
            with self.subTest(name):
                self.assertFalse(valid(broken(change)))


if __name__ == "__main__":
    unittest.main()
