"""The server against docs/backend-api.yaml: requests made from the document's examples, answers held against its schemas."""

import copy
import os
import unittest

import jsonschema
import yaml

from running_backend import Backend, SOURCE, STORE, seal


class Document:
    def __init__(self):
        with open(os.path.join(SOURCE, "docs/backend-api.yaml"), encoding="utf-8") as file:
            self.root = yaml.safe_load(file)

    def resolve(self, node):
        while "$ref" in node:
            target = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def validate(self, value, schema):
        whole = {**schema, "components": self.root["components"]}
        jsonschema.Draft202012Validator.check_schema(whole)
        jsonschema.Draft202012Validator(whole).validate(value)

    def valid(self, value, schema):
        try:
            self.validate(value, schema)
            return True
        except jsonschema.ValidationError:
            return False

    def operations(self):
        for path, item in self.root["paths"].items():
            for method in set(item) & {"get", "post", "put", "delete"}:
                yield path, method, item[method]

    def response(self, operation, status):
        """The documented answer: by its own status, not by `default`, which is for what goes wrong inside."""
        return self.resolve(operation["responses"][str(status)])


class Contract(unittest.TestCase):
    def setUp(self):
        self.document = Document()
        self.backend = Backend()
        self.addCleanup(self.backend.__exit__)
        self.gate = self.backend.gate()
        self.backend.close_session(party_size=3)

    def check(self, operation, status, headers, body):
        response = self.document.response(operation, status)
        for name, header in response.get("headers", {}).items():
            if self.document.resolve(header).get("required"):
                self.assertIn(name, headers)
        content = response.get("content", {})
        if content:
            self.assertEqual("application/json", headers["Content-Type"])
            self.document.validate(body, content["application/json"]["schema"])

    def requests(self):
        for path, method, operation in self.document.operations():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for name, example in content["examples"].items():
                    yield path, method, operation, name, content["schema"], example["value"]

    def test_each_documented_request_is_answered_as_documented(self):
        seen = 0
        for path, method, operation, name, schema, body in self.requests():
            with self.subTest(path=path, example=name):
                self.document.validate(body, schema)
                status, headers, answer = self.gate.request(method.upper(), path, body)
                self.assertEqual(200, status, answer)
                self.check(operation, status, headers, answer)
                seen += 1
        self.assertGreaterEqual(seen, 5)

    def test_each_documented_get_is_answered_as_documented(self):
        operation = self.document.root["paths"]["/v1/stores/{store}/pass-keys"]["get"]
        self.check(operation, *self.gate.request("GET", "/v1/stores/%s/pass-keys" % STORE))
        self.check(operation, *self.gate.request("GET", "/v1/stores/other/pass-keys"))
        operation = self.document.root["paths"]["/v1/stores/{store}/closures"]["get"]
        self.check(operation, *self.gate.request("GET", "/v1/stores/%s/closures" % STORE))
        self.check(operation, *self.gate.request("GET", "/v1/stores/other/closures?gate=front"))

    def test_a_confirm_that_the_schema_refuses_the_server_refuses_too(self):
        tried = 0
        for path, method, operation, name, schema, body in self.requests():
            if "confirm" not in path:
                continue
            for member in body:
                for value in [None, [], "?!", -1]:
                    broken = copy.deepcopy(body)
                    if value is None:
                        del broken[member]
                    else:
                        broken[member] = value
                    if self.document.valid(broken, schema):
                        continue
                    with self.subTest(example=name, member=member, value=value):
                        status, headers, answer = self.gate.request(method.upper(), path, broken)
                        # Another store's id is no id at all here, or another store.
                        self.assertIn(status, (400, 422) if member == "store_id" else (400,), answer)
                        self.check(operation, status, headers, answer)
                        tried += 1
        self.assertGreater(tried, 80)

    def test_a_receipt_that_the_schema_refuses_the_server_rejects(self):
        for path, method, operation, name, _, body in self.requests():
            if path != "/v1/receipts":
                continue
            schema = {"$ref": "#/components/schemas/Receipt"}
            for member in body["receipts"][0]:
                for value in [None, {}, "?!", -1]:
                    broken = copy.deepcopy(body)
                    receipt = broken["receipts"][0]
                    if value is None:
                        del receipt[member]
                    else:
                        receipt[member] = value
                    if member != "hash":
                        receipt["hash"] = seal(receipt)
                    # by, note and pass are free text; store_id and gate_id must be the batch's besides.
                    if self.document.valid(receipt, schema) and member not in ("store_id", "gate_id"):
                        continue
                    with self.subTest(example=name, member=member, value=value):
                        status, headers, answer = self.gate.request(method.upper(), path, broken)
                        self.check(operation, status, headers, answer)
                        if member == "receipt_id":
                            self.assertEqual(422, status)
                        else:
                            self.assertEqual(["rejected"], [r["status"] for r in answer["results"]], answer)
        self.assertEqual(0, self.backend.admin("GET", "summary")["receipts"])

    def test_every_event_of_the_stream_is_as_documented(self):
        schemas = self.document.root["components"]["schemas"]["ClosuresStream"]["x-events"]
        back = self.backend.gate("back")
        session = self.backend.close_session(party_size=3, push=True, total={"amount_minor": 1, "currency": "EUR"})
        walkout = self.backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"]
        self.backend.admin("POST", "arrivals", {"lane_id": "1", "session_id": walkout, "push_expected": True})
        self.gate.confirm()
        self.gate.confirm("lapsed")
        self.backend.admin("POST", "revoke", {"session_id": session})
        self.backend.admin("POST", "revoke", {"session_tag": "a1b2c3d4e5f6"})
        seen = set()
        with back.follow() as stream:
            while not {"keepalive", "closed", "expected", "claimed", "unclaimed", "revoked"} <= seen:
                event_id, event, data = stream.next(keepalives=True)
                self.document.validate(data, schemas[event])
                self.assertEqual(event == "keepalive", event_id is None)
                seen.add(event)
            self.backend.admin("POST", "closures/renew", {})
            while event != "reset":
                _, event, data = stream.next(keepalives=True)
            self.document.validate(data, schemas[event])


if __name__ == "__main__":
    unittest.main(verbosity=2)
