"""Who may ask the server, and what it says: in JSON, in one line, or as a file of the page."""

import http.client
import json
import re
import threading

import editing_toys as toys
import pytest
from asking_toys import Echo

api = pytest.importorskip("starlette.testclient", reason="needs the extra flanlike[workbench]")
from flanlike import errors  # noqa: E402
from flanlike.editing import given, guard, server  # noqa: E402

HERE = f"http://127.0.0.1:{toys.PORT}"


@pytest.fixture
def client(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.html").write_text("<p>A report.")
    echoes = [Echo("one"), Echo("two")]
    models = toys.models(echoes, [tmp_path / "run", tmp_path])
    app = server.app(toys.laid(tmp_path), models, port=toys.PORT, style="p { color: red }")
    return api.TestClient(app, base_url=HERE, raise_server_exceptions=False)


def post(client, name, values=None, **headers):
    content = values if isinstance(values, bytes) else json.dumps(values or {}).encode()
    told = {"Origin": HERE, "Content-Type": "application/json", **headers}
    return client.post(f"/api/{name}", content=content, headers=told)


def error(response):
    assert set(response.json()) == {"error"} and "\n" not in response.json()["error"]
    return response.json()["error"]


def test_the_page_and_all_it_names_is_served(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    names = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert set(names) == {"/report.css", "/workbench.css", "/main.js"}
    seen = {name: client.get(name) for name in names}
    assert seen["/report.css"].text == "p { color: red }"
    imported = re.findall(r'from "\./([a-z]+\.js)"', seen["/main.js"].text)
    for name in (*imported, "main.js", "editor.js"):
        assert client.get(f"/{name}").headers["content-type"] == "text/javascript; charset=utf-8"
    assert not re.search(r"https?://", page.text)  # nothing is fetched from elsewhere


def test_no_script_writes_html():
    for path in sorted(server._PAGE.glob("*.js")):
        assert not re.search("innerHTML|outerHTML|insertAdjacentHTML|eval[(]|document.write",
                             path.read_text("utf-8"))  # fmt: skip


def test_every_answer_says_what_a_page_may(client):
    for response in (client.get("/"), client.get("/nothing"), post(client, "task"),
                     client.get("/", headers={"Host": "evil.example"})):  # fmt: skip
        headers = response.headers
        assert headers["content-security-policy"] == guard.POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    policy = client.get("/reports/0").headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")


def test_a_report_is_a_page_of_its_own(client):
    assert client.get("/api/start").json() == {
        "data": ["embedded"],
        "models": [{"name": "one", "report": True}, {"name": "two", "report": False}],
    }
    assert client.get("/reports/0").text == "<p>A report."
    for place in ("1", "2", "-1", "99999999999999999999", "..%2f..%2fetc%2fpasswd"):
        assert client.get(f"/reports/{place}").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": f"evil.example:{toys.PORT}"},
        {"Host": "127.0.0.1"},
        {"Host": f"127.0.0.1:{toys.PORT + 1}"},
        {"Host": f"127.0.0.1:{toys.PORT}.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://127.0.0.1:{toys.PORT}"},
        {"Origin": f"http://localhost:{toys.PORT}"},  # ours, but not where it was asked
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_comes_from_elsewhere_is_refused(client, headers):
    for response in (
        post(client, "catalogue", {"data": "embedded"}, **headers),
        client.get("/api/start", headers=headers),
        client.get("/", headers=headers),
    ):
        assert response.status_code == 403 and error(response)


def test_what_changes_something_says_where_it_is_from_and_is_json(client):
    bare = client.post("/api/catalogue", json={"data": "embedded"})
    assert bare.status_code == 403 and "no Origin" in error(bare)
    form = post(client, "catalogue", b"{}", **{"Content-Type": "text/plain"})
    assert form.status_code == 403 and "expected application/json" in error(form)
    assert client.get("/api/save").status_code == 405
    assert post(client, "catalogue", {"data": "embedded"}).status_code == 200
    local = {"Host": f"localhost:{toys.PORT}", "Origin": f"http://localhost:{toys.PORT}"}
    assert post(client, "catalogue", {"data": "embedded"}, **local).status_code == 200


def test_a_mistake_is_one_line(client):
    assert "unknown data" in error(post(client, "task", {"data": "x"}))
    assert post(client, "task", {"data": "x"}).status_code == 400
    assert error(post(client, "task", b"[]")) == "the request is no JSON object"
    assert error(client.get("/nothing")) == "GET /nothing: there is no such thing"


def test_a_request_is_bounded(client):
    large = b'{"data": "' + b"x" * given.MOST_BYTES + b'"}'
    assert "more than 1,048,576 bytes" in error(post(client, "task", large))


def test_a_failure_of_ours_is_one_line_there_and_whole_here(client, monkeypatch, capsys):
    monkeypatch.setattr("flanlike.editing.told.task", lambda task: 1 / 0)
    response = post(client, "task", {"data": "embedded", "task": "rte"})
    assert response.status_code == 500
    assert error(response) == "the workbench failed: ZeroDivisionError: division by zero"
    assert "Traceback" in capsys.readouterr().err


def test_a_file_that_has_gone_is_one_line(client, tmp_path):
    (tmp_path / "nli.toml").unlink()
    assert "nli.toml" in error(post(client, "task", {"data": "embedded", "task": "rte"}))


def test_a_template_is_saved_and_a_changed_file_is_a_conflict(client, tmp_path):
    rte = {"task": "rte", "data": "embedded"}
    found = post(client, "task", rte).json()
    draft = {**found["templates"][0], "original": "is_this_true", "target": "It is {answer}."}
    save = {**rte, "draft": draft, "version": found["file"]["version"]}
    assert post(client, "save", save).status_code == 200
    assert 'target = "It is {answer}."' in (tmp_path / "nli.toml").read_text()
    again = post(client, "save", save)
    assert again.status_code == 409 and "has changed on disk" in error(again)


def lines(response):
    assert response.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in response.text.splitlines()]


def test_models_are_asked(client):
    question = {"text": "so?", "options": ["yes", "no"], "max_new_tokens": 9}
    *told, last = lines(post(client, "ask", {**question, "model": 1}))
    assert told[0] == {"state": "reading two"}
    assert "".join(line.get("piece", "") for line in told) == "two: SO?"
    found = last["done"]
    assert (found["model"], found["answer"]) == ("two", "two: SO?")
    assert found["probabilities"] == [0.6, 0.4] and not found["is_cut"]
    refused = post(client, "ask", {**question, "model": 2})
    assert refused.status_code == 400 and "no model number 2" in error(refused)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (errors.UserError("it is\ntoo long"), "it is too long"),
        (
            FileNotFoundError(2, "No such file", "a/model"),
            "'a/model': No such file: it was expecte",
        ),
        (ZeroDivisionError("of ours"), "the workbench failed: ZeroDivisionError: of ours"),
    ],
)
def test_what_goes_wrong_while_it_is_told_is_its_last_line(
    client, monkeypatch, capsys, fault, said
):
    def answer(self, question, how, *, tell, **more):
        tell("so ")
        raise fault

    monkeypatch.setattr(Echo, "answer", answer)
    *_, before, last = lines(post(client, "ask", {"text": "so?", "model": 0}))
    assert before == {"piece": "so "} and last["error"].startswith(said)
    assert ("Traceback" in capsys.readouterr().err) == ("failed" in said)


