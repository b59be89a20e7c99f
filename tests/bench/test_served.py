"""The benchmark of a server's answers: what it reads, asks and says of where two answers part."""

import http.server
import json
import pathlib
import threading

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def served(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import served

    return served


@pytest.fixture
def answers(tmp_path):
    """A file as flanlike.ask writes it."""
    path = tmp_path / "answers.jsonl"
    lines = [
        {"inputs": "Is it red?", "answer": "It is red.", "is_cut": False},
        {"inputs": "And blue?\n", "answer": "No.", "is_cut": False},
        {"inputs": "Green?", "answer": "Yes, it is.", "is_cut": True},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def refused(served, capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        served.main([*map(str, arguments), "--base-url", "http://127.0.0.1:9/v1"])
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_answers_are_the_same_or_part_somewhere(served, answers, capsys, monkeypatch):
    asked = []

    def server(text):
        asked.append(text)
        return ["It is red.", " No.\n", "Yes, it was."][len(asked) - 1]

    monkeypatch.setattr(served, "of_openai", lambda *_, **how: server)
    served.main([str(answers), "--base-url", "somewhere"])
    assert asked == ["Is it red?", "And blue?\n", "Green?"]
    assert capsys.readouterr().out == (
        "1: the same\n"
        "2: the same but for white space at the ends\n"
        "3: they part at character 8\n"
        "    ask     'Yes, it is.'\n"
        "    server  'Yes, it was.'\n"
        "1 of 3 answers are the same, 1 more but for white space at the ends\n"
    )


def test_of_long_answers_the_place_is_shown_where_they_part(served):
    both = served.Both(1, "a" * 100, "a" * 100 + "b")
    assert both.parted == 100 and not both.is_same
    ask, server = served._line(both).splitlines()[1:]
    assert ask.endswith(repr("a" * 30)) and server.endswith(repr("a" * 30 + "b"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"inputs": "a"}', "line 1: expected an object with inputs and answer"),
        ("[]", "line 1: expected an object"),
        ("no JSON", "no file of JSON lines"),
        ("", "no answer in it"),
    ],
)
def test_what_ask_has_not_written_is_refused(served, tmp_path, capsys, line, said):
    path = tmp_path / "answers.jsonl"
    path.write_text(line)
    assert said in refused(served, capsys, path)


def test_flags_that_are_none_are_refused(served, answers, capsys):
    assert "is no JSON" in refused(served, capsys, answers, "--extra", "top_k")
    assert "is no object" in refused(served, capsys, answers, "--extra", "[1]")
    assert "--max-new-tokens" in refused(served, capsys, answers, "--max-new-tokens", "0")


class _Server(http.server.BaseHTTPRequestHandler):
    """Answers as OpenAI's does, by what was asked, and keeps it."""

    bodies: list[dict] = []
    models: list[dict] = [{"id": "ours", "object": "model"}]

    def do_GET(self):
        self._send({"object": "list", "data": self.models})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.bodies.append(body)
        said = "It is red."
        choice = {"index": 0, "finish_reason": "stop"}
        if self.path.endswith("/chat/completions"):
            choice["message"] = {"role": "assistant", "content": said}
        else:
            choice["text"] = said
        self._send({"id": "1", "created": 1, "model": "ours", "choices": [choice]})

    def _send(self, found):
        content = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def test_the_client_asks_greedily_plainly_and_in_a_chat(served, answers, capsys, monkeypatch):
    pytest.importorskip("openai", reason="needs the extra 'serving': pip install -e .[serving]")
    _Server.bodies.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    how = [str(answers), "--base-url", url, "--max-new-tokens", "8"]
    try:
        served.main([*how, "--extra", '{"top_k": 1}'])
        served.main([*how, "--chat", "--model", "mine"])
        said = capsys.readouterr().out
        monkeypatch.setattr(_Server, "models", [])
        with pytest.raises(SystemExit):
            served.main(how)
        assert "it lists no model: name one by --model" in capsys.readouterr().err
    finally:
        server.shutdown()
        server.server_close()
    assert said.count("1 of 3 answers are the same") == 2
    first, second, *_ = _Server.bodies
    greedy = {"temperature": 0, "max_tokens": 8}
    assert first == {"model": "ours", "prompt": "Is it red?\n", "top_k": 1, **greedy}
    assert second["prompt"] == "And blue?\n"
    messages = [{"role": "user", "content": "Is it red?"}]
    assert _Server.bodies[3] == {"model": "mine", "messages": messages, **greedy}
    assert "127.0.0.1:9/v1" in refused(served, capsys, answers)  # nobody is there