def test_an_answer_comes_while_it_is_written_and_ends_when_the_page_has_gone(tmp_path):
    pytest.importorskip("uvicorn", reason="needs the extra flanlike[workbench]")
    endless = toys.Endless()
    with toys.Served(toys.laid(tmp_path), toys.models([endless])) as address:
        place = address.split("/")[2]
        connection = http.client.HTTPConnection(place, timeout=60)
        told = {"Origin": f"http://{place}", "Content-Type": "application/json"}
        connection.request("POST", "/api/ask", json.dumps({"text": "so?", "model": 0}), told)
        response = connection.getresponse()
        seen = [json.loads(response.readline()) for _ in range(3)]
        assert seen == [{"state": "reading endless"}, {"piece": "on "}, {"piece": "on "}]
        assert not endless.has_ended.is_set()
        response.close()
        connection.close()
        assert endless.has_ended.wait(60)


def test_an_answer_ends_when_the_server_is_to_end(tmp_path):
    endless, is_ending = toys.Endless(), threading.Event()
    models = toys.models([endless])
    app = server.app(toys.laid(tmp_path), models, port=toys.PORT, is_ending=is_ending.is_set)
    threading.Timer(0.1, is_ending.set).start()
    *_, last = lines(post(api.TestClient(app, base_url=HERE), "ask", {"text": "so?", "model": 0}))
    assert last["done"]["is_cut"]
